/// op(A) op(B) of the last two dimensions, where op transposes or not; leading dimensions are equal and taken pairwise.
/// Lowering makes a `ProductSum` of it, which is what is evaluated.
struct MatrixProduct: Primitive {
    let transposesA: Bool, transposesB: Bool
    var name: String { "matrix product" }

    func type(of operands: [TensorType]) -> TensorType {
        let (a, b) = (operands[0].shape, operands[1].shape)
        let rank = a.count
        precondition(rank >= 2 && rank == b.count && a.dropLast(2) == b.dropLast(2), "matrix product of \(a) and \(b)")
        let (m, k) = transposesA ? (a[rank - 1], a[rank - 2]) : (a[rank - 2], a[rank - 1])
        let (l, n) = transposesB ? (b[rank - 1], b[rank - 2]) : (b[rank - 2], b[rank - 1])
        precondition(k == l, "matrix product of \(a) and \(b): inner extents \(k) and \(l)")
        return TensorType(a.dropLast(2) + [m, n])
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { multilinear(operands, tangents) }

    func transpose(_ operands: [Value], _ g: Value, _ index: Int) -> Value {
        let (a, b) = (operands[0], operands[1])
        switch (index, index == 0 ? transposesA : transposesB) {
        case (0, false): return g.product(b, transposeB: !transposesB)
        case (0, true): return b.product(g, transposeA: transposesB, transposeB: true)
        case (_, false): return a.product(g, transposeA: !transposesA)
        case (_, true): return g.product(a, transposeA: true, transposeB: transposesA)
        }
    }
}
