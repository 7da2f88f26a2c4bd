import Testing

@testable import Datasets

@Suite struct BatchOrderTests {
    @Test func visitsEveryExampleOnce() {
        let order = BatchOrder(count: 10, batchSize: 4, seed: 3, epoch: 0)
        #expect(order.count == 3 && order[2].count == 2)
        #expect((0..<3).flatMap { order[$0] }.sorted() == Array(0..<10))
        #expect(order == BatchOrder(count: 10, batchSize: 4, seed: 3, epoch: 0))
        #expect(order != BatchOrder(count: 10, batchSize: 4, seed: 3, epoch: 1))
        #expect(order != BatchOrder(count: 10, batchSize: 4, seed: 4, epoch: 0))
        #expect(BatchOrder(count: 10, batchSize: 4, seed: 3, epoch: 0, dropsLast: true).count == 2)
        #expect(BatchOrder(count: 3, batchSize: 4, seed: 3, epoch: 0, dropsLast: true).count == 1)
        #expect(BatchOrder(count: 0, batchSize: 4).count == 0)
        #expect(Array(BatchOrder(count: 5, batchSize: 2)[2]) == [4])
    }
}

@Suite struct BatchSequenceTests {
    /// Step by step, and from any step on, the batches of each epoch's own order.
    @Test(arguments: [true, false]) func isEveryEpochsOrder(_ dropsLast: Bool) {
        let orders = (0..<3).map { BatchOrder(count: 11, batchSize: 4, seed: 5, epoch: $0, dropsLast: dropsLast) }
        let expected = orders.flatMap { order in (0..<order.count).map { Array(order[$0]) } }
        var all = BatchSequence(count: 11, batchSize: 4, seed: 5, dropsLast: dropsLast)
        #expect(expected.indices.map { all.batch($0) } == expected)
        var late = BatchSequence(count: 11, batchSize: 4, seed: 5, dropsLast: dropsLast)
        #expect(late.batch(expected.count - 1) == expected.last)
        #expect(late.batch(0) == expected[0])
    }
}
