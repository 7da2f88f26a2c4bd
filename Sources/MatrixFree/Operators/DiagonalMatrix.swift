/// diag(d): the operator whose spectrum is known before anything is computed.
public struct DiagonalMatrix: LinearOperator, Sendable {
    public let diagonal: [Double]
    public var dimension: Int { diagonal.count }

    public init(_ diagonal: [Double]) { self.diagonal = diagonal }

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
