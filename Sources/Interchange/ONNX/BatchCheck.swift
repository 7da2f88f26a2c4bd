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

    private typealias Build = @Sendable (NetworkBuilder, Value) throws -> Value

    /// Outputs [batch × outputs] of the first `batch` of some random examples.
    private func outputs(of batch: Int, _ build: @escaping Build) throws -> [Double] {
        // It is tried first with its error.
        let trial = NetworkBuilder(Graph(), .stored, .init())
        _ = try build(trial, trial.graph.input("x", TensorType([batch] + network.inputShape), .data))
        let other = Network(
            Architecture(vocabulary: network.vocabulary) { try! build($0, $1) }, specification: network.specification,
            inputShape: network.inputShape, takesTokens: network.takesTokens, outputs: network.outputs)
        let built = other.build(in: Graph(), batch: batch, batchNorm: .stored)
        let executable = Executable(built.graph, outputs: [built.output], precision: .double)
        guard executable.keptBytes + executable.scratchBytes <= Self.mostBytes else { throw TooLarge() }
        let instance = executable.makeInstance()
        var bound: [Buffer] = []
        func bind(_ value: Value, _ buffer: Buffer) {
            executable.bind(value, to: buffer.address, in: instance)
            bound.append(buffer)
        }
        let count = built.input.type.count, random = RandomNumbers(seed: 0).named("batch check")
        let examples = Buffer(byteCount: count * Precision.double.size)
        if network.takesTokens {
            let tokens = UInt64(max(1, network.vocabulary ?? 2)),
                places = examples.address.assumingMemoryBound(to: Int32.self)
            for place in 0..<count { places[place] = Int32(random.bits(at: place) % min(tokens, 1 << 24)) }
        } else {
            examples.store((0..<count).map { 2 * random.uniform(at: $0) - 1 }, as: .double)
        }
        bind(built.input, examples)
        for (tensors, numbers) in [(built.parameters, theta), (built.buffers, buffers)] {
            var start = 0
            for tensor in tensors {
                let buffer = Buffer(byteCount: tensor.type.count * Precision.double.size)
                buffer.store(numbers[start..<(start + tensor.type.count)], as: .double)
                bind(tensor, buffer)
                start += tensor.type.count
            }
        }
        executable.run(instance)
        return withExtendedLifetime(bound) { executable.numbers(of: built.output, in: instance) }
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
