import Testing

@testable import Datasets

@Suite struct StandardizationTests {
    private let small = Dataset(
        name: "small", inputs: .doubles([1, 2, 3, 4, 5, 6]), exampleShape: [2], targets: .classes([0, 1, 2], count: 3))

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
