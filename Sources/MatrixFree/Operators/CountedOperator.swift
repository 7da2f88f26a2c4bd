/// Counts the products made with another operator, and the calls they came in.
public final class CountedOperator<Base: LinearOperator>: LinearOperator {
    public let base: Base
    /// Vectors multiplied.
    public private(set) var products = 0
    /// Calls of either form of `apply`.
    public private(set) var calls = 0
    public var dimension: Int { base.dimension }

    public init(_ base: Base) { self.base = base }

    public func apply(_ x: [Double]) throws -> [Double] {
        products += 1
        calls += 1
        return try base.apply(x)
    }

    public func apply(block: [[Double]]) throws -> [[Double]] {
        products += block.count
        calls += 1
        return try base.apply(block: block)
    }
}
