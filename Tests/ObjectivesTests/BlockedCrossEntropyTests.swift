import Autodiff
import Networks
import Tensors
import Testing

@testable import Objectives

/// Cross-entropies of large vocabularies, computed for some rows at a time, against all rows at once.
@Suite struct BlockedCrossEntropyTests {
    private static let examples = 3, tokens = 5, width = 4, classes = 7

    /// Tokens, a table of them, a hidden layer, and a last layer with a bias; or the table again in place of the last matrix.
    private func network(tied: Bool) -> Network {
        let (width, classes, tokens) = (Self.width, Self.classes, Self.tokens)
        let architecture = Architecture(
            vocabularies: [classes],
            applyingAll: { builder, x in
                let n = x[0].shape[0]
                let table = builder.parameter("table", [classes, width], .normal(deviation: 0.7))
                let hidden = builder.parameter("hidden", [width, width], .normal(deviation: 0.7))
                let h = table.rows(x[0].reshaped([n * tokens])).product(hidden, transposeB: true).tanh()
                let last = tied ? table : builder.parameter("last", [classes, width], .normal(deviation: 0.7))
                let bias = builder.parameter("bias", [classes], .normal(deviation: 0.3))
                let z = h.product(last, transposeB: true) + bias.reshaped([1, classes])
                return NetworkOutput(z.scaled(1.5).reshaped([n, tokens * classes]), shape: [tokens, classes])
            })
        let tensors = [
            TensorSpecification("table", [classes, width], .normal(deviation: 0.7)),
            TensorSpecification("hidden", [width, width], .normal(deviation: 0.7)),
            TensorSpecification("last", [classes, width], .normal(deviation: 0.7)),
            TensorSpecification("bias", [classes], .normal(deviation: 0.3)),
        ]
        return Network(
            architecture, specification: "tokens",
            inputs: [NetworkInput(name: "x", shape: [tokens], takesTokens: true)], outputShape: [tokens, classes],
            parameters: ParameterLayout(tensors.filter { !tied || $0.name != "last" }), buffers: ParameterLayout([]))
    }

    private struct Numbers {
        var losses = 0.0, correct = 0.0
        var gradient: [Double] = [], hessian: [Double] = [], gaussNewton: [Double] = [], fisher: [Double] = []
    }

    private func numbers(_ network: Network, _ loss: Loss, weighted: Bool, rowsAtOnce: Int?) throws -> Numbers {
        let n = Self.examples, rows = n * Self.tokens, random = RandomNumbers(seed: 3)
        let layout = LossLayout(
            outputShape: [Self.tokens, Self.classes], target: .classes, classAxis: 1, isWeighted: weighted)
        let labels = (0..<rows).map { Int32(random.bits(at: $0) % UInt64(Self.classes)) }
        let inputs = (0..<rows).map { Int32(random.bits(at: 100 + $0) % UInt64(Self.classes)) }
        let weights = (0..<rows).map { $0 % 4 == 1 ? 0 : 0.5 + random.uniform(at: 200 + $0) }
        let theta = network.parameters.initialValues(seed: 1)
        let v = (0..<theta.count).map { random.uniform(at: 300 + $0) - 0.5 }

        func run(_ make: (Graph, Network.Built, Value?, Value?, BlockedCrossEntropy?, [Value]) -> [Value]) -> [[Double]]
        {
            let graph = Graph(), built = network.build(in: graph, batch: n, batchNorm: .stored)
            let blocked = rowsAtOnce.map {
                BlockedCrossEntropy(
                    built.output, loss, layout, in: graph, mostElements: $0 * Self.classes, leastRows: 1)
            }
            if let blocked { #expect(blocked != nil) }
            let target = rowsAtOnce == nil ? graph.input("target", TensorType([rows], .index), .data) : nil
            let weight =
                rowsAtOnce == nil && weighted ? graph.input("weights", TensorType([n, Self.tokens]), .data) : nil
            let tangents = built.parameters.map { graph.input("v", $0.type, .tangent) }
            let outputs = make(graph, built, target, weight, blocked ?? nil, tangents)
            let run = GraphRun(graph, outputs, .double)
            run.bind(built.input, indices: inputs)
            run.bindTensors(built.parameters, theta)
            run.bindTensors(tangents, v)
            if let target { run.bind(target, indices: labels) }
            if let weight { run.bind(weight, weights) }
            return labels.withUnsafeBytes { labels in
                weights.withUnsafeBytes { weights in
                    let data = BatchProgram.Data(
                        inputs: [], targets: labels.baseAddress!, weights: weights.baseAddress!)
                    (blocked ?? nil)?.bind(run.executable, run.instance, data)
                    run.run()
                    return outputs.map { run.numbers($0) }
                }
            }
        }
        func contributions(_ built: Network.Built, _ target: Value?, _ weight: Value?) -> Loss.Contributions {
            loss.contributions(built.output, target: target, weights: weight, layout, batch: n)
        }
        var result = Numbers()
        let values = run { graph, built, target, weight, blocked, _ in
            guard let blocked else {
                let found = contributions(built, target, weight)
                return [found.losses, found.correct!] + graph.gradient(of: found.losses.sum(), at: built.parameters)
            }
            let found = blocked.gradient(at: built.parameters)
            return [found.losses, found.correct] + found.gradient
        }
        result.losses = values[0].reduce(0, +)
        result.correct = values[1].reduce(0, +)
        result.gradient = values.dropFirst(2).flatMap { $0 }
        result.hessian = run { graph, built, target, weight, blocked, tangents in
            guard let blocked else {
                let total = contributions(built, target, weight).losses.sum()
                return graph.hessianVectorProduct(of: total, at: built.parameters, along: tangents)
            }
            return blocked.hessianVectorProduct(at: built.parameters, along: tangents)
        }.flatMap { $0 }
        result.gaussNewton = run { graph, built, target, weight, blocked, tangents in
            guard let blocked else {
                let found = contributions(built, target, weight)
                return graph.gaussNewtonVectorProduct(
                    of: found.curvature!.sum(), through: found.through, at: built.parameters, along: tangents)
            }
            return blocked.gaussNewtonVectorProduct(at: built.parameters, along: tangents)
        }.flatMap { $0 }
        guard loss.hasModelDistribution else { return result }
        result.fisher = run { graph, built, target, weight, blocked, tangents in
            guard let blocked else {
                let found = contributions(built, target, weight)
                return graph.gaussNewtonVectorProduct(
                    of: found.information!().sum(), through: found.through, at: built.parameters, along: tangents)
            }
            return blocked.gaussNewtonVectorProduct(at: built.parameters, along: tangents, isFisher: true)
        }.flatMap { $0 }
        return result
    }

    @Test(arguments: [true, false], [(true, false), (false, false), (true, true), (false, true)])
    func isTheSame(_ tied: Bool, _ weights: (elements: Bool, classes: Bool)) throws {
        let weighted = weights.elements
        var loss = Loss.crossEntropy(labelSmoothing: 0.1)
        if weights.classes { loss.classWeights = [1, 2, 0.5, 1, 1, 3, 0.1] }
        let network = network(tied: tied)
        let whole = try numbers(network, loss, weighted: weighted, rowsAtOnce: nil)
        for rows in [1, 2, 4, 7] {
            let parts = try numbers(network, loss, weighted: weighted, rowsAtOnce: rows)
            #expect(abs(parts.losses - whole.losses) < 1e-12 && parts.correct == whole.correct)
            for (found, expected) in [
                (parts.gradient, whole.gradient), (parts.hessian, whole.hessian),
                (parts.gaussNewton, whole.gaussNewton), (parts.fisher, whole.fisher),
            ] where !expected.isEmpty || !found.isEmpty {
                #expect(found.count == expected.count)
                #expect(Vectors.norm(expected) > 0.01 && Vectors.norm(Vectors.sum(found, -1, expected)) < 1e-12)
            }
        }
    }

    /// Logits of all rows would be 8 MB in Float64; no program holds as much.
    @Test func holdsAFewRows() throws {
        let (rows, width, classes) = (512, 8, 2048)
        let architecture = Architecture(
            vocabularies: [nil],
            applyingAll: { builder, x in
                let first = builder.parameter("first", [width, width], .normal(deviation: 0.5))
                let last = builder.parameter("last", [classes, width], .normal(deviation: 0.5))
                let h = x[0].reshaped([rows, width]).product(first, transposeB: true).tanh()
                return NetworkOutput(
                    h.product(last, transposeB: true).reshaped([1, rows * classes]), shape: [rows, classes])
            })
        let network = Network(
            architecture, specification: "rows",
            inputs: [NetworkInput(name: "x", shape: [rows, width], takesTokens: false)],
            outputShape: [rows, classes],
            parameters: ParameterLayout([
                TensorSpecification("first", [width, width], .constant(0)),
                TensorSpecification("last", [classes, width], .constant(0)),
            ]), buffers: ParameterLayout([]))
        let layout = LossLayout(outputShape: [rows, classes], target: .classes, classAxis: 1)
        let loss = Loss.crossEntropy(labelSmoothing: 0)
        func bytes(_ kind: Int, blocked isBlocked: Bool) -> Int {
            let graph = Graph(), built = network.build(in: graph, batch: 1, batchNorm: .stored)
            let tangents = built.parameters.map { graph.input("v", $0.type, .tangent) }
            let outputs: [Value]
            if isBlocked {
                let blocked = BlockedCrossEntropy(
                    built.output, loss, layout, in: graph, mostElements: 16 * classes, leastRows: 1)!
                outputs = [
                    { [blocked.values().losses] }, { blocked.gradient(at: built.parameters).gradient },
                    { blocked.hessianVectorProduct(at: built.parameters, along: tangents) },
                    { blocked.gaussNewtonVectorProduct(at: built.parameters, along: tangents) },
                ][kind]()
            } else {
                let target = graph.input("target", TensorType([rows], .index), .data)
                let found = loss.contributions(built.output, target: target, weights: nil, layout, batch: 1)
                let total = found.losses.sum()
                outputs = [
                    { [found.losses] }, { graph.gradient(of: total, at: built.parameters) },
                    { graph.hessianVectorProduct(of: total, at: built.parameters, along: tangents) },
                    {
                        graph.gaussNewtonVectorProduct(
                            of: total, through: found.through, at: built.parameters, along: tangents)
                    },
                ][kind]()
            }
            let executable = Executable(graph, outputs: outputs, precision: .double, keepsApart: isBlocked)
            return executable.keptBytes + executable.scratchBytes
        }
        for kind in 0..<4 {
            let (all, some) = (bytes(kind, blocked: false), bytes(kind, blocked: true))
            #expect(all > rows * classes * 8 && some < rows * classes * 8 / 3, "kind \(kind): \(some) of \(all)")
        }
    }
}
