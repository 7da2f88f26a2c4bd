import CKernels
import COpenBLAS
import Tensors

/// op(A) op(B) of the last two dimensions, where op transposes or not; leading dimensions are equal and taken pairwise.
struct MatrixProduct: KernelPrimitive {
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

    /// How a product is shared among threads: blocks of rows or columns, or, where both are few, of the sum.
    /// It depends on the shape alone.
    private struct Blocks {
        var rows = 1, columns = 1, parts = 1

        init(_ m: Int, _ n: Int, _ k: Int, batches: Int) {
            guard batches < 8, m * n * k > 1 << 18 else { return }
            if m >= 256 || m >= n && m >= 64 {
                rows = min(32, max(2, m / 128))
            } else if n >= 64 {
                columns = min(32, max(2, n / 128))
            } else if k >= 512 {
                parts = min(16, k / 256)
            }
        }
    }

    private func extents(_ a: TensorType, _ b: TensorType) -> (batches: Int, m: Int, n: Int, k: Int) {
        let rank = a.shape.count
        let (m, k) = transposesA ? (a.shape[rank - 1], a.shape[rank - 2]) : (a.shape[rank - 2], a.shape[rank - 1])
        return (a.shape.dropLast(2).reduce(1, *), m, transposesB ? b.shape[rank - 2] : b.shape[rank - 1], k)
    }

    func operations(_ operands: [TensorType]) -> Int {
        let (batches, m, n, k) = extents(operands[0], operands[1])
        return 2 * batches * m * n * k
    }

    func workspaceBytes(_ operands: [TensorType], _ kernels: Kernels) -> Int {
        let (batches, m, n, k) = extents(operands[0], operands[1])
        let blocks = Blocks(m, n, k, batches: batches)
        return blocks.parts > 1 ? batches * blocks.parts * m * n * kernels.precision.size : 0
    }

    func evaluate(_ call: KernelCall) {
        let (batches, m, n, k) = extents(call.operandTypes[0], call.operandTypes[1])
        let blocks = Blocks(m, n, k, batches: batches)
        let size = call.kernels.precision.size
        let (lda, ldb) = (transposesA ? m : k, transposesB ? k : n)
        let perBatch = blocks.rows * blocks.columns * blocks.parts
        BLAS.prepare()
        Threads.forEach(batches * perBatch) { task, _ in
            let (batch, block) = (task / perBatch, task % perBatch)
            func range(_ extent: Int, _ count: Int) -> Range<Int> {
                let i = count == 1 ? 0 : block
                return (extent * i / count)..<(extent * (i + 1) / count)
            }
            let (i, j, l) = (range(m, blocks.rows), range(n, blocks.columns), range(k, blocks.parts))
            let a =
                call.operands[0]
                + (batch * m * k + (transposesA ? l.lowerBound * m + i.lowerBound : i.lowerBound * k + l.lowerBound))
                * size
            let b =
                call.operands[1]
                + (batch * n * k + (transposesB ? j.lowerBound * k + l.lowerBound : l.lowerBound * n + j.lowerBound))
                * size
            let c =
                blocks.parts > 1
                ? call.workspace + task * m * n * size
                : call.result + (batch * m * n + i.lowerBound * n + j.lowerBound) * size
            if transposesA || transposesB {
                gemm(call.kernels.precision, i.count, j.count, l.count, a, lda, b, ldb, c, n)
            } else {
                var q = ls_matrix(
                    m: Int64(i.count), n: Int64(j.count), k: Int64(l.count), lda: Int64(lda), ldb: Int64(ldb),
                    ldc: Int64(n))
                call.kernels.table.matrix(&q, a, b, c)
            }
        }
        guard blocks.parts > 1 else { return }
        for batch in 0..<batches {
            let offset = batch * m * n * size
            call.kernels.table.add_parts(
                Int64(m * n), Int64(blocks.parts), call.workspace + offset * blocks.parts, call.result + offset)
        }
    }

    /// OpenBLAS, for matrices that are read across their rows: it packs both.
    private func gemm(
        _ precision: Precision, _ m: Int, _ n: Int, _ k: Int, _ a: UnsafeRawPointer, _ lda: Int, _ b: UnsafeRawPointer,
        _ ldb: Int,
        _ c: UnsafeMutableRawPointer, _ ldc: Int
    ) {
        let (ta, tb) = (transposesA ? CblasTrans : CblasNoTrans, transposesB ? CblasTrans : CblasNoTrans)
        switch precision {
        case .float:
            cblas_sgemm(
                CblasRowMajor, ta, tb, blasInt(m), blasInt(n), blasInt(k), 1, a.assumingMemoryBound(to: Float.self),
                blasInt(lda),
                b.assumingMemoryBound(to: Float.self), blasInt(ldb), 0, c.assumingMemoryBound(to: Float.self),
                blasInt(ldc))
        case .double:
            cblas_dgemm(
                CblasRowMajor, ta, tb, blasInt(m), blasInt(n), blasInt(k), 1, a.assumingMemoryBound(to: Double.self),
                blasInt(lda),
                b.assumingMemoryBound(to: Double.self), blasInt(ldb), 0, c.assumingMemoryBound(to: Double.self),
                blasInt(ldc))
        }
    }
}
