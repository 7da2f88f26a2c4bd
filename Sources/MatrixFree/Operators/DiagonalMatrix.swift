/// diag(d): the operator whose spectrum is known before anything is computed.
public struct DiagonalMatrix: LinearOperator, Sendable {
    /// d, P numbers: the eigenvalues.
    public let diagonal: [Double]
    /// P, the number of rows and columns.
    public var dimension: Int { diagonal.count }

    /// The matrix with the given diagonal and zeros elsewhere.
    public init(_ diagonal: [Double]) { self.diagonal = diagonal }

    /// dᵢxᵢ.
    ///
    /// - Precondition: x has `dimension` numbers.
    public func apply(_ x: [Double]) -> [Double] {
        precondition(x.count == diagonal.count, "apply: \(x.count) numbers, expected \(diagonal.count)")
        var y = x
        y.withUnsafeMutableBufferPointer { y in
            diagonal.withUnsafeBufferPointer { d in
                for i in 0..<y.count { y[i] *= d[i] }
            }
        }
        return y
    }
}
