import CKernels
import Foundation
import GraphEvaluation
import Tensors
import Testing

@testable import Autodiff

/// Attention and the derivative of its softmax, made by blocks of rows, against plain loops in Float64.
@Suite struct FusedAttentionTests {
    private func kernels(_ outputs: [Value]) -> [any KernelPrimitive] {
        Lowering(outputs[0].graph, outputs: outputs).items.compactMap {
            if case .kernel(let primitive) = $0.work { primitive } else { nil }
        }
    }

    private func attentions(_ outputs: [Value]) -> [FusedAttention] {
        kernels(outputs).compactMap { $0 as? FusedAttention }
    }

    private func isSoftmaxAlone(_ outputs: [Value]) -> Bool {
        kernels(outputs).contains { $0 is Softmax || $0 is SoftmaxSlope }
    }

    struct Shape: CustomTestStringConvertible, Sendable {
        let n: Int, heads: Int, queries: Int, keys: Int, width: Int, values: Int
        var testDescription: String { "\(n) × \(heads), \(queries) × \(keys) by \(width), \(values)" }

        init(_ n: Int, _ heads: Int, _ queries: Int, _ keys: Int, _ width: Int, _ values: Int? = nil) {
            (self.n, self.heads, self.queries, self.keys, self.width) = (n, heads, queries, keys, width)
            self.values = values ?? width
        }
    }

    /// Blocks of rows that are ragged, of which a pair has several, and that tasks share; keys beyond a block of the sum; values that
    /// are packed, in Float64; rows a page long; rows so long that a block is not a tile high, in Float64.
    static let shapes = [
        Shape(1, 1, 1, 1, 1), Shape(2, 3, 5, 5, 3), Shape(1, 3, 7, 7, 17), Shape(9, 1, 17, 17, 32),
        Shape(9, 3, 17, 17, 1),
        Shape(2, 3, 64, 64, 32), Shape(1, 1, 65, 65, 33), Shape(2, 1, 130, 130, 33), Shape(1, 3, 301, 301, 17),
        Shape(40, 1, 5, 5, 3), Shape(2, 3, 5, 201, 17, 3), Shape(2, 3, 130, 7, 3, 32), Shape(1, 2, 20, 33, 300, 5),
        Shape(1, 1, 130, 1030, 5, 130), Shape(1, 2, 70, 1024, 3, 7), Shape(1, 1, 128, 5000, 1, 2),
    ]

    private struct Case {
        let inputs: [Value]
        let numbers: [[Double]]
        /// Mixed values, softmax, and its derivatives: of a product, of two, and multiplied once more.
        let outputs: [Value]
    }

    private func attention(_ s: Shape) -> Case {
        let graph = Graph()
        let shapes = [(s.queries, s.width), (s.keys, s.width), (s.keys, s.values), (s.queries, s.values)]
        let inputs = shapes.enumerated().map {
            graph.input("x\($0)", TensorType([s.n, $1.0, s.heads, $1.1]), .data)
        }
        let parts = inputs.map { $0.permuted([0, 2, 1, 3]) }
        let (q, k, v, g) = (parts[0], parts[1], parts[2], parts[3])
        let mixed = q.product(k, transposeB: true).scaled(0.7).softmax().product(v).permuted([0, 2, 1, 3])
        let p = q.product(k.scaled(-2), transposeB: true).softmax()
        func slope(_ t: Value) -> Value { graph.apply(SoftmaxSlope(scale: 0.7), [p, t]) }
        let one = slope(g.product(v, transposeB: true))
        let two = slope(g.product(v.scaled(2), transposeB: true) + q.product(k.scaled(3), transposeB: true))
        let multiplied = slope(g.product(v.scaled(-3), transposeB: true)).product(k)
        return Case(
            inputs: inputs,
            numbers: inputs.enumerated().map { i, x in
                sample(x.type.count, seed: UInt64(i + 1)).map { Double(Float($0)) }
            }, outputs: [mixed, p, one, two.permuted([0, 2, 1, 3]), multiplied])
    }

    /// Operands lie between NaNs. The bound is relative to the largest number: 32 roundings, those of sums, and those of scores, which
    /// become relative ones of a softmax and are as large as the scores.
    @Test(arguments: shapes) func agreesWithPlainLoops(_ s: Shape) {
        let test = attention(s), graph = test.outputs[0].graph
        let isFused = s.keys < 256 || s.n * s.heads * s.queries >= 128
        #expect(attentions(test.outputs).count == (isFused ? 5 : 0))
        #expect(attentions(test.outputs).count { $0.second != nil } == (isFused ? 2 : 0))
        #expect(isSoftmaxAlone(test.outputs) == !isFused)
        let truth = interpret(graph, test.outputs, Array(zip(test.inputs, test.numbers)))
        for variant in Variant.all {
            let executable = Executable(graph, outputs: test.outputs, kernels: variant.kernels)
            let instance = executable.makeInstance()
            let tensors = test.numbers.map { GuardedTensor($0, variant.precision) }
            for (input, tensor) in zip(test.inputs, tensors) {
                executable.bind(input, to: tensor.address, in: instance)
            }
            withExtendedLifetime(tensors) { executable.run(instance) }
            let unit = variant.precision == .float ? Double(Float.ulpOfOne) : Double.ulpOfOne
            let bound = unit * (32 + Double(s.keys + s.values).squareRoot() + Double(s.width))
            for (i, output) in test.outputs.enumerated() {
                let error = relativeError(executable.numbers(of: output, in: instance), truth[i])
                #expect(error <= bound, "\(variant), output \(i): \(error / unit) roundings")
            }
        }
    }

    /// Nothing is written beyond the result or the workspace.
    @Test(arguments: Variant.all) func writesWithinBounds(_ variant: Variant) {
        let size = variant.precision.size
        for (m, n, k, d) in [(1, 1, 1, 1), (7, 17, 5, 3), (65, 33, 17, 31), (150, 301, 3, 17)] {
            let (a, b, v) = (integers(m * k, seed: 1), integers(n * k, seed: 2), integers(n * d, seed: 3))
            let factors = [a, b, v].map { GuardedTensor($0, variant.precision) }
            for multiplies in [false, true] {
                let result = GuardedTensor(empty: m * (multiplies ? d : n), variant.precision)
                var q = ls_fused_attention()
                (q.terms, q.scale, q.multiplies) = (1, 0.5, multiplies ? 1 : 0)
                var first = ls_product()
                (first.batches, first.inner, first.m, first.n, first.k) = (1, 1, Int64(m), Int64(n), Int64(k))
                (first.a_row, first.a_column, first.b_row, first.b_column) = (Int64(k), 1, 1, Int64(k))
                first.c_row = Int64(n)
                q.term.0 = ls_factors(product: first, a: factors[0].address, b: factors[1].address)
                var second = ls_product()
                (second.batches, second.inner, second.m, second.n, second.k) = (1, 1, Int64(m), Int64(d), Int64(n))
                (second.b_row, second.b_column, second.c_row) = (Int64(d), 1, Int64(d))
                q.second = ls_factors(product: second, a: nil, b: factors[2].address)
                let table = variant.kernels.table
                let bytes = Int(table.fused_attention_workspace(&q))
                let workspace = GuardedTensor(empty: (bytes + size - 1) / size, variant.precision)
                table.fused_attention(&q, result.address, workspace.address)
                #expect(result.isIntact && workspace.isIntact, "\(m) \(n) \(k) \(d)")
                #expect(result.numbers.allSatisfy { $0.isFinite }, "\(m) \(n) \(k) \(d)")
            }
        }
    }

    /// Scores that would overflow, keys that are −∞ away, NaN: as where each step is a kernel of its own.
    @Test(arguments: Variant.all) func extremeNumbers(_ variant: Variant) {
        let (t, width) = (37, 5)
        let graph = Graph()
        let x = (0..<3).map { graph.input("x\($0)", TensorType([2, t, width]), .data) }
        let scores = x[0].product(x[1], transposeB: true)
        let p = scores.softmax(), mixed = p.product(x[2])
        var numbers = (0..<3).map { sample(2 * t * width, seed: UInt64($0 + 1)) }
        for i in numbers[0].indices { numbers[0][i] = numbers[0][i] * 100 }
        for i in numbers[1].indices { numbers[1][i] = numbers[1][i] * 100 }
        // In the second pair, the first number of queries is positive, of one key −∞; one query is NaN.
        for i in 0..<t { numbers[0][(t + i) * width] = 1 + Double(i) }
        numbers[1][(t + 3) * width] = -.infinity
        numbers[0][(t + 9) * width + 2] = .nan
        let inputs = Array(zip(x, numbers))
        let fused = evaluate(graph, [mixed], inputs, kernels: variant.kernels)[0]
        let plain = evaluate(graph, [mixed, scores, p], inputs, kernels: variant.kernels)
        #expect(attentions([mixed]).count == 1 && attentions([mixed, scores, p]).isEmpty)
        #expect(plain[1].contains { $0 > 1e4 } && plain[1].contains { $0 < -1e4 } && plain[1].contains(-.infinity))
        #expect(fused.count { $0.isNaN } == width)
        let unit = variant.precision == .float ? Double(Float.ulpOfOne) : Double.ulpOfOne
        for (y, z) in zip(fused, plain[0]) { #expect(y.isNaN == z.isNaN && !(abs(y - z) > 32 * unit)) }
        // A row of −∞ alone has no softmax.
        let keys = [Double](repeating: -.infinity, count: 2 * t * width)
        let queries = [Double](repeating: 1, count: 2 * t * width)
        let none = evaluate(
            graph, [mixed], [(x[0], queries), (x[1], keys), (x[2], numbers[2])], kernels: variant.kernels)
        #expect(none[0].allSatisfy { $0.isNaN })
    }

    /// What is read elsewhere or lies between keeps products apart.
    @Test func mergesOnlyWhatNothingElseReads() {
        let graph = Graph()
        let x = (0..<4).map { graph.input("x\($0)", TensorType([2, 3, 8, 4]), .data) }
        let scores = x[0].product(x[1], transposeB: true), p = scores.scaled(0.5).softmax(), mixed = p.product(x[2])
        func found(_ outputs: [Value]) -> [Bool] { attentions(outputs).map { $0.second != nil } }
        #expect(found([mixed]) == [true])
        #expect(found([p]) == [false])
        #expect(found([mixed, p]) == [false])
        #expect(found([mixed, p.product(x[3])]) == [false])
        #expect(found([mixed, p.sum()]) == [false])
        #expect(found([mixed, scores]) == [])
        #expect(found([mixed, scores.exp()]) == [])
        #expect(found([p.product(x[2].product(x[2], transposeB: true), transposeA: true)]) == [false])
        // A factor of its own second factor.
        #expect(found([p.product(p)]) == [false])
        // As a second factor.
        #expect(found([x[3].permuted([0, 1, 3, 2]).product(p)]) == [false])
        // A mask; ReLU; three products.
        #expect(found([(scores + x[0].product(x[3], transposeB: true).relu()).softmax()]) == [])
        #expect(found([scores.relu().softmax()]) == [])
        let other = x[2].product(x[3], transposeB: true)
        #expect(found([(scores + other).softmax()]) == [false])
        #expect(found([(scores + other + x[1].product(x[2], transposeB: true)).softmax()]) == [])
        // What comes after is not made of blocks of rows.
        #expect(found([mixed.relu()]) == [true])
        #expect(found([mixed + x[3]]) == [true])
        #expect(found([mixed + p.product(x[3])]) == [false])
        // Another shape: only where rows stay rows.
        #expect(found([scores.reshaped([6, 8, 8]).softmax()]) == [false])
        #expect(found([scores.reshaped([6, 8, 8]).softmax().permuted([1, 0, 2])]) == [false])
        #expect(found([scores.reshaped([2, 3, 64]).softmax()]) == [])
        // Of another stage: the scores are the same for all parameters, values for all tangents.
        let v = graph.input("v", TensorType([2, 3, 8, 4]), .tangent)
        #expect(found([p.product(v)]) == [false])
        // Few long rows.
        let q = graph.input("q", TensorType([3, 4]), .data), k = graph.input("k", TensorType([300, 4]), .data)
        #expect(found([q.product(k, transposeB: true).softmax()]) == [])
    }

    /// Other shapes between, matrices alone, and second factors that are packed for all batches.
    @Test(arguments: Variant.all) func otherRanks(_ variant: Variant) {
        let graph = Graph()
        let x = (0..<2).map { graph.input("x\($0)", TensorType([2, 3, 9, 4]), .data) }
        let a = graph.input("a", TensorType([21, 5]), .data), w = graph.input("w", TensorType([19, 5]), .parameters)
        let v = graph.input("v", TensorType([19, 37]), .parameters)
        let scores = x[0].product(x[1], transposeB: true)
        let outputs = [
            scores.reshaped([6, 9, 9]).softmax().product(x[1].reshaped([6, 9, 4])).permuted([1, 0, 2]),
            scores.reshaped([3, 2, 9, 9]).scaled(2).softmax(),
            x[0].product(x[1].scaled(2), transposeB: true).reshaped([6, 9, 9]).softmax().permuted([1, 0, 2]),
            a.product(w, transposeB: true).softmax().product(v),
            w.product(a.scaled(2), transposeB: true).softmax(),
            x[0].scaled(3).reshaped([2, 1, 3, 9, 4]).product(x[1].reshaped([2, 1, 3, 9, 4]), transposeB: true)
                .softmax(),
        ]
        let inputs = graph.nodes.indices.compactMap { id -> (Value, [Double])? in
            guard graph.nodes[id].primitive is Input else { return nil }
            let value = Value(graph: graph, id: id)
            return (value, sample(value.type.count, seed: UInt64(id + 1)).map { Double(Float($0)) })
        }
        let unit = variant.precision == .float ? Double(Float.ulpOfOne) : Double.ulpOfOne
        let truth = interpret(graph, outputs, inputs)
        for (i, output) in outputs.enumerated() {
            #expect(attentions([output]).count == 1, "output \(i)")
            let numbers = evaluate(graph, [output], inputs, kernels: variant.kernels)[0]
            #expect(relativeError(numbers, truth[i]) <= 32 * unit, "output \(i)")
        }
        #expect(kernels([outputs[3]]).count { $0 is PackedMatrix } == 2)
    }

    /// The value of attention is one kernel; its gradient makes softmax and slope while they are products, and so does what
    /// differentiates it.
    @Test func derivativesOfAttention() {
        let graph = Graph()
        let x = (0..<3).map { graph.input("x\($0)", TensorType([2, 8, 3, 4]), .parameters) }
        let v = (0..<3).map { graph.input("v\($0)", TensorType([2, 8, 3, 4]), .tangent) }
        let parts = x.map { $0.permuted([0, 2, 1, 3]) }
        let mixed = parts[0].product(parts[1], transposeB: true).scaled(0.5).softmax().product(parts[2])
            .permuted([0, 2, 1, 3])
        let loss = mixed.squared().sum()
        #expect(kernels([loss]).count == 1 && attentions([loss]).count { $0.second != nil } == 1)
        let gradient = graph.gradient(of: loss, at: x)
        #expect(attentions(gradient).map(\.function) == [.softmax(scale: 0.5), .slope(scale: 0.5)])
        #expect(!isSoftmaxAlone(gradient))
        let product = graph.hessianVectorProduct(of: loss, at: x, along: v)
        // Softmax, its derivatives along the tangents of scores and of what reaches it from behind.
        #expect(attentions(product).filter { $0.function.hasOperand }.allSatisfy { $0.scores.terms.count == 2 })
        #expect(attentions(product).count { $0.function.hasOperand } == 2)
    }
}
