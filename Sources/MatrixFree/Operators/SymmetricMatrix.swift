import COpenBLAS
import Tensors

/// A dense symmetric matrix: the small case in which everything can be checked.
public struct SymmetricMatrix: LinearOperator, Sendable {
    /// P, the number of rows and columns.
    public let dimension: Int
    /// dimension × dimension, one column after the other.
    public let elements: [Double]

    /// - Parameter elements: dimension² numbers; the matrix used is their symmetric part.
    /// - Precondition: there are dimension² elements.
    public init(dimension: Int, elements: [Double]) {
        precondition(elements.count == dimension * dimension, "\(elements.count) elements, expected \(dimension)²")
        self.dimension = dimension
        var symmetric = elements
        for j in 0..<dimension {
            for i in 0..<j {
                let mean = 0.5 * (elements[i + j * dimension] + elements[j + i * dimension])
                symmetric[i + j * dimension] = mean
                symmetric[j + i * dimension] = mean
            }
        }
        self.elements = symmetric
    }

    /// Hx (BLAS's dsymv).
    ///
    /// - Precondition: x has `dimension` numbers.
    public func apply(_ x: [Double]) -> [Double] {
        precondition(x.count == dimension, "apply: \(x.count) numbers, expected \(dimension)")
        BLAS.prepare()
        var y = [Double](repeating: 0, count: dimension)
        let n = blasInt(dimension)
        cblas_dsymv(CblasColMajor, CblasUpper, n, 1, elements, n, x, 1, 0, &y, 1)
        return y
    }

    /// All eigenvalues, ascending, and the orthonormal eigenvectors that belong to them (LAPACK's dsyev).
    ///
    /// - Throws: `MatrixFreeError` where the iteration fails or the matrix is beyond what LAPACK counts.
    public func eigendecomposition() throws(MatrixFreeError) -> (values: [Double], vectors: [[Double]]) {
        BLAS.prepare()
        var n = try blasCount(dimension)
        var a = elements
        var values = [Double](repeating: 0, count: dimension)
        var work = [Double](repeating: 0, count: max(1, 34 * dimension))
        var workCount = try blasCount(work.count)
        var info: Int32 = 0
        var lda = max(1, n)
        dsyev_("V", "U", &n, &a, &lda, &values, &work, &workCount, &info)
        guard info == 0 else { throw .eigensolverFailed(size: dimension) }
        return (values, (0..<dimension).map { Array(a[($0 * dimension)..<(($0 + 1) * dimension)]) })
    }
}
