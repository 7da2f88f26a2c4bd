import Autodiff
import Networks
import Tensors

/// Whether a model gives the same for an example whatever batch it is in, tried on random numbers.
struct BatchCheck {
    let graph: OperatorGraph
    /// As it would be used.
    let network: Network
    let theta: [Double], buffers: [Double]

    /// Memory that a trial may take; larger models are believed.
    private static let mostBytes = 1 << 29
    private struct TooLarge: Error {}
    /// A difference beyond rounding, relative to the largest number.
    private static let tolerance = 1e-9

    private typealias Build = (NetworkBuilder, Value) throws -> Value

    /// Outputs [batch × outputs] of the first `batch` of some random examples.
    private func outputs(of batch: Int, _ build: Build) throws -> [Double] {
        let builder = NetworkBuilder(Graph(), .stored, .init())
        let type = TensorType([batch] + network.inputShape, network.takesTokens ? .index : .real)
        let x = builder.graph.input("x", type, .data)
        let y = try build(builder, x)
        let executable = Executable(builder.graph, outputs: [y], precision: .double)
        guard executable.keptBytes + executable.scratchBytes <= Self.mostBytes else { throw TooLarge() }
        let run = GraphRun(executable), random = RandomNumbers(seed: 0).named("batch check")
        if network.takesTokens {
            let tokens = min(UInt64(max(1, network.vocabulary ?? 2)), 1 << 24)
            run.bind(x, indices: (0..<type.count).map { Int32(random.bits(at: $0) % tokens) })
        } else {
            run.bind(x, (0..<type.count).map { 2 * random.uniform(at: $0) - 1 })
        }
        run.bindTensors(builder.parameters.map(\.value), theta)
        run.bindTensors(builder.buffers.map(\.value), buffers)
        run.run()
        return run.numbers(y)
    }

    private static func agree(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Bool {
        let scale = a.reduce(1e-300) { max($0, abs($1)) }
        return zip(a, b).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) || abs($0 - $1) <= tolerance * scale }
    }

    /// Whether one example alone gets what it gets in a batch of three, for a model of any batch; whether it is the same model when
    /// it is built for other batches, for one that was exported for a fixed one.
    func agrees() throws -> Bool {
        let graph = graph, exported = try graph.valuesAtExport()
        let build: Build = { try graph.build($0, $1, graph.declareTensors($0), exported: exported) }
        do {
            let one = try outputs(of: 1, build)
            guard let size = graph.exportedBatch else {
                return Self.agree(one[...], try outputs(of: 3, build).prefix(one.count))
            }
            // As exported, in two blocks, and as built for one example more than that at once.
            let literal = try outputs(of: size + 1) {
                try graph.buildInBlocks($0, $1, graph.declareTensors($0), of: size)
            }
            let rebuilt = try outputs(of: size + 1, build)
            return Self.agree(literal[...], rebuilt[...]) && Self.agree(literal.prefix(one.count), one[...])
        } catch is TooLarge {
            return true
        }
    }
}
