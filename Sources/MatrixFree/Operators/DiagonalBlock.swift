/// A diagonal block of H: its rows and columns of one range.
public struct DiagonalBlock<Base: LinearOperator>: LinearOperator {
    /// H.
    public let base: Base
    /// The block's rows and columns.
    public let range: Range<Int>
    /// The number of coordinates in `range`.
    public var dimension: Int { range.count }

    /// - Precondition: `range` lies within 0 ..< `base.dimension`.
    public init(_ base: Base, _ range: Range<Int>) {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= base.dimension, "a block \(range) of \(base.dimension)")
        (self.base, self.range) = (base, range)
    }

    /// The block's product with x: one product of H with x padded by zeros.
    ///
    /// - Parameter x: `dimension` numbers.
    public func apply(_ x: [Double]) throws -> [Double] { try apply(block: [x])[0] }

    /// The block's products with several vectors, by one block of products of H.
    public func apply(block: [[Double]]) throws -> [[Double]] {
        let padded = block.map { x in
            precondition(x.count == range.count, "apply: \(x.count) numbers, expected \(range.count)")
            var whole = [Double](repeating: 0, count: base.dimension)
            whole.replaceSubrange(range, with: x)
            return whole
        }
        return try base.apply(block: padded).map { Array($0[range]) }
    }
}
