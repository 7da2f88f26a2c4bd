import Foundation
import GraphEvaluation
import Tensors
import Testing

@testable import Autodiff

/// Steps run for a few examples at a time, against plain evaluation node by node or, with kernels, of the whole batch.
@Suite(.serialized) struct SweepTests {
    /// Small blocks, ragged last ones, several chunks.
    static let limits = Sweep.Limits(leastBytes: 0, blockBytes: 300, leastChunk: 2, mostChunks: 5)

    private func check(
        _ graph: Graph, _ outputs: [Value], _ inputs: [(Value, [Double])], examples: Int, _ variant: Variant,
        expected: [[Double]]
    ) -> Bool {
        let precision = variant.precision
        let executable = Executable(
            graph, outputs: outputs, kernels: variant.kernels, examples: examples, sweepLimits: Self.limits)
        let instance = executable.makeInstance()
        let buffers = inputs.map { GuardedTensor($0.1, precision) }
        for ((input, _), buffer) in zip(inputs, buffers) { executable.bind(input, to: buffer.address, in: instance) }
        let arena = executable.arena
        for _ in 0..<2 {
            // Whole numbers: equality.
            for buffer in [arena.scratch, arena.sums, arena.benches[0].block, arena.benches[0].workspace] {
                memset(buffer.address, 0xff, buffer.byteCount)
            }
            executable.run(instance)
            #expect(outputs.map { executable.numbers(of: $0, in: instance) } == expected, "\(variant)")
        }
        #expect(buffers.allSatisfy { $0.isIntact })
        return executable.hasSweeps
    }

    static let shapes = [
        [12], [12, 5], [24, 3], [12, 2, 3], [12, 1, 4], [36, 2, 2], [12, 7, 11], [1, 5],
    ]

    @Test func randomGraphs() {
        var swept = 0
        for seed in 0..<300 {
            let random = RandomGraph(seed: UInt64(9000 + seed), operations: 20 + seed % 40, shapes: Self.shapes)
            let variant = Variant.all[seed % Variant.all.count]
            let hasSweeps = check(
                random.graph, random.outputs, random.inputs, examples: [12, 6, 4][seed % 3], variant,
                expected: interpret(random.graph, random.outputs, random.inputs))
            if hasSweeps { swept += 1 }
        }
        // Otherwise this tests nothing.
        #expect(swept > 20, "\(swept) of 300 graphs have sweeps")
    }

    /// The steps of a convolutional network's training: values per example, sums over examples, pooling, masks.
    private func network(_ images: Int, _ geometry: ConvolutionGeometry) -> (Graph, [Value], [(Value, [Double])]) {
        let graph = Graph()
        let x = graph.input("x", TensorType(geometry.input(images)), .data)
        let dy = graph.input("dy", TensorType(geometry.output(images)), .data)
        let w = graph.input("w", TensorType(geometry.weight), .parameters)
        let y = x.relu().convolution(w, geometry)
        var pool = PoolingGeometry(
            height: geometry.outputHeight, width: geometry.outputWidth, channels: geometry.filters, kernel: [2, 2],
            stride: [1, 1])
        pool.padding = [1, 1, 1, 1]
        let centered = y - y.sum([0, 1, 2])
        let gradient = (dy + y).masked(by: centered)
        let back = gradient.convolutionTransposed(w, geometry)
        let weight = graph.apply(Convolution(result: .weight, geometry: geometry), [x, gradient])
        let outputs = [
            y.maxPool(pool), centered, back + x, weight, gradient.sum([0, 1, 2]), back.sum([0]), back.sum([3]),
            (y.poolSum(pool) * 2).maximum(over: [0]),
        ]
        let inputs = [x, dy, w].enumerated().map { ($1, integers($1.type.count, -2...2, seed: UInt64($0))) }
        return (graph, outputs, inputs)
    }

    static let geometries: [ConvolutionGeometry] = {
        func make(_ h: Int, _ w: Int, _ c: Int, _ o: Int, _ edit: (inout ConvolutionGeometry) -> Void = { _ in })
            -> ConvolutionGeometry
        {
            var g = ConvolutionGeometry(height: h, width: w, channels: c, kernel: [3, 3], filters: o)
            g.padding = [1, 1, 1, 1]
            edit(&g)
            return g
        }
        return [
            make(5, 7, 1, 17), make(5, 7, 17, 3), make(6, 6, 4, 6) { $0.groups = 2 },
            make(9, 9, 3, 5) { $0.stride = [2, 3] },
            make(7, 7, 2, 4) { $0.dilation = [2, 1] }, make(5, 7, 17, 18),
        ]
    }()

    @Test(arguments: geometries, [2, 3, 13]) func convolutions(_ geometry: ConvolutionGeometry, _ images: Int) {
        let (graph, outputs, inputs) = network(images, geometry)
        let expected = evaluate(graph, outputs, inputs)
        for variant in Variant.all {
            #expect(check(graph, outputs, inputs, examples: images, variant, expected: expected))
        }
    }

    /// Sums of numbers of many magnitudes show another order.
    @Test(arguments: Precision.allCases, [1, 5]) func sameBitsForAnyNumberOfThreads(
        _ precision: Precision, _ geometry: Int
    ) {
        let before = Threads.count
        defer { Threads.count = before }
        let (graph, outputs, inputs) = network(29, Self.geometries[geometry])
        let numbers = inputs.map { x, _ in
            zip(sample(x.type.count, seed: 8), sample(x.type.count, -4...1, seed: 9)).map { $0 * pow(10, $1) }
        }
        var results: Set<[[UInt64]]> = []
        for threads in [1, 2, 3, 7, 2] {
            Threads.count = threads
            let executable = Executable(
                graph, outputs: outputs, kernels: Kernels(precision), examples: 29, sweepLimits: Self.limits)
            let instance = executable.makeInstance()
            let buffers = numbers.map { GuardedTensor($0, precision) }
            for ((input, _), buffer) in zip(inputs, buffers) {
                executable.bind(input, to: buffer.address, in: instance)
            }
            executable.run(instance)
            results.insert(outputs.map { executable.numbers(of: $0, in: instance).map(\.bitPattern) })
            withExtendedLifetime(buffers) {}
        }
        #expect(results.count == 1)
    }

    /// The variance of numbers far from zero keeps its digits, as a difference of mean squares in Float32 would not: sums are
    /// in Float64, of which the square of mean / deviation, 3e6 here, and the order of some thousand additions take their share.
    @Test(arguments: Variant.all, [[1000, 3], [3, 1000], [40, 8, 33], [5, 4097]])
    func varianceAboutALargeMean(_ variant: Variant, _ shape: [Int]) {
        let graph = Graph(), x = graph.input("x", TensorType(shape), .data)
        let numbers = sample(x.type.count, seed: 3).map { variant.precision.rounded(1000 + $0) }
        for axes in [[0], [shape.count - 1], Array(shape.indices)] {
            let outputs = [x.variance(axes)]
            let found = evaluate(graph, outputs, [(x, numbers)], kernels: variant.kernels)
            let expected = interpret(graph, outputs, [(x, numbers)])
            #expect(relativeError(found[0], expected[0]) < (variant.precision == .float ? 1e-5 : 1e-8), "\(axes)")
        }
    }
}
