import ArrayFiles
import Autodiff
import Essentials

extension Operators {
    /// Recurrent layers, written out step by step.
    static let recurrent: [String: OperatorCall.Implementation] = [
        "LSTM": { try RecurrentLayer($0, gates: 4).results { try lstmStep($0, $1, $2, $3) } },
        "GRU": { try RecurrentLayer($0, gates: 3).results { try gruStep($0, $1, $2, $3) } },
        "RNN": {
            try RecurrentLayer($0, gates: 1).results { layer, weights, x, state in
                let next =
                    x[0] + state.hidden.product(weights.recurrent[0], transposeB: true) + weights.recurrentBias[0]
                return RecurrentLayer.State(hidden: layer.activations[0](next), cell: nil)
            }
        },
    ]

    /// Gates in the order input, output, forget, cell (Hochreiter, Schmidhuber 1997), with peepholes where they are given.
    private static func lstmStep(
        _ layer: RecurrentLayer, _ weights: RecurrentLayer.Weights, _ x: [Value], _ state: RecurrentLayer.State
    ) throws -> RecurrentLayer.State {
        guard let cell = state.cell else { throw layer.call.failure("found no cell state") }
        let (f, g, h) = (layer.activations[0], layer.activations[1], layer.activations[2])
        func gate(_ index: Int, _ peephole: Int?, _ cell: Value) -> Value {
            let sum =
                x[index] + state.hidden.product(weights.recurrent[index], transposeB: true)
                + weights.recurrentBias[index]
            guard let peephole, let values = weights.peepholes else { return sum }
            return sum + values[peephole] * cell
        }
        let input = f(gate(0, 0, cell))
        let forget = layer.call.flag("input_forget") ? 1 - input : f(gate(2, 2, cell))
        let next = forget * cell + input * g(gate(3, nil, cell))
        return RecurrentLayer.State(hidden: f(gate(1, 1, next)) * h(next), cell: next)
    }

    /// Gates in the order update, reset, hidden (Cho et al. 2014, arXiv 1406.1078).
    private static func gruStep(
        _ layer: RecurrentLayer, _ weights: RecurrentLayer.Weights, _ x: [Value], _ state: RecurrentLayer.State
    ) throws -> RecurrentLayer.State {
        let (f, g) = (layer.activations[0], layer.activations[1])
        func recurrent(_ index: Int, _ hidden: Value) -> Value {
            hidden.product(weights.recurrent[index], transposeB: true) + weights.recurrentBias[index]
        }
        let update = f(x[0] + recurrent(0, state.hidden)), reset = f(x[1] + recurrent(1, state.hidden))
        let candidate =
            layer.call.flag("linear_before_reset")
            ? g(x[2] + reset * recurrent(2, state.hidden)) : g(x[2] + recurrent(2, reset * state.hidden))
        return RecurrentLayer.State(hidden: (1 - update) * candidate + update * state.hidden, cell: nil)
    }
}

/// What the three recurrent operators have in common: directions, layouts, initial states and outputs.
struct RecurrentLayer {
    struct State {
        /// [batch, hidden].
        var hidden: Value
        var cell: Value?
    }

    /// Of one direction, by gate.
    struct Weights {
        /// [hidden, inputs] and [hidden, hidden].
        var input: [Value], recurrent: [Value]
        /// [hidden].
        var inputBias: [Value], recurrentBias: [Value]
        var peepholes: [Value]?
    }

    let call: OperatorCall
    let activations: [(Value) -> Value]
    private let gates: Int, hidden: Int, directions: Int
    /// [steps, batch, inputs].
    private let x: Value
    private let isReverse: Bool

    /// Steps beyond which a layer is refused: each is a part of the graph.
    private static let mostSteps = 4096

    init(_ call: OperatorCall, gates: Int) throws {
        self.call = call
        self.gates = gates
        let given = try call.tensor(0)
        try call.rank(given.shape, 3...3)
        x = call.flag("layout") ? given.permuted([1, 0, 2]) : given
        guard x.shape[0] <= Self.mostSteps else {
            throw call.failure("found \(x.shape[0]) steps, expected at most \(Self.mostSteps)")
        }
        let direction = call.text("direction", default: "forward")
        guard ["forward", "reverse", "bidirectional"].contains(direction) else {
            throw call.failure("found direction \(direction.shown)")
        }
        isReverse = direction == "reverse"
        directions = direction == "bidirectional" ? 2 : 1
        let r = try call.tensor(2).shape, w = try call.tensor(1).shape
        guard r.count == 3, w.count == 3, r[0] == directions, w[0] == directions, r[1] == gates * r[2], w[1] == r[1],
            w[2] == x.shape[2]
        else { throw call.failure("weights of shapes \(w.shown) and \(r.shown) do not fit inputs of \(x.shape.shown)") }
        hidden = r[2]
        if let lengths = call.optional(4) {
            guard case .host(let tensor) = lengths,
                tensor.integers.allSatisfy({ $0 == given.shape[call.flag("layout") ? 1 : 0] })
            else {
                throw call.failure("sequences of different lengths are not supported")
            }
        }
        guard call.node.attributes["clip"] == nil else { throw call.failure("clipping is not supported") }
        activations = try Self.activations(call, gates: gates, directions: directions)
    }

    private static func activations(_ call: OperatorCall, gates: Int, directions: Int) throws -> [(Value) -> Value] {
        let defaults = [4: ["Sigmoid", "Tanh", "Tanh"], 3: ["Sigmoid", "Tanh"], 1: ["Tanh"]][gates] ?? []
        var names = call.node.attributes["activations"]?.texts ?? defaults
        if directions == 2, names.count == 2 * defaults.count {
            guard Array(names.prefix(defaults.count)) == Array(names.suffix(defaults.count)) else {
                throw call.failure("other activations for each direction are not supported")
            }
            names = Array(names.prefix(defaults.count))
        }
        guard names.count == defaults.count else { throw call.failure("found activations \(names.shown)") }
        return try names.map { name in
            switch name.lowercased() {
            case "sigmoid": { $0.sigmoid() }
            case "tanh": { $0.tanh() }
            case "relu": { $0.relu() }
            default: throw call.failure("the activation \(name.shown) is not supported")
            }
        }
    }

    private func weights(_ direction: Int) throws -> Weights {
        func part(_ value: Value, _ gate: Int) -> Value { value.slice(0, from: gate * hidden, count: hidden) }
        func matrices(_ index: Int) throws -> [Value] {
            let all = try call.tensor(index).slice(0, from: direction, count: 1)
            let flat = all.reshaped(Array(all.shape.dropFirst()))
            return (0..<gates).map { part(flat, $0) }
        }
        func vectors(_ index: Int, _ count: Int) throws -> [Value]? {
            guard let all = try call.optionalTensor(index) else { return nil }
            guard all.shape == [directions, count * hidden] else {
                throw call.failure("found input \(index) of shape \(all.shape.shown)")
            }
            let flat = all.slice(0, from: direction, count: 1).reshaped([count * hidden])
            return (0..<count).map { part(flat, $0) }
        }
        let zero = call.graph.constant(0, shape: [hidden])
        let biases = try vectors(3, 2 * gates) ?? [Value](repeating: zero, count: 2 * gates)
        return Weights(
            input: try matrices(1), recurrent: try matrices(2), inputBias: Array(biases[..<gates]),
            recurrentBias: Array(biases[gates...]), peepholes: gates == 4 ? try vectors(7, 3) : nil)
    }

    /// [batch, hidden] of one direction; zeros where none is given, or where the model holds zeros for its own batch.
    private func initial(_ index: Int, _ direction: Int) throws -> Value {
        let batch = x.shape[1], zero = call.graph.constant(0, shape: [batch, hidden])
        guard let operand = call.optional(index) else { return zero }
        if case .host(let tensor) = operand, tensor.values.allSatisfy({ $0 == 0 }) { return zero }
        var state = try call.tensor(index)
        if call.flag("layout"), state.shape.count == 3 { state = state.permuted([1, 0, 2]) }
        guard state.shape == [directions, batch, hidden] else {
            throw call.failure(
                "found an initial state of shape \(state.shape.shown), expected \([directions, batch, hidden].shown)")
        }
        return state.slice(0, from: direction, count: 1).reshaped([batch, hidden])
    }

    /// Y, Y_h and, for an LSTM, Y_c.
    func results(_ step: (RecurrentLayer, Weights, [Value], State) throws -> State) throws -> [Operand] {
        let (steps, batch, inputs) = (x.shape[0], x.shape[1], x.shape[2])
        try call.check([steps, directions, batch, hidden * gates])
        var sequences: [Value] = [], last: [State] = []
        for direction in 0..<directions {
            let weights = try weights(direction)
            // All steps' products with the input at once.
            let rows = x.reshaped([steps * batch, inputs])
            let products = (0..<gates).map { rows.product(weights.input[$0], transposeB: true) + weights.inputBias[$0] }
            var state = State(
                hidden: try initial(5, direction), cell: gates == 4 ? try initial(6, direction) : nil)
            var outputs = [Value?](repeating: nil, count: steps)
            for number in 0..<steps {
                let time = isReverse || direction == 1 ? steps - 1 - number : number
                state = try step(self, weights, products.map { $0.slice(0, from: time * batch, count: batch) }, state)
                outputs[time] = state.hidden.reshaped([1, 1, batch, hidden])
            }
            sequences.append(Value.concatenate(outputs.map { $0! }, axis: 0))
            last.append(state)
        }
        func joined(_ values: [Value]) -> Value {
            let all = Value.concatenate(values.map { $0.reshaped([1, batch, hidden]) }, axis: 0)
            return call.flag("layout") ? all.permuted([1, 0, 2]) : all
        }
        let y = Value.concatenate(sequences, axis: 1)
        let final = last.compactMap(\.cell)
        return [.graph(call.flag("layout") ? y.permuted([2, 0, 1, 3]) : y), .graph(joined(last.map(\.hidden)))]
            + (final.isEmpty ? [] : [.graph(joined(final))])
    }
}
