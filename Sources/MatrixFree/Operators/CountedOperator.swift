/// Counts the products made with another operator, and the calls they came in.
public final class CountedOperator<Base: LinearOperator>: LinearOperator {
    /// The operator that multiplies.
    public let base: Base
    /// Vectors multiplied.
    public private(set) var products = 0
    /// Calls of either form of `apply`.
    public private(set) var calls = 0
    /// That of `base`.
    public var dimension: Int { base.dimension }

    /// Starts to count at 0.
    public init(_ base: Base) { self.base = base }

    /// The product of `base`; adds one product and one call.
    public func apply(_ x: [Double]) throws -> [Double] {
        products += 1
        calls += 1
        return try base.apply(x)
    }

    /// The products of `base`; adds a product for each vector and one call.
    public func apply(block: [[Double]]) throws -> [[Double]] {
        products += block.count
        calls += 1
        return try base.apply(block: block)
    }
}
