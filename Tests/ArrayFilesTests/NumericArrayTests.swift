import Testing

@testable import ArrayFiles

@Suite struct NumericArrayTests {
    @Test func refusesWhatIsNotWhole() throws {
        #expect(throws: NumericArrayError.notIntegral(index: 1, value: 2.5)) { try NumericArray([1, 2.5]).integers() }
        #expect(throws: NumericArrayError.notIntegral(index: 0, value: 1e300)) { try NumericArray([1e300]).integers() }
        let large = try NumericArray(shape: [1], type: .uint64, bytes: [UInt8](repeating: 255, count: 8))
        #expect(throws: NumericArrayError.integerTooLarge(index: 0, value: .max)) { try large.integers() }
        #expect(throws: NumericArrayError.self) { try NumericArray([Float.nan]).integers() }
    }

    @Test func countsBytesWithoutOverflow() {
        #expect(NumericArray.byteCount(shape: [], size: 4) == 4)
        #expect(NumericArray.byteCount(shape: [0, 5], size: 4) == 0)
        #expect(NumericArray.byteCount(shape: [0, -1], size: 4) == nil)
        #expect(NumericArray.byteCount(shape: [.max, 0], size: 4) == nil)
        #expect(NumericArray.byteCount(shape: [1 << 61], size: 4) == nil)
        #expect(NumericArray([1.0, 2]).reshaped([2, 1])?.shape == [2, 1])
        #expect(NumericArray([1.0, 2]).reshaped([3]) == nil)
    }
}
