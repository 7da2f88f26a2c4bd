import Tensors
import Testing

@testable import Autodiff

/// Matrix products against plain loops, on whole numbers: every way that work is shared out, with ragged blocks.
@Suite struct MatrixProductTests {
    /// Batches, m, n, k. More than 2¹⁸ products are shared out: by rows, by columns, or by parts of the sum.
    static let shapes: [(String, [Int], Int, Int, Int)] = [
        ("numbers", [], 1, 1, 1), ("small", [], 3, 5, 7), ("odd", [], 17, 33, 65), ("a column", [], 129, 1, 40),
        ("a row", [], 1, 130, 40), ("by rows", [], 301, 37, 41), ("by rows, square", [], 67, 65, 63),
        ("by columns", [], 5, 203, 401), ("by parts", [], 9, 11, 5003), ("by many parts", [], 3, 20, 7001),
        ("too few for parts", [], 50, 50, 130), ("few batches, by rows", [3], 260, 11, 131),
        ("few batches, by parts", [2], 13, 17, 1301), ("many batches", [3, 4], 13, 17, 19),
        ("many large batches", [9], 40, 40, 200),
    ]

    @Test(arguments: shapes.indices, Precision.allCases) func agreesWithPlainLoops(
        _ number: Int, _ precision: Precision
    ) {
        let (name, batches, m, n, k) = Self.shapes[number]
        for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
            let graph = Graph()
            let a = graph.input("a", TensorType(batches + (transposeA ? [k, m] : [m, k])), .data)
            let b = graph.input("b", TensorType(batches + (transposeB ? [n, k] : [k, n])), .parameters)
            let c = a.product(b, transposeA: transposeA, transposeB: transposeB)
            let inputs = [(a, integers(a.type.count, seed: 6)), (b, integers(b.type.count, seed: 7))]
            #expect(
                evaluate(graph, [c], inputs, precision) == interpret(graph, [c], inputs),
                "\(name) \(transposeA) \(transposeB)")
        }
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
}
