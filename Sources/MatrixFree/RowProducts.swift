import COpenBLAS
import Tensors

/// Inner products of the rows of two dense matrices.
public enum RowProducts {
    /// C ← C + A Bᵀ, C row by row.
    ///
    /// - Parameters:
    ///   - a: the rows of A, one after the other.
    ///   - b: the rows of B, as many and as long.
    ///   - count: how many rows each has.
    ///   - sums: has C, count² numbers, from `first` on.
    /// - Throws: `MatrixFreeError` where they are beyond what BLAS counts.
    /// - Precondition: matrices of these sizes.
    public static func add(_ a: [Double], _ b: [Double], count: Int, to sums: inout [Double], from first: Int = 0)
        throws(MatrixFreeError)
    {
        precondition(
            a.count == b.count && sums.count >= first + count * count
                && (count == 0 ? a.isEmpty : a.count % count == 0),
            "\(a.count) and \(b.count) numbers in \(count) rows, \(sums.count) products")
        guard !a.isEmpty else { return }
        BLAS.prepare()
        let n = try blasCount(count), width = try blasCount(a.count / count)
        sums.withUnsafeMutableBufferPointer {
            cblas_dgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, n, n, width, 1, a, width, b, width, 1,
                $0.baseAddress! + first, n)
        }
    }
}
