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
}
