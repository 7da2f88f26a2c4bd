import Autodiff
import Networks
import Tensors

/// Some examples for a network that is being imported.
package struct ExampleSample: Sendable {
    /// How many.
    package let count: Int
    /// The numbers of each input, one example after another.
    package let inputs: [[Double]]

    /// As many numbers of each input as the examples have.
    package init(count: Int, inputs: [[Double]]) { (self.count, self.inputs) = (count, inputs) }

    /// Random examples, the same at every call.
    init(random count: Int, for network: Network) {
        let random = RandomNumbers(seed: 0).named("batch check")
        self.count = count
        inputs = zip(network.inputs, network.vocabularies).map { input, vocabulary in
            let tokens = min(UInt64(max(1, vocabulary ?? 2)), 1 << 24)
            return (0..<(count * input.size)).map {
                input.takesTokens ? Double(random.bits(at: $0) % tokens) : 2 * random.uniform(at: $0) - 1
            }
        }
    }

    /// The examples of a range.
    package func slice(_ range: Range<Int>) -> ExampleSample {
        ExampleSample(
            count: range.count,
            inputs: inputs.map { numbers in
                let size = numbers.count / count
                return Array(numbers[(range.lowerBound * size)..<(range.upperBound * size)])
            })
    }

    /// The examples at these places.
    func picked(_ places: [Int]) -> ExampleSample {
        ExampleSample(
            count: places.count,
            inputs: inputs.map { numbers in
                let size = numbers.count / count
                return places.flatMap { numbers[($0 * size)..<(($0 + 1) * size)] }
            })
    }
}

/// A network with numbers, for looking at what it gives before anything is measured.
package struct SampleRun {
    let network: Network
    let theta: [Double], buffers: [Double]

    /// Memory that a run may take; more is refused.
    private static let mostBytes = 1 << 29
    package struct TooLarge: Error {}

    typealias Build = (NetworkBuilder, [Value]) throws -> NetworkOutput

    /// θ and the buffers, in the order of the network's layout.
    package init(_ network: Network, theta: [Double], buffers: [Double]) {
        (self.network, self.theta, self.buffers) = (network, theta, buffers)
    }

    /// Outputs [examples × outputs], computed in Float64 at once.
    ///
    /// - Throws: `TooLarge` where that takes too much memory.
    package func outputs(of sample: ExampleSample) throws -> [Double] {
        let graph = Graph(), built = network.build(in: graph, batch: sample.count, batchNorm: .stored)
        return try run(
            graph, output: built.output, inputs: built.inputs, parameters: built.parameters, buffers: built.buffers,
            sample)
    }

    /// Outputs of the same tensors in another build.
    func outputs(of sample: ExampleSample, _ build: Build) throws -> [Double] {
        let builder = NetworkBuilder(Graph(), .stored, .init())
        let x = network.inputs.map { $0.value(in: builder.graph, batch: sample.count) }
        let y = try build(builder, x).output
        return try run(
            builder.graph, output: y, inputs: x, parameters: builder.parameters.map(\.value),
            buffers: builder.buffers.map(\.value), sample)
    }

    private func run(
        _ graph: Graph, output: Value, inputs: [Value], parameters: [Value], buffers places: [Value],
        _ sample: ExampleSample
    ) throws -> [Double] {
        let executable = Executable(graph, outputs: [output], precision: .double)
        guard executable.keptBytes + executable.scratchBytes <= Self.mostBytes else { throw TooLarge() }
        let run = GraphRun(executable)
        for ((value, input), numbers) in zip(zip(inputs, network.inputs), sample.inputs) {
            if input.takesTokens {
                run.bind(value, indices: numbers.map { Int32($0) })
            } else {
                run.bind(value, numbers)
            }
        }
        run.bindTensors(parameters, theta)
        run.bindTensors(places, buffers)
        run.run()
        return run.numbers(output)
    }
}
