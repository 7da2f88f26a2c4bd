import Foundation
import GraphEvaluation
import Tensors
import Testing

@testable import Autodiff

/// Lowering, fusion, memory plan and kernels together against plain evaluation node by node. Numbers are whole: equality.
@Suite struct ExecutableTests {
    static let small =
        [[], [1], [7], [3, 5], [1, 4], [2, 3, 4], [5, 1, 3], [2, 1, 3, 1], [2, 3, 2, 3], [17, 33]] as [[Int]]
    /// Sizes around a tile (1024 or 512 elements), a segment of a row (16 384) and the first cut into chunks (32 768).
    static let large = [
        [1023], [1025], [16_384], [16_385], [33_001], [3, 16_385], [16_391, 3], [129, 257], [1025, 33], [33, 1025],
        [5, 7, 1023],
        [9, 1, 4097], [1, 40_000], [40_000, 1], [31, 8, 8, 17],
    ]

    /// Runs a random graph whole, then again from the tangents on with poisoned scratch memory and other tangents.
    private func check(_ seed: Int, operations: Int, _ shapes: [[Int]], most: Int, _ variants: [Variant]) {
        var random = RandomGraph(seed: UInt64(seed), operations: operations, shapes: shapes, mostElements: most)
        let graph = random.graph, outputs = random.outputs
        let first = interpret(graph, outputs, random.inputs)
        let firstInputs = random.inputs
        random.redraw(.tangent)
        let second = interpret(graph, outputs, random.inputs)
        for variant in variants {
            let precision = variant.precision
            let executable = Executable(graph, outputs: outputs, kernels: variant.kernels)
            let instance = executable.makeInstance()
            let buffers = firstInputs.map { _, numbers in GuardedTensor(numbers, precision) }
            for ((input, _), buffer) in zip(firstInputs, buffers) {
                executable.bind(input, to: buffer.address, in: instance)
            }
            poison(executable)
            executable.run(instance)
            #expect(outputs.map { executable.numbers(of: $0, in: instance) } == first, "\(variant) seed \(seed)")
            let tangents = random.inputs.map { _, numbers in GuardedTensor(numbers, precision) }
            for ((input, _), buffer) in zip(random.inputs, tangents) where input.stage == .tangent {
                executable.bind(input, to: buffer.address, in: instance)
            }
            poison(executable)
            executable.run(instance, from: .tangent)
            #expect(
                outputs.map { executable.numbers(of: $0, in: instance) } == second,
                "\(variant) seed \(seed), tangents alone")
            #expect((buffers + tangents).allSatisfy { $0.isIntact })
        }
    }

    /// Outputs that are passed on are the same numbers, each passed once, and take less memory than those that stay.
    @Test func passedOutputs() {
        var smaller = 0
        for seed in 0..<300 {
            let random = RandomGraph(
                seed: UInt64(4000 + seed), operations: 8 + seed % 50,
                shapes: seed % 3 == 0 ? SweepTests.shapes : Self.small)
            let expected = interpret(random.graph, random.outputs, random.inputs)
            let variant = Variant.all[seed % Variant.all.count], some = random.outputs.count / 2
            let (stay, pass) = (Array(random.outputs.prefix(some)), Array(random.outputs.dropFirst(some)))
            func make(_ outputs: [Value], _ passing: [Value], runsWhole: Bool) -> Executable {
                Executable(
                    random.graph, outputs: outputs, kernels: variant.kernels, examples: seed % 3 == 0 ? 12 : 1,
                    runsWhole: runsWhole, passing: passing,
                    sweepLimits: seed % 3 == 0 ? SweepTests.limits : .init())
            }
            for runsWhole in [false, true] {
                let executable = make(stay, pass, runsWhole: runsWhole), instance = executable.makeInstance()
                let buffers = random.inputs.map { GuardedTensor($0.1, variant.precision) }
                for ((input, _), buffer) in zip(random.inputs, buffers) {
                    executable.bind(input, to: buffer.address, in: instance)
                }
                // From the tangents on, where batches keep what does not depend on them.
                for first in runsWhole ? [Stage.data] : [.data, .tangent] {
                    poison(executable)
                    var taken = [[Double]?](repeating: nil, count: pass.count)
                    executable.run(instance, from: first) { number, address in
                        #expect(taken[number] == nil, "\(variant) seed \(seed): output \(number) twice")
                        taken[number] = Buffer.load(address, pass[number].type.count, as: variant.precision)
                    }
                    let found = stay.map { executable.numbers(of: $0, in: instance) } + taken.map { $0 ?? [] }
                    let wrong = found.indices.filter { found[$0] != expected[$0] }
                    #expect(
                        wrong.isEmpty, "\(variant) seed \(seed) from \(first), whole \(runsWhole): outputs \(wrong)")
                }
                #expect(buffers.allSatisfy { $0.isIntact })
                let whole = make(random.outputs, [], runsWhole: runsWhole)
                #expect(executable.scratchBytes <= whole.scratchBytes)
                if executable.scratchBytes + executable.keptBytes < whole.scratchBytes + whole.keptBytes {
                    smaller += 1
                }
            }
        }
        // Otherwise this tests nothing.
        #expect(smaller > 100, "\(smaller) of 600 executables need less")
    }

    /// NaN in every element of what runs share.
    private func poison(_ executable: Executable) {
        for buffer in [executable.arena.scratch, executable.arena.benches[0].workspace] {
            memset(buffer.address, 0xff, buffer.byteCount)
        }
    }

    @Test(arguments: 0..<300) func randomGraphs(_ seed: Int) {
        check(seed, operations: 8 + seed % 50, Self.small, most: 4096, [Variant.all[seed % Variant.all.count]])
    }

    @Test(arguments: 0..<45) func largeRandomGraphs(_ seed: Int) {
        check(
            1000 + seed, operations: 14, [Self.large[seed % Self.large.count]], most: 100_000,
            [Variant.all[seed / 3 % Variant.all.count]])
    }

    /// Every pattern of axes: one operand repeated along them, both kinds of reduction over them, and a view with the order of
    /// its dimensions turned around.
    @Test(arguments: large + [[6, 5, 4, 3], [9, 2, 1, 1100], [2, 1100, 3]]) func axes(_ shape: [Int]) {
        for pattern in 1..<(1 << shape.count) {
            let axes = shape.indices.filter { pattern >> $0 & 1 == 1 }
            let graph = Graph()
            let x = graph.input("x", TensorType(shape), .data)
            let y = graph.input("y", TensorType(shape.indices.map { axes.contains($0) ? 1 : shape[$0] }), .parameters)
            let z = graph.input("z", TensorType(shape.reversed()), .parameters)
            let order = Array(shape.indices.reversed())
            let sum = (x * y).offset(1) + z.permuted(order)
            let outputs = [sum, sum.sum(axes), sum.maximum(over: axes), (x - y).sum(axes), sum.permuted(order).sum()]
            let inputs = [x, y, z].enumerated().map { ($1, integers($1.type.count, -2...2, seed: UInt64($0))) }
            let expected = interpret(graph, outputs, inputs)
            for variant in Variant.all {
                #expect(evaluate(graph, outputs, inputs, kernels: variant.kernels) == expected, "\(axes) \(variant)")
            }
        }
    }

    /// NaN and infinities go through maxima, choices and sums as IEEE numbers do.
    @Test(arguments: Variant.all) func specialNumbers(_ variant: Variant) {
        let graph = Graph()
        let x = graph.input("x", TensorType([4, 5]), .data)
        let y = graph.input("y", TensorType([5]), .data)
        let outputs = [
            x.maximum(y), x.minimum(y), x.relu(), x.abs(), x.sign(), x.step(), x.greater(than: y), x.equal(to: y),
            x.maximum(over: [0]), x.maximum(over: [1]), x.maximum(over: [0, 1]), x.sum([0]), x.sum([1]),
            x.greater(than: y).select(x, y),
        ]
        let inputs: [(Value, [Double])] = [
            (
                x,
                [
                    1, .nan, .infinity, -.infinity, 0, -1, 2, .infinity, -.infinity, -0.0, 3, 4, 5, -.infinity, 7, .nan,
                    .nan, 1, -.infinity, 2,
                ]
            ),
            (y, [0, 1, .nan, .infinity, -.infinity]),
        ]
        let found = evaluate(graph, outputs, inputs, kernels: variant.kernels),
            expected = interpret(graph, outputs, inputs)
        for (i, (a, b)) in zip(found, expected).enumerated() {
            #expect(zip(a, b).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }, "output \(i): \(a), expected \(b)")
        }
    }

    /// Sums add at most 1024 numbers in Float32 before they go on in Float64: the error is at most 1024 · 2⁻²⁴ of Σ|x|. One
    /// Float32 accumulator would be off by a hundred times that here.
    @Test(
        arguments: [[1_000_000], [1000, 1000], [250_000, 4], [10, 100_000]],
        Variant.all.filter { $0.precision == .float })
    func accuracyOfSums(_ shape: [Int], _ variant: Variant) {
        let graph = Graph()
        let x = graph.input("x", TensorType(shape), .data)
        let numbers = [Double](repeating: Double(Float(0.1)), count: x.type.count)
        for axes in [Array(shape.indices), [0]] {
            let sum = evaluate(graph, [x.sum(axes)], [(x, numbers)], kernels: variant.kernels)[0][0]
            let expected = Double(Float(0.1)) * Double(axes.reduce(1) { $0 * shape[$1] })
            #expect(abs(sum - expected) <= 1024 * 0x1p-24 * expected)
        }
    }
}
