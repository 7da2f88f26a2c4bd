import ArrayFiles
import Autodiff
import Essentials

extension Operators {
    /// Branches and loops whose condition and number of steps are known when the graph is built. They are written out: of a branch what
    /// it is taken for, of a loop every step.
    static let controlFlow: [String: OperatorCall.Implementation] = [
        "If": { call in
            try call.run(try call.number(0) != 0 ? "then_branch" : "else_branch", [])
        },
        "Loop": { try loop($0) },
        "Scan": { try scan($0) },
    ]

    /// Inputs: the most steps, the first condition, then what the steps hand on.
    private static func loop(_ call: OperatorCall) throws -> [Operand] {
        let own = call.ownOperands
        guard own.count >= 2 else { throw call.failure("found \(own.count) inputs, expected at least 2") }
        let most = call.optional(0) == nil ? Int.max : HostTensor.integer(try call.number(0))
        var goesOn = try call.number(1, default: 1) != 0
        var states = try own.indices.dropFirst(2).map { try call.operand($0) }
        let count = states.count
        var rows: [[Operand]] = [], step = 0
        while goesOn, step < most {
            guard step < OperatorInterpreter.mostBodies else {
                throw call.failure("found more than \(OperatorInterpreter.mostBodies) steps")
            }
            let results = try call.run(
                "body",
                [.host(HostTensor(Double(step), .integer)), .host(HostTensor(1, .boolean))] + states)
            guard results.count > count else { throw call.failure("found a body of \(results.count) outputs") }
            guard case .host(let condition) = results[0] else {
                throw ONNXError.notConstant(operator: call.kind, node: call.node.name, input: 1)
            }
            guard condition.values.count == 1 else {
                throw call.failure("found a condition of shape \(condition.shape.shown), expected one number")
            }
            goesOn = condition.values[0] != 0
            states = Array(results[1..<(count + 1)])
            for (index, result) in results.dropFirst(count + 1).enumerated() {
                if index >= rows.count { rows.append([]) }
                rows[index].append(result)
            }
            step += 1
        }
        guard step > 0 || call.node.outputs.count <= count else {
            throw call.failure("found a loop without steps, so the shape of what it collects is unknown")
        }
        return try states + rows.map { try stacked(call, $0, axis: 0) }
    }

    /// Inputs: what the steps hand on, then what they take one place of an axis of each.
    private static func scan(_ call: OperatorCall) throws -> [Operand] {
        guard call.opset >= 9 else { throw call.failure("found opset \(call.opset), expected 9 or later") }
        let own = call.ownOperands, taken = call.integer("num_scan_inputs", default: 0)
        guard taken > 0, taken <= own.count else { throw call.failure("found num_scan_inputs \(taken)") }
        let count = own.count - taken
        var states = try (0..<count).map { try call.operand($0) }
        let sequences = try (count..<own.count).map { try call.operand($0) }
        func list(_ name: String, _ size: Int) throws -> [Int] {
            let found = call.integers(name) ?? [Int](repeating: 0, count: size)
            guard found.count == size else {
                throw call.failure("found \(name) \(found.shown), expected \(size) numbers")
            }
            return found
        }
        let axes = try zip(sequences, try list("scan_input_axes", taken)).map {
            try call.axis($1, rank: $0.shape.count)
        }
        let turns = try list("scan_input_directions", taken)
        let steps = sequences[0].shape[axes[0]]
        guard zip(sequences, axes).allSatisfy({ $0.shape[$1] == steps }), 1...OperatorInterpreter.mostBodies ~= steps
        else {
            throw call.failure(
                "found sequences of \(zip(sequences, axes).map { $0.shape[$1] }.shown) steps, expected one number up to \(OperatorInterpreter.mostBodies)"
            )
        }
        var rows: [[Operand]] = []
        for step in 0..<steps {
            let places = try sequences.indices.map { index in
                let place = turns[index] == 0 ? step : steps - 1 - step
                let one = try sliced(call, sequences[index], axes[index], from: place, count: 1)
                var shape = one.shape
                shape.remove(at: axes[index])
                return try reshaped(call, one, shape)
            }
            let results = try call.run("body", states + places)
            guard results.count >= count else { throw call.failure("found a body of \(results.count) outputs") }
            states = Array(results[..<count])
            for (index, result) in results.dropFirst(count).enumerated() {
                if index >= rows.count { rows.append([]) }
                rows[index].append(result)
            }
        }
        let into = try list("scan_output_axes", rows.count), back = try list("scan_output_directions", rows.count)
        return try states
            + rows.indices.map { index in
                let axis = try call.axis(into[index], rank: rows[index][0].shape.count + 1)
                return try stacked(call, back[index] == 0 ? rows[index] : rows[index].reversed(), axis: axis)
            }
    }

    /// Values of one shape along a new axis.
    private static func stacked(_ call: OperatorCall, _ values: [Operand], axis: Int) throws -> Operand {
        guard let first = values.first, values.allSatisfy({ $0.shape == first.shape }), axis <= first.shape.count else {
            throw call.failure("found steps that give values of different shapes, or none")
        }
        var shape = first.shape
        shape.insert(1, at: axis)
        let parts = try values.map { try reshaped(call, $0, shape) }
        shape[axis] = parts.count
        let hosts = parts.compactMap { if case .host(let tensor) = $0 { tensor } else { nil } }
        if hosts.count == parts.count {
            _ = try call.hostCount(shape)
            let inner = shape[(axis + 1)...].reduce(1, *), outer = shape[..<axis].reduce(1, *)
            let joined = (0..<outer).flatMap { row in
                hosts.flatMap { $0.values[(row * inner)..<((row + 1) * inner)] }
            }
            return .host(HostTensor(shape: shape, kind: hosts[0].kind, values: joined))
        }
        try call.check(shape)
        return .graph(Value.concatenate(try parts.map { try call.lifted($0).value.asReal() }, axis: axis), first.kind)
    }
}

extension OperatorCall {
    /// Operands of the node itself, without what its bodies read besides.
    var ownOperands: [Operand?] { operands.dropLast(max(0, integer(ONNXModel.captures, default: 0))) }

    /// Runs a body of the node.
    func run(_ attribute: String, _ inputs: [Operand]) throws -> [Operand] {
        guard let body = node.attributes[attribute]?.body else { throw failure("\(attribute) is missing") }
        return try interpreter.run(body: body, inputs, self)
    }
}
