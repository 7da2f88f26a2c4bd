import Testing

@testable import Tensors

@Suite struct StoredVectorTests {
    /// Lengths around those from which vectors are taken in chunks on all threads.
    private static let lengths = [0, 1, 1000, Vectors.leastLong, Vectors.leastLong + Vectors.chunk / 2 + 1]

    private static func floats(_ count: Int, times size: Float = 1) -> [Float] {
        var values = RandomNumbers(seed: 3).normals(count).map { Float($0) * size }
        if count > 1 { (values[0], values[1]) = (-0.0, 0.0) }
        return values
    }

    private static func stored(_ values: [Float], times scale: Double? = nil) -> StoredVector {
        let buffer = Buffer(byteCount: 4 * values.count)
        buffer.store(values, from: 0)
        return StoredVector(buffer, count: values.count, times: scale)
    }

    /// Norms and parts of numbers in Float32 have the bits of those of the vector, before and after somebody asks for it.
    @Test(arguments: lengths) func hasTheBitsOfTheVector(_ count: Int) {
        let values = Self.floats(count)
        for scale in [nil, 1 / 3.0] {
            let vector = values.map { value in scale.map { (0 + Double(value)) * $0 } ?? Double(value) }
            let stored = Self.stored(values, times: scale), part = count / 3..<count
            for _ in 0..<2 {
                #expect(stored.norm.bitPattern == Vectors.norm(vector).bitPattern)
                #expect(stored.numbers(part).map(\.bitPattern) == vector[part].map(\.bitPattern))
                #expect(stored.vector.map(\.bitPattern) == vector.map(\.bitPattern))
            }
        }
    }

    /// Squares of the smallest and the largest numbers leave the range of Float64 after they are multiplied.
    @Test(arguments: [0x1p-600, 0x1p600]) func normDoesNotOverflow(_ scale: Double) {
        let count = Vectors.leastLong
        let stored = Self.stored([Float](repeating: 1, count: count), times: scale)
        #expect(stored.norm == Vectors.norm([Double](repeating: scale, count: count)))
        #expect(abs(stored.norm / scale - Double(count).squareRoot()) < 1e-9)
    }

    @Test func givesFloatsUntilTheVectorIsAskedFor() {
        let stored = Self.stored([1, 2.5])
        #expect(stored.floats != nil && stored.fitsFloat)
        #expect(stored.vector == [1, 2.5] && stored.floats == nil && stored.fitsFloat)
        #expect(Self.stored([1], times: 0.5).floats == nil)
        #expect(!StoredVector([1, 0.1]).fitsFloat && StoredVector([.nan, .infinity, 0.5]).fitsFloat)
    }
}
