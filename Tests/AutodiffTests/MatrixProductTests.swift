import GraphEvaluation
import Tensors
import Testing

@testable import Autodiff

/// Matrix products against plain loops, on whole numbers: every way that work is shared out, with ragged blocks.
@Suite struct MatrixProductTests {
    /// Batches, m, n, k. More than 2¹⁸ products are shared out: by rows, by columns, or by parts of the sum.
    static let shapes: [(String, [Int], Int, Int, Int)] = [
        ("numbers", [], 1, 1, 1), ("small", [], 3, 5, 7), ("odd", [], 17, 33, 65), ("a column", [], 129, 1, 40),
        ("a row", [], 1, 130, 40), ("by rows", [], 301, 37, 41), ("square", [], 67, 65, 63),
        ("by columns", [], 5, 331, 401), ("by parts", [], 9, 11, 5003), ("by many parts", [], 3, 20, 9001),
        ("blocks of the sum", [], 37, 50, 770), ("more columns than pass by at once", [], 15, 1041, 261),
        ("several groups of slivers", [], 461, 70, 130), ("few batches, by rows", [3], 260, 11, 131),
        ("few batches, by parts", [2], 13, 17, 3301), ("many batches", [3, 4], 13, 17, 19),
        ("many large batches", [9], 40, 40, 200),
        ("batches beyond one block", [8], 19, 70, 531),
    ]

    /// In every variant. Where B is a parameter and A is not, it is packed beforehand.
    @Test(arguments: shapes.indices, Variant.all) func agreesWithPlainLoops(_ number: Int, _ variant: Variant) {
        let (name, batches, m, n, k) = Self.shapes[number]
        for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
            for stage in [Stage.data, .parameters] {
                let graph = Graph()
                let a = graph.input("a", TensorType(batches + (transposeA ? [k, m] : [m, k])), .data)
                let b = graph.input("b", TensorType(batches + (transposeB ? [n, k] : [k, n])), stage)
                let c = a.product(b, transposeA: transposeA, transposeB: transposeB)
                let inputs = [(a, integers(a.type.count, seed: 6)), (b, integers(b.type.count, seed: 7))]
                #expect(
                    evaluate(graph, [c], inputs, kernels: variant.kernels) == interpret(graph, [c], inputs),
                    "\(name) \(transposeA) \(transposeB) \(stage)")
            }
        }
    }

    /// A few rows times a matrix beyond the second-level cache, which is read where it lies: along both factors, or panel by panel; as the
    /// sum of two products with all that completes one, and in parts of a long sum.
    @Test(arguments: Variant.all) func fewRowsAndALargeMatrix(_ variant: Variant) {
        for (m, n, k) in [(1, 1029, 600), (5, 521, 1031), (63, 515, 513), (7, 100, 5003)] {
            let a = integers(m * k, seed: 6), b = integers(n * k, seed: 7), bias = integers(n, seed: 8)
            var product = [Double](repeating: 0, count: m * n)
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    product.withUnsafeMutableBufferPointer { product in
                        for i in 0..<m {
                            for j in 0..<n {
                                var sum = 0.0
                                for l in 0..<k { sum += a[i * k + l] * b[j * k + l] }
                                product[i * n + j] = sum
                            }
                        }
                    }
                }
            }
            let turned = (0..<n * k).map { b[$0 % n * k + $0 / n] }
            let expected = product.indices.map { max(0, 2 * product[$0] + bias[$0 % n]) }
            for (values, shape, transposes) in [(b, [n, k], true), (turned, [k, n], false)] {
                let graph = Graph()
                let x = graph.input("a", TensorType([m, k]), .data),
                    y = graph.input("b", TensorType(shape), .parameters)
                let z = graph.input("z", TensorType([n]), .parameters), once = x.product(y, transposeB: transposes)
                let twice = (x.product(y, transposeB: transposes) + x.product(y, transposeB: transposes) + z).relu()
                let inputs = [(x, a), (y, values), (z, bias)]
                #expect(
                    evaluate(graph, [once, twice], inputs, kernels: variant.kernels) == [product, expected],
                    "\(m) \(n) \(k) \(transposes)")
            }
        }
    }

    /// Sums of products that nothing else reads are one step each; a product that is read elsewhere stays by itself.
    @Test(arguments: Variant.all) func sumsOfProducts(_ variant: Variant) {
        for (m, n, k) in [(1, 1, 1), (17, 5, 7), (301, 37, 41), (9, 11, 5003), (5, 331, 401)] {
            let graph = Graph()
            let a = graph.input("a", TensorType([m, k]), .data), b = graph.input("b", TensorType([n, k]), .parameters)
            let c = graph.input("c", TensorType([k, m]), .data), d = graph.input("d", TensorType([k, n]), .tangent)
            let first = a.product(b, transposeB: true), second = c.product(d, transposeA: true)
            let third = c.product(b, transposeA: true, transposeB: true), fourth = a.product(d)
            // Of one stage: all along d.
            let sum = second + (fourth + a.product(d.scaled(2)))
            let both = [sum, first + third, (second + fourth).relu(), fourth]
            let inputs = [(a, 6), (b, 7), (c, 8), (d, 9)].map { ($0, integers($0.type.count, seed: $1)) }
            for outputs in [[sum], both] {
                #expect(
                    evaluate(graph, outputs, inputs, kernels: variant.kernels) == interpret(graph, outputs, inputs),
                    "\(m) \(n) \(k)")
            }
            let kernels = Lowering(graph, outputs: [sum]).items.filter {
                if case .kernel(let primitive) = $0.work { primitive is ProductSum } else { false }
            }
            #expect(kernels.count == 1)
            let shared = Lowering(graph, outputs: both).items.filter {
                if case .kernel(let primitive) = $0.work { primitive is ProductSum } else { false }
            }
            // first + third; second, which two sums read; a (2 d) and fourth, an output.
            #expect(shared.count == 4)
        }
    }

    /// Terms that lie alike are added up in one pass, three at most, where they are short: no more than 128 deep for three.
    @Test(arguments: Variant.all) func termsThatLieAlike(_ variant: Variant) {
        for (batches, m, n, k) in [
            ([], 1, 1, 1), ([], 17, 33, 7), ([], 30, 35, 128), ([], 29, 17, 129), ([], 31, 40, 192), ([], 13, 9, 193),
            ([3], 15, 17, 5), ([2, 7], 15, 3, 17), ([9], 1, 33, 40), ([], 300, 70, 30), ([], 70, 300, 30),
        ] {
            for (transposesA, stage) in [(false, Stage.data), (true, .data), (false, .parameters), (true, .parameters)]
            {
                let graph = Graph()
                func input(_ shape: [Int], _ stage: Stage) -> Value { graph.input("x", TensorType(shape), stage) }
                let products = (0..<5).map { _ in
                    input(batches + (transposesA ? [k, m] : [m, k]), .data).product(
                        input(batches + [k, n], stage), transposeA: transposesA)
                }
                let bias = input([n], stage), addend = input(batches + [m, n], .data)
                let sum = products.dropFirst().reduce(products[0]) { $0 + $1 }
                let outputs = [(sum + bias + addend).relu()]
                let inputs = graph.nodes.indices.filter { graph.nodes[$0].primitive is Input }.map { id in
                    let value = Value(graph: graph, id: id)
                    return (value, integers(value.type.count, seed: UInt64(id + 1)))
                }
                #expect(
                    evaluate(graph, outputs, inputs, kernels: variant.kernels) == interpret(graph, outputs, inputs),
                    "\(batches) \(m) \(n) \(k) \(transposesA) \(stage)")
            }
        }
    }

    /// Weights are packed once for all products that read them in one direction.
    @Test func packsOnce() {
        let graph = Graph()
        let a = graph.input("a", TensorType([5, 7]), .data), b = graph.input("b", TensorType([5, 7]), .data)
        let w = graph.input("w", TensorType([3, 7]), .parameters)
        let outputs = [
            a.product(w, transposeB: true), b.product(w, transposeB: true),
            a.product(w, transposeB: true).relu().product(w),
        ]
        let packings = Lowering(graph, outputs: outputs).items.filter {
            if case .kernel(let primitive) = $0.work { primitive is PackedMatrix } else { false }
        }
        #expect(packings.count == 2)
        #expect(packings.allSatisfy { $0.isCommon && $0.stage == .parameters })
    }

    /// A copy of a large matrix would count: it is read where it lies.
    @Test func packsNoLargeMatrix() {
        let graph = Graph()
        let a = graph.input("a", TensorType([5, 1025]), .data)
        let w = graph.input("w", TensorType([1024, 1025]), .parameters)
        let packings = Lowering(graph, outputs: [a.product(w, transposeB: true)]).items.filter {
            if case .kernel(let primitive) = $0.work { primitive is PackedMatrix } else { false }
        }
        #expect(packings.isEmpty)
    }

    /// Operands that are views have to be made dense first.
    @Test func productsOfViews() {
        let graph = Graph()
        let x = graph.input("x", TensorType([4, 6, 5]), .data)
        let a = x.permuted([1, 0, 2]).slice(0, from: 1, count: 3, step: 2)  // [3, 4, 5]
        let b = x.slice(0, from: 1, count: 3).slice(1, from: 2, count: 4)  // [3, 4, 5]
        let row = x.slice(0, from: 2, count: 1).slice(1, from: 3, count: 1).reshaped([1, 5]).broadcast([7, 5])
        let outputs = [
            a.product(b, transposeB: true), a.product(b, transposeA: true), row.product(row, transposeA: true),
        ]
        let inputs = [(x, integers(120))]
        for precision in Precision.allCases {
            #expect(evaluate(graph, outputs, inputs, precision) == interpret(graph, outputs, inputs))
        }
    }

    /// Heads of an attention, cut from one matrix, are read where they are; what no product can read is made dense.
    @Test(arguments: Variant.all) func readsViews(_ variant: Variant) {
        for (n, t, heads, width) in [(1, 1, 1, 1), (2, 5, 3, 7), (3, 17, 2, 32), (9, 4, 4, 8)] {
            let graph = Graph()
            let x = graph.input("x", TensorType([n * t, 3 * heads * width]), .data)
            let parts = (0..<3).map {
                x.reshaped([n, t, 3, heads, width]).slice(2, from: $0, count: 1).reshaped([n, t, heads, width])
                    .permuted([0, 2, 1, 3])
            }
            let y = graph.input("y", TensorType([n, t, heads, width]), .tangent).permuted([0, 2, 1, 3])
            let every = graph.input("z", TensorType([n, heads, 2 * t, width]), .data).slice(
                2, from: 0, count: t, step: 2)
            let outputs = [
                parts[0].product(parts[1], transposeB: true), parts[1].product(y, transposeA: true),
                y.product(y, transposeB: true), y.product(y, transposeB: true).product(y),
                every.product(y, transposeB: true), y.permuted([0, 1, 3, 2]).product(every),
                y.permuted([1, 0, 2, 3]).product(y.permuted([1, 0, 2, 3]), transposeB: true),
                y.permuted([2, 0, 3, 1]).product(y.permuted([2, 0, 1, 3])),
            ]
            let inputs = graph.nodes.indices.compactMap { id -> (Value, [Double])? in
                guard graph.nodes[id].primitive is Input else { return nil }
                let value = Value(graph: graph, id: id)
                return (value, integers(value.type.count, seed: UInt64(id + 1)))
            }
            #expect(
                evaluate(graph, outputs, inputs, kernels: variant.kernels) == interpret(graph, outputs, inputs),
                "\(n) \(t) \(heads) \(width)")
            let copies = Lowering(graph, outputs: [y.product(y, transposeB: true)]).items.count { $0.node == nil }
            #expect(copies == 0)
        }
    }
}
