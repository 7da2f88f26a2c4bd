import COpenBLAS
import Foundation
import Tensors

/// A real symmetric tridiagonal matrix T: what Lanczos reduces an operator to.
public struct Tridiagonal: Sendable, Codable, Equatable {
    /// T's diagonal, m numbers.
    public private(set) var diagonal: [Double]
    /// T's two other diagonals, m − 1 numbers.
    public private(set) var offDiagonal: [Double]
    /// m, the number of rows and columns.
    public var size: Int { diagonal.count }

    /// - Precondition: `offDiagonal` has one number fewer than `diagonal`, or none where that has none.
    public init(diagonal: [Double] = [], offDiagonal: [Double] = []) {
        precondition(offDiagonal.count == max(0, diagonal.count - 1), "tridiagonal: shape")
        self.diagonal = diagonal
        self.offDiagonal = offDiagonal
    }

    /// Adds a row and column, coupled to the last one.
    mutating func append(_ value: Double, coupling: Double) {
        if !diagonal.isEmpty { offDiagonal.append(coupling) }
        diagonal.append(value)
    }

    /// The matrix of rows and columns `range`.
    func block(_ range: Range<Int>) -> Tridiagonal {
        if range.isEmpty { return Tridiagonal() }
        return Tridiagonal(
            diagonal: Array(diagonal[range]), offDiagonal: Array(offDiagonal[range.lowerBound..<(range.upperBound - 1)])
        )
    }

    /// T x.
    func product(_ x: [Double]) -> [Double] {
        var y = zip(diagonal, x).map { $0 * $1 }
        for (i, coupling) in offDiagonal.enumerated() {
            y[i] += coupling * x[i + 1]
            y[i + 1] += coupling * x[i]
        }
        return y
    }

    /// Eigenvalues, ascending, with their orthonormal eigenvectors, m numbers each (LAPACK's dstev, O(m³)).
    ///
    /// - Throws: `MatrixFreeError` where the iteration fails or m is beyond what LAPACK counts.
    public func eigendecomposition() throws(MatrixFreeError) -> (values: [Double], vectors: [[Double]]) {
        BLAS.prepare()
        var m = try blasCount(size)
        var d = diagonal
        var e = offDiagonal + [0]
        var z = [Double](repeating: 0, count: max(1, size * size))
        var work = [Double](repeating: 0, count: max(1, 2 * size))
        var info: Int32 = 0
        var ldz = max(1, m)
        dstev_("V", &m, &d, &e, &z, &ldz, &work, &info)
        guard info == 0 else { throw .eigensolverFailed(size: size) }
        return (d, (0..<size).map { Array(z[($0 * size)..<(($0 + 1) * size)]) })
    }

    /// Eigenvalues, ascending, with the first and the last component of every eigenvector and nothing else: O(m²),
    /// which is what a residual, a quadrature weight or a secular equation needs.
    ///
    /// Implicit QL iteration (Golub & Welsch 1969, doi:10.1090/S0025-5718-69-99647-1; LAPACK's dsteqr is the same) on
    /// the first and last row of the identity.
    ///
    /// - Throws: `MatrixFreeError.eigensolverFailed` where the iteration does not end, which finite numbers do not
    ///   cause.
    public func ritzValues() throws(MatrixFreeError) -> RitzValues {
        let m = size
        var d = diagonal
        var e = offDiagonal + [0]
        var first = [Double](repeating: 0, count: m)
        var last = first
        if m > 0 {
            first[0] = 1
            last[m - 1] = 1
        }
        for low in 0..<m {
            var iterations = 0
            while true {
                // The block that starts at `low` ends where the coupling is lost in rounding.
                var high = low
                while high < m - 1 {
                    let scale = abs(d[high]) + abs(d[high + 1])
                    if scale + abs(e[high]) == scale { break }
                    high += 1
                }
                if high == low { break }
                iterations += 1
                guard iterations <= 100 else { throw .eigensolverFailed(size: m) }
                var g = (d[low + 1] - d[low]) / (2 * e[low])
                var r = hypot(g, 1)
                g = d[high] - d[low] + e[low] / (g + (g < 0 ? -r : r))
                var s = 1.0
                var c = 1.0
                var p = 0.0
                var split = false
                for i in stride(from: high - 1, through: low, by: -1) {
                    let f = s * e[i]
                    let b = c * e[i]
                    r = hypot(f, g)
                    e[i + 1] = r
                    if r == 0 {
                        d[i + 1] -= p
                        e[high] = 0
                        split = true
                        break
                    }
                    s = f / r
                    c = g / r
                    g = d[i + 1] - p
                    r = (d[i] - g) * s + 2 * c * b
                    p = s * r
                    d[i + 1] = g + p
                    g = c * r - b
                    (first[i], first[i + 1]) = (c * first[i] - s * first[i + 1], s * first[i] + c * first[i + 1])
                    (last[i], last[i + 1]) = (c * last[i] - s * last[i + 1], s * last[i] + c * last[i + 1])
                }
                if split { continue }
                d[low] -= p
                e[low] = g
                e[high] = 0
            }
        }
        let order = (0..<m).sorted { d[$0] < d[$1] }
        return RitzValues(values: order.map { d[$0] }, first: order.map { first[$0] }, last: order.map { last[$0] })
    }
}

/// Eigenvalues θ, ascending, of a tridiagonal T and two components of their eigenvectors y.
public struct RitzValues: Sendable, Codable, Equatable {
    /// θ, m numbers, ascending.
    public let values: [Double]
    /// The first component of every y; its square is the weight of the value in Gauss quadrature.
    public let first: [Double]
    /// The last component of every y; times the next coupling it is the residual ‖Hx − θx‖ of the Ritz vector x.
    public let last: [Double]
}
