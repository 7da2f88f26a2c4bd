import Tensors

/// aH + bI: H scaled and shifted. The eigenvectors stay; every eigenvalue λ becomes aλ + b.
public struct AffineOperator<Base: LinearOperator>: LinearOperator {
    /// H.
    public let base: Base
    /// a.
    public let scale: Double
    /// b.
    public let shift: Double
    /// That of H.
    public var dimension: Int { base.dimension }

    /// - Parameters:
    ///   - base: H.
    ///   - scale: a; 1 leaves H.
    ///   - shift: b; 0 leaves H.
    public init(_ base: Base, scale: Double = 1, shift: Double = 0) {
        self.base = base
        self.scale = scale
        self.shift = shift
    }

    /// aHx + bx, with one product of H.
    public func apply(_ x: [Double]) throws -> [Double] { finish(try base.apply(x), x) }

    /// aHx + bx of several vectors, with one block of products of H.
    public func apply(block: [[Double]]) throws -> [[Double]] { zip(try base.apply(block: block), block).map(finish) }

    private func finish(_ product: [Double], _ x: [Double]) -> [Double] {
        var y = product
        Vectors.scale(&y, by: scale)
        Vectors.add(shift, x, to: &y)
        return y
    }
}
