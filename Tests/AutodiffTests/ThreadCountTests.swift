import Foundation
import GraphEvaluation
import Tensors
import Testing

@testable import Autodiff

/// Each kind of step gives the same bits for any number of threads. Numbers are of many magnitudes, so another order of a sum
/// shows.
@Suite(.serialized) struct ThreadCountTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let shapes: [[Int]]
        /// Of all operands but the first.
        var stage = Stage.data
        let build: @Sendable ([Value]) -> [Value]
    }

    static let cases: [Case] = {
        var g = ConvolutionGeometry(height: 9, width: 11, channels: 5, kernel: [3, 3], filters: 19)
        (g.padding, g.stride) = ([1, 1, 1, 1], [2, 1])
        var deep = ConvolutionGeometry(height: 9, width: 11, channels: 18, kernel: [3, 3], filters: 19)
        deep.padding = [1, 1, 1, 1]
        let convolution = g, minimal = deep,
            pool = PoolingGeometry(height: 9, width: 11, channels: 7, kernel: [3, 3], stride: [2, 2])
        func product(_ result: Convolution.Result, _ geometry: ConvolutionGeometry? = nil)
            -> @Sendable ([Value]) -> [Value]
        {
            { [$0[0].graph.apply(Convolution(result: result, geometry: geometry ?? convolution), $0)] }
        }
        return [
            Case(testDescription: "elementwise", shapes: [[97, 1031], [1031]]) { [($0[0] * $0[1]).exp().sin()] },
            Case(testDescription: "sum of all", shapes: [[97, 1031]]) { [$0[0].squared().sum()] },
            Case(testDescription: "sum of rows", shapes: [[97, 1031]]) { [$0[0].sin().sum([1])] },
            Case(testDescription: "sum of columns", shapes: [[997, 103]]) { [$0[0].sin().sum([0])] },
            Case(testDescription: "sum of the middle", shapes: [[3, 997, 31]]) { [$0[0].sin().sum([1])] },
            Case(testDescription: "long rows", shapes: [[2, 70_001]]) { [$0[0].sum([0]), $0[0].exp().sum([1])] },
            Case(testDescription: "maximum", shapes: [[9973]]) { [$0[0].maximum(over: [0])] },
            Case(
                testDescription: "convolution", shapes: [convolution.input(37), convolution.weight],
                build: product(.output)),
            Case(
                testDescription: "its input", shapes: [convolution.output(37), convolution.weight],
                build: product(.input)),
            Case(
                testDescription: "its weights", shapes: [convolution.input(37), convolution.output(37)],
                build: product(.weight)),
            Case(
                testDescription: "minimal filtering", shapes: [minimal.input(37), minimal.weight],
                stage: .parameters, build: product(.output, minimal)),
            Case(
                testDescription: "minimal filtering, weights",
                shapes: [minimal.input(37), minimal.output(37)], build: product(.weight, minimal)),
            Case(testDescription: "pooling", shapes: [pool.input(13)]) { [$0[0].maxPool(pool), $0[0].poolSum(pool)] },
            Case(testDescription: "product by rows", shapes: [[301, 41], [41, 37]]) { [$0[0].product($0[1])] },
            Case(testDescription: "product by columns", shapes: [[5, 401], [401, 603]]) { [$0[0].product($0[1])] },
            Case(testDescription: "sum of products", shapes: [[301, 541], [541, 37]]) {
                [$0[0].product($0[1]) + $0[0].sin().product($0[1].cos())]
            },
            Case(testDescription: "product by parts", shapes: [[9, 5003], [5003, 11]]) { [$0[0].product($0[1])] },
            Case(testDescription: "attention", shapes: [[9, 4, 40, 17], [9, 4, 50, 17], [9, 4, 50, 5]]) {
                [$0[0].product($0[1], transposeB: true).softmax().product($0[2])]
            },
            Case(testDescription: "attention of few pairs", shapes: [[2, 301, 17], [2, 301, 17], [2, 301, 33]]) { x in
                let p = x[0].product(x[1], transposeB: true).softmax()
                let slope = p.graph.apply(SoftmaxSlope(scale: 2), [p, x[1].product(x[0], transposeB: true)])
                return [x[0].product(x[1].sin(), transposeB: true).softmax().product(x[2]), p, slope]
            },
            Case(testDescription: "batched product", shapes: [[12, 40, 50], [12, 50, 30]]) { [$0[0].product($0[1])] },
        ]
    }()

    @Test(arguments: cases, Precision.allCases) func sameBits(_ test: Case, _ precision: Precision) {
        let before = Threads.count
        defer { Threads.count = before }
        let graph = Graph()
        let inputs = test.shapes.enumerated().map {
            graph.input("x\($0)", TensorType($1), $0 == 0 ? .data : test.stage)
        }
        let outputs = test.build(inputs)
        let numbers = inputs.map { x in
            zip(sample(x.type.count, seed: 8), sample(x.type.count, -6...1, seed: 9)).map { $0 * pow(10, $1) }
        }
        var results: [[[UInt64]]] = []
        for threads in [1, 2, 3, 7, 2] {
            Threads.count = threads
            results.append(
                evaluate(graph, outputs, Array(zip(inputs, numbers)), precision).map { $0.map(\.bitPattern) })
        }
        #expect(Set(results).count == 1)
        // Not zeros or a broken run.
        #expect(results[0].allSatisfy { $0.allSatisfy { Double(bitPattern: $0).isFinite } && Set($0) != [0] })
    }
}
