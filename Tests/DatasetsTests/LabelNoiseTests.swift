import Testing

@testable import Datasets

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
