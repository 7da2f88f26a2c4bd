import Objectives

/// What was evaluated at one point of a slice.
public struct SlicePoint: Sendable, Equatable {
    /// L and the accuracy.
    public let evaluation: Evaluation
    /// On the other split of the data, where that is asked for.
    public let other: Evaluation?

    /// - Parameter other: on the other split; nil where that is not asked for.
    public init(_ evaluation: Evaluation, other: Evaluation? = nil) {
        (self.evaluation, self.other) = (evaluation, other)
    }
}

/// One of several equal parts of a slice, for computing it on several machines: every `count`-th point.
public struct SliceShard: Sendable, Equatable {
    /// 1...count.
    public let number: Int
    /// How many parts there are.
    public let count: Int

    /// - Precondition: a number from 1 to `count`.
    public init(_ number: Int, of count: Int) {
        precondition(count >= 1 && (1...count).contains(number), "shard \(number) of \(count)")
        (self.number, self.count) = (number, count)
    }

    /// Whether a point of the grid belongs to this part.
    public func contains(_ index: Int) -> Bool { index % count == number - 1 }
}
