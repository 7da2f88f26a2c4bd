import Testing

@testable import Datasets

@Suite struct DatasetTests {
    private let small = Dataset(
        name: "small", inputs: .doubles([1, 2, 3, 4, 5, 6]), exampleShape: [2], targets: .classes([0, 1, 2], count: 3))

    @Test func takesSubsets() throws {
        #expect(small.subset([2, 0, 2]).inputs == .doubles([5, 6, 1, 2, 5, 6]))
        #expect(small.subset([2, 0, 2]).targets == .classes([2, 0, 2], count: 3))
        #expect(try small.prefix(2).labels == [0, 1])
        #expect(try small.prefix(3) == small)
        #expect(throws: DatasetError.self) { try small.prefix(4) }
        #expect(throws: DatasetError.self) { try small.prefix(0) }
        var floats = [Float](repeating: 0, count: 4)
        floats.withUnsafeMutableBufferPointer { small.copyInputs(of: [1, 2], to: $0) }
        #expect(floats == [3, 4, 5, 6] && small.floatInputs == [1, 2, 3, 4, 5, 6])
        var doubles = [Double](repeating: 0, count: 2)
        doubles.withUnsafeMutableBufferPointer { small.copyInputs(of: 2..<3, to: $0) }
        #expect(doubles == [5, 6])
    }

    @Test func standardizesEachChannel() throws {
        let images = Dataset(
            name: "images", inputs: .floats([1, 3, 10, 10, 5, 7, 10, 10]), exampleShape: [2, 1, 2],
            targets: .classes([0, 1], count: 2))
        let standardization = try Standardization(of: images)
        let root5 = (5.0).squareRoot()
        // 1 3 5 7: mean 4, variance (9 + 1 + 1 + 9)/4 = 5. The second channel is constant.
        #expect(standardization.mean == [4, 10] && standardization.deviation == [root5, 1])
        let result = try images.standardized(by: standardization).doubleInputs
        #expect(result[2] == 0 && result[7] == 0)
        for (index, value) in [(0, -3.0), (1, -1), (4, 1), (5, 3)] {
            #expect(abs(result[index] - value / root5) < 1e-7)
        }
        #expect(try Standardization(of: small).mean == [3, 4])
        #expect(throws: DatasetError.self) { try small.standardized(by: .init(mean: [0], deviation: [1])) }
        let tokens = Dataset(name: "t", inputs: .tokens([1]), exampleShape: [1], targets: .values([1], width: 1))
        #expect(throws: DatasetError.self) { try Standardization(of: tokens) }
    }
}

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

@Suite struct LabelNoiseTests {
    @Test func changesExactlyTheFractionToOtherClasses() throws {
        let labels = (0..<1000).map { Int32($0 % 4) }
        let clean = Dataset(
            name: "c", inputs: .floats([Float](repeating: 0, count: 1000)), exampleShape: [1],
            targets: .classes(labels, count: 4))
        let noisy = try clean.withLabelNoise(0.3, seed: 1)
        let changed = try #require(noisy.labels)
        #expect(zip(labels, changed).count { $0 != $1 } == 300)
        #expect(changed.allSatisfy { (0..<4).contains($0) })
        // Each of the three other classes gets about 100 of 300: within four deviations, √(300·⅓·⅔) ≈ 8.2.
        for step in 1...3 {
            let count = zip(labels, changed).count { Int32(($0 + Int32(step)) % 4) == $1 }
            #expect(abs(count - 100) < 33)
        }
        #expect(try clean.withLabelNoise(0.3, seed: 1) == noisy)
        #expect(try clean.withLabelNoise(0.3, seed: 2) != noisy)
        #expect(try clean.withLabelNoise(0, seed: 1) == clean)
        #expect(throws: DatasetError.self) { try clean.withLabelNoise(1.5, seed: 1) }
        #expect(throws: DatasetError.self) { try clean.withLabelNoise(.nan, seed: 1) }
        #expect(throws: DatasetError.self) {
            try DataSpecification.chebyshev(degree: 3).load().withLabelNoise(0.1, seed: 1)
        }
    }
}

@Suite struct AugmentationTests {
    @Test func movesAndMirrorsAsItsChoiceSays() {
        let shape = [2, 5, 6]
        let original = (1...60).map { Float($0) }
        let augmentation = Augmentation(padding: 2, seed: 7)
        var seen: Set<String> = []
        for example in 0..<500 {
            var image = original
            image.withUnsafeMutableBufferPointer {
                augmentation.apply(to: $0, shape: shape, epoch: 3, example: example)
            }
            let (down, right, isMirrored) = augmentation.choice(epoch: 3, example: example)
            seen.insert("\(down) \(right) \(isMirrored)")
            #expect(abs(down) <= 2 && abs(right) <= 2)
            for channel in 0..<2 {
                for row in 0..<5 {
                    for column in 0..<6 {
                        let (y, x) = (row + down, (isMirrored ? 5 - column : column) + right)
                        let isInside = (0..<5).contains(y) && (0..<6).contains(x)
                        let truth = isInside ? original[channel * 30 + y * 6 + x] : 0
                        #expect(image[channel * 30 + row * 6 + column] == truth)
                    }
                }
            }
        }
        // All 5 · 5 · 2 choices occur.
        #expect(seen.count == 50)
        let still = Augmentation(padding: 0, mirrors: false, seed: 1).choice(epoch: 0, example: 5)
        #expect(still.down == 0 && still.right == 0 && !still.isMirrored)
    }
}
