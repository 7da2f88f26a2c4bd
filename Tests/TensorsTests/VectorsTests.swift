import Testing

@testable import Tensors

@Suite struct VectorsTests {
    /// Against plain loops on whole numbers: equality, for lengths around those of vector registers.
    @Test(arguments: [1, 2, 7, 8, 9, 31, 33, 1000]) func agreesWithPlainLoops(_ count: Int) {
        let random = RandomNumbers(seed: 6)
        let a = (0..<count).map { Double(Int(random.bits(at: $0) % 9) - 4) },
            b = (0..<count).map { Double(Int(random.bits(at: count + $0) % 9) - 4) }
        #expect(Vectors.dot(a, b) == zip(a, b).reduce(0) { $0 + $1.0 * $1.1 })
        var y = b
        Vectors.add(-2, a, to: &y)
        #expect(y == zip(a, b).map { $1 - 2 * $0 })
        #expect(Vectors.sum(b, -2, a) == y)
        Vectors.scale(&y, by: 0.5)
        #expect(y == zip(a, b).map { ($1 - 2 * $0) / 2 })
    }

    @Test func normDoesNotOverflow() {
        // Powers of two scale exactly.
        #expect(abs(Vectors.norm([3 * 0x1p1000, 4 * 0x1p1000]) / 0x1p1000 - 5) < 1e-15)
        #expect(abs(Vectors.norm([3 * 0x1p-1000, 4 * 0x1p-1000]) / 0x1p-1000 - 5) < 1e-15)
        #expect(Vectors.norm([]) == 0)
    }
}
