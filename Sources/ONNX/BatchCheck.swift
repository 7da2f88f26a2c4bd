import Networks

/// Whether a model gives the same for an example whatever batch it is in, tried on some numbers.
struct BatchCheck {
    let graph: OperatorGraph
    /// As it would be used.
    let network: Network
    let theta: [Double], buffers: [Double]
    /// Examples of the data; random numbers are tried where there are too few.
    let sample: ExampleSample?

    /// A difference beyond rounding, relative to the largest number.
    private static let tolerance = 1e-9

    static func agree(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Bool {
        let scale = a.reduce(1e-300) { max($0, abs($1)) }
        return zip(a, b).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) || abs($0 - $1) <= tolerance * scale }
    }

    /// Whether a batch as it was exported gives the same for its first example when the others are copies of that one.
    func isIndependent(of size: Int) throws -> Bool {
        let run = SampleRun(network, theta: theta, buffers: buffers)
        let random = ExampleSample(random: size, for: network)
        let examples =
            network.inputs.count == 1 ? random : sample.flatMap { $0.count >= size ? $0.slice(0..<size) : nil }
        guard size > 1, let examples else { return true }
        do {
            let whole = try run.outputs(of: examples),
                alike = try run.outputs(of: examples.picked([Int](repeating: 0, count: size)))
            let width = whole.count / size
            return Self.agree(whole.prefix(width), alike.prefix(width))
        } catch is SampleRun.TooLarge {
            return true
        }
    }

    /// Whether one example alone gets what it gets in a batch of three, for a model of any batch; whether it is the same model when
    /// it is built for other batches, for one that was exported for a fixed one. Larger models are believed.
    func agrees() throws -> Bool {
        let graph = graph, exported = try graph.valuesAtExport()
        let run = SampleRun(network, theta: theta, buffers: buffers)
        // Real numbers may be any; whole ones mean something.
        let isReal = network.inputs.count == 1
        func examples(_ count: Int) -> ExampleSample {
            guard !isReal, let sample, sample.count >= count else { return ExampleSample(random: count, for: network) }
            return sample.slice(0..<count)
        }
        let build: SampleRun.Build = { try graph.build($0, $1, graph.declareTensors($0), exported: exported) }
        do {
            let one = try run.outputs(of: examples(1), build)
            guard let size = graph.exportedBatch else {
                return Self.agree(one[...], try run.outputs(of: examples(3), build).prefix(one.count))
            }
            // As exported, in two blocks, and as built for one example more than that at once.
            let literal = try run.outputs(of: examples(size + 1)) {
                try graph.buildInBlocks($0, $1, graph.declareTensors($0), of: size)
            }
            let rebuilt = try run.outputs(of: examples(size + 1), build)
            return Self.agree(literal[...], rebuilt[...]) && Self.agree(literal.prefix(one.count), one[...])
        } catch is SampleRun.TooLarge {
            return true
        }
    }
}
