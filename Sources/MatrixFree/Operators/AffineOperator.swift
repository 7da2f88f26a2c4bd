import Tensors

/// aH + bI: H scaled and shifted. The eigenvectors stay; every eigenvalue λ becomes aλ + b.
public struct AffineOperator<Base: LinearOperator>: LinearOperator {
    public let base: Base
    /// a.
    public let scale: Double
    /// b.
    public let shift: Double
    public var dimension: Int { base.dimension }

    public init(_ base: Base, scale: Double = 1, shift: Double = 0) {
        self.base = base
        self.scale = scale
        self.shift = shift
    }

    public func apply(_ x: [Double]) throws -> [Double] { finish(try base.apply(x), x) }

    public func apply(block: [[Double]]) throws -> [[Double]] { zip(try base.apply(block: block), block).map(finish) }

    private func finish(_ product: [Double], _ x: [Double]) -> [Double] {
        var y = product
        Vectors.scale(&y, by: scale)
        Vectors.add(shift, x, to: &y)
        return y
    }
}
