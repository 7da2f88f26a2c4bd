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
