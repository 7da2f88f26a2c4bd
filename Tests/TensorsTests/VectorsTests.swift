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

    /// Vectors of more elements than BLAS can count are taken in parts.
    @Test func parts() {
        let random = RandomNumbers(seed: 7)
        let a = (0..<100).map { Double(Int(random.bits(at: $0) % 9) - 4) },
            b = (0..<100).map { Double(Int(random.bits(at: 100 + $0) % 9) - 4) }
        for most in [1, 7, 50, 99, 100, 101] {
            var lengths: [Int] = [], next = 0
            Vectors.forEachPart(of: 100, atMost: most) { start, length in
                #expect(start == next && length > 0 && length <= most)
                next += Int(length)
                lengths.append(Int(length))
            }
            #expect(next == 100 && lengths.count == (100 + most - 1) / most)
            #expect(Vectors.dot(a, b, atMost: most) == Vectors.dot(a, b))
            // The root of a whole number, to rounding.
            #expect(abs(Vectors.norm(a, atMost: most) - Vectors.norm(a)) < 1e-13)
            var (y, z) = (b, b)
            Vectors.add(-2, a, to: &y, atMost: most)
            Vectors.add(-2, a, to: &z)
            #expect(y == z)
            Vectors.scale(&y, by: 0.5, atMost: most)
            #expect(y == z.map { $0 / 2 })
        }
        // Signs of zero stay BLAS's.
        #expect(Vectors.dot([-0.0], [1]).sign == Vectors.dot([-0.0], [1], atMost: 1).sign)
        #expect(Vectors.dot([], []).sign == .plus && Vectors.dot([], []) == 0)
        Vectors.forEachPart(of: 5 << 30) { start, length in
            #expect(start % Int(Int32.max) == 0 && Int(length) == min(Int(Int32.max), 5 << 30 - start))
        }
    }

    @Test func normDoesNotOverflow() {
        // Powers of two scale exactly.
        #expect(abs(Vectors.norm([3 * 0x1p1000, 4 * 0x1p1000]) / 0x1p1000 - 5) < 1e-15)
        #expect(abs(Vectors.norm([3 * 0x1p-1000, 4 * 0x1p-1000]) / 0x1p-1000 - 5) < 1e-15)
        #expect(Vectors.norm([]) == 0)
    }
}
