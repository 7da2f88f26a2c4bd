import Autodiff
import GraphEvaluation
import Networks
import Tensors

@testable import ONNX

/// A model built once with some of its inputs as values of the graph and the others known.
struct ConformanceRun {
    let description: OperatorGraph
    let names: [String]
    let given: [HostTensor]
    let inGraph: [Int]
    let outputs: [String]

    init(_ description: OperatorGraph, names: [String], given: [HostTensor], inGraph: [Int], outputs: [String]) {
        (self.description, self.names, self.given, self.inGraph, self.outputs) = (
            description, names, given, inGraph, outputs
        )
    }

    private func build() throws -> (graph: Graph, inputs: [Value], outputs: [Operand]) {
        let builder = NetworkBuilder(Graph(), .stored, .init())
        var operands: [String: Operand] = [:]
        for (name, tensor) in zip(names, given) { operands[name] = .host(tensor) }
        let inputs = inGraph.map { index in
            builder.graph.input("x\(index)", TensorType(given[index].shape), .parameters)
        }
        for (input, index) in zip(inputs, inGraph) { operands[names[index]] = .graph(input) }
        let interpreter = OperatorInterpreter(builder, description, batch: 1, given: operands)
        try interpreter.run()
        return (builder.graph, inputs, outputs.map { interpreter.values[$0] ?? .host(HostTensor(.nan)) })
    }

    /// What differs from what is expected, in Float64 and in Float32; nil where nothing does.
    func mismatch(_ expected: [HostTensor]) throws -> String? {
        let (graph, inputs, outputs) = try build()
        for (output, wanted) in zip(outputs, expected) where output.shape != wanted.shape {
            return "shape \(output.shape), expected \(wanted.shape)"
        }
        let values = outputs.compactMap { if case .graph(let tensor) = $0 { tensor.value } else { nil } }
        let isLarge = expected.contains { $0.values.contains { $0.isFinite && abs($0) > 1e30 } }
        for precision in isLarge ? [Precision.double] : [.double, .float] {
            var computed = evaluate(graph, values, Array(zip(inputs, inGraph.map { given[$0].values })), precision)[...]
            for (number, (output, wanted)) in zip(outputs, expected).enumerated() {
                let found: [Double]
                if case .host(let tensor) = output { found = tensor.values } else { found = computed.removeFirst() }
                // The ONNX project's own bounds for real numbers.
                let (relative, absolute) = wanted.kind == .real ? (1e-3, precision == .double ? 1e-6 : 1e-5) : (0, 0)
                for (i, (a, b)) in zip(found, wanted.values).enumerated() {
                    let same = a == b || a.isNaN && b.isNaN || abs(a - b) <= absolute + relative * abs(b)
                    if !same { return "output \(number) [\(i)] in \(precision): \(a), expected \(b)" }
                }
            }
        }
        return nil
    }

    /// Compares first and second derivatives with central differences; nil where there is nothing to differentiate, "" where they
    /// agree.
    ///
    /// The inputs are moved a little at random, off the ties and corners at which many cases lie.
    func derivativeMismatch() throws -> String? {
        let (graph, inputs, outputs) = try build()
        let values = outputs.compactMap { operand -> Value? in
            guard case .graph(let tensor) = operand, tensor.kind == .real else { return nil }
            return tensor.value.asReal()
        }
        guard !inputs.isEmpty, !values.isEmpty, values.reduce(0, { $0 + $1.type.count }) <= 20_000 else { return nil }
        let weighted = values.enumerated().map { number, y in
            let weights = graph.literal(sample(y.type.count, 0.5...1.5, seed: UInt64(40 + number)), shape: y.shape)
            return ((y + y.squared().scaled(0.3)) * weights).sum().reshaped([])
        }
        let scalar = weighted.dropFirst().reduce(weighted[0]) { $0 + $1 }
        let tangents = inputs.map { graph.input("v", $0.type, .tangent) }
        let gradient = graph.gradient(of: scalar, at: inputs)
        let product = graph.hessianVectorProduct(of: scalar, at: inputs, along: tangents)
        let v = inputs.enumerated().map { sample($1.type.count, seed: UInt64(20 + $0)) }
        func run(_ outputs: [Value], _ x: [[Double]]) -> [[Double]] {
            evaluate(graph, outputs, Array(zip(inputs, x)) + Array(zip(tangents, v)))
        }
        for jitter in [0.013, 0.0] {
            let x = zip(inputs, inGraph).map { input, index in
                zip(given[index].values, sample(input.type.count, seed: UInt64(30 + index))).map { $0 + jitter * $1 }
            }
            func moved(_ h: Double) -> [[Double]] { zip(x, v).map { zip($0, $1).map { $0 + h * $1 } } }
            let h = 1e-6
            let plus = run([scalar] + gradient, moved(h)), minus = run([scalar] + gradient, moved(-h))
            let found = run(gradient + product, x)
            let flat = Array(found.joined())
            guard flat.allSatisfy(\.isFinite), (plus + minus).joined().allSatisfy(\.isFinite) else { continue }
            let slope = zip(found, v).reduce(0) { $0 + dot($1.0, $1.1) }
            let expected = (plus[0][0] - minus[0][0]) / (2 * h)
            // Rounding of differences: 1e-16 of the scalar over h.
            let noise = 1e-9 * max(1, abs(plus[0][0]))
            let size = dot(flat, flat).squareRoot()
            if abs(slope - expected) > 1e-5 * size + noise { return "gradient·v = \(slope), differences \(expected)" }
            let hv = found[gradient.count...].joined()
            let differences = zip(plus.dropFirst(), minus.dropFirst()).flatMap {
                zip($0, $1).map { ($0 - $1) / (2 * h) }
            }
            for (a, b) in zip(hv, differences) where abs(a - b) > 1e-5 * size + noise {
                return "H v is \(a), differences \(b)"
            }
            return ""
        }
        return nil
    }
}
