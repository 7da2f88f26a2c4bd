/// The batches of one epoch after another, each shuffled anew, by the number of the step.
public struct BatchSequence: Sendable {
    private let examples: Int, seed: UInt64, dropsLast: Bool
    private var epoch = 0, current: BatchOrder

    /// As many batches an epoch as `BatchOrder` has.
    ///
    /// - Parameter dropsLast: whether a last batch of fewer examples is left out. It stays where it is the only one.
    /// - Precondition: `batchSize` is positive.
    public init(count examples: Int, batchSize: Int, seed: UInt64, dropsLast: Bool) {
        (self.examples, self.seed, self.dropsLast) = (examples, seed, dropsLast)
        current = BatchOrder(count: examples, batchSize: batchSize, seed: seed, epoch: 0, dropsLast: dropsLast)
    }

    /// The examples of a step's batch.
    ///
    /// - Precondition: a step of at least 0, and examples.
    public mutating func batch(_ step: Int) -> [Int] {
        let (next, place) = step.quotientAndRemainder(dividingBy: current.count)
        if next != epoch {
            epoch = next
            current = BatchOrder(
                count: examples, batchSize: current.batchSize, seed: seed, epoch: epoch, dropsLast: dropsLast)
        }
        return Array(current[place])
    }
}
