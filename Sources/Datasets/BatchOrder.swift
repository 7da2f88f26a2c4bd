import Tensors

/// The examples of each batch of an epoch.
///
/// The same seed and epoch give the same batches on any machine, so an interrupted training continues exactly.
public struct BatchOrder: Sendable, Equatable {
    /// All examples, in the order they are visited.
    public let order: [Int]
    /// Examples of a batch; the last one may have fewer.
    public let batchSize: Int
    /// Number of batches.
    public let count: Int

    /// A new shuffle for every epoch.
    ///
    /// - Parameter dropsLast: whether a last batch of fewer examples is left out. It stays where it is the only one.
    /// - Precondition: `batchSize` is positive and `epoch` not negative.
    public init(count examples: Int, batchSize: Int, seed: UInt64, epoch: Int, dropsLast: Bool = false) {
        precondition(epoch >= 0, "epoch \(epoch)")
        let numbers = RandomNumbers(seed: seed, stream: UInt64(epoch)).named("batch order")
        self.init(order: numbers.permutation(examples), batchSize: batchSize, dropsLast: dropsLast)
    }

    /// The data's own order, for evaluation and analysis.
    ///
    /// - Precondition: `batchSize` is positive.
    public init(count examples: Int, batchSize: Int) {
        self.init(order: Array(0..<examples), batchSize: batchSize, dropsLast: false)
    }

    private init(order: [Int], batchSize: Int, dropsLast: Bool) {
        precondition(batchSize > 0, "a batch of \(batchSize) examples")
        self.order = order
        self.batchSize = batchSize
        let whole = order.count / batchSize
        count = dropsLast && whole > 0 ? whole : (order.count + batchSize - 1) / batchSize
    }

    /// The examples of a batch.
    ///
    /// - Precondition: there is such a batch.
    public subscript(batch: Int) -> ArraySlice<Int> {
        precondition(batch >= 0 && batch < count, "batch \(batch) of \(count)")
        return order[(batch * batchSize)..<min((batch + 1) * batchSize, order.count)]
    }
}
