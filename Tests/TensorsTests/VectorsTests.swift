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

    /// Long vectors are taken in chunks: sums of whole numbers are exact, and those of others have the same bits for any number of
    /// threads.
    @Test(arguments: [-1, 0, 1, Vectors.chunk - 1, 3 * Vectors.chunk + 5]) func longVectors(_ more: Int) {
        let count = Vectors.leastLong + more, random = RandomNumbers(seed: 7)
        let a = (0..<count).map { Double(Int(random.bits(at: $0) % 9) - 4) },
            b = (0..<count).map { Double(Int(random.bits(at: count + $0) % 9) - 4) }
        #expect(Vectors.dot(a, b) == zip(a, b).reduce(0) { $0 + $1.0 * $1.1 })
        // The root of a whole number, to rounding.
        let norm = a.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(abs(Vectors.norm(a) - norm) < 1e-13 * norm)
        var y = b
        Vectors.add(-2, a, to: &y)
        #expect(y == zip(a, b).map { $1 - 2 * $0 })
        #expect(Vectors.sum(b, -2, a) == y)
        Vectors.scale(&y, by: 0.5)
        #expect(y == zip(a, b).map { ($1 - 2 * $0) / 2 })
        #expect(Vectors.product(a, b) == zip(a, b).map { $0 * $1 })
        y = b
        a.map { Float($0) }.withUnsafeBytes { x in
            y.withUnsafeMutableBufferPointer { Vectors.add(x.baseAddress!, as: .float, to: $0) }
        }
        #expect(y == zip(a, b).map { $0 + $1 })
        for place in [0, count / 2, count - 1] {
            var broken = a
            broken[place] = .nan
            #expect(Vectors.isFinite(a) && !Vectors.isFinite(broken))
        }
    }

    /// One pass over fresh memory has the bits of a sum of one term that is scaled, −0 and NaN among them.
    @Test(arguments: [1, 33, Vectors.leastLong + 7, 17 * Vectors.part + 3]) func storedNumbers(_ count: Int) {
        var x = RandomNumbers(seed: 9).normals(count)
        (x[0], x[count / 2], x[count - 1]) = (-0.0, -.infinity, count == 1 ? -0.0 : .nan)
        let single = x.map { Float($0) }
        func check(_ x: UnsafeRawPointer, _ precision: Precision) {
            var sum = Vectors.zeros(count)
            sum.withUnsafeMutableBufferPointer { Vectors.add(x, as: precision, to: $0) }
            Vectors.scale(&sum, by: 1.0 / 3)
            let stored = Vectors.written(count) {
                Vectors.store(x, as: precision, times: 1.0 / 3, in: $0)
                return count
            }
            #expect(zip(stored, sum).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN })
        }
        x.withUnsafeBytes { check($0.baseAddress!, .double) }
        single.withUnsafeBytes { check($0.baseAddress!, .float) }
        #expect(Vectors.written(0) { _ in 1 } == [])
    }

    @Test func longVectorsHaveTheSameBitsForAnyThreads() {
        let before = Threads.count
        defer { Threads.count = before }
        let count = Vectors.leastLong + 1234, random = RandomNumbers(seed: 8)
        let a = random.normals(count), b = random.named("b").normals(count)
        let results = [1, 2, 3].map { threads in
            Threads.count = threads
            return [Vectors.dot(a, b), Vectors.norm(a)] + Vectors.sum(a, 0.3, b) + Vectors.product(a, b)
        }
        #expect(results[0] == results[1] && results[0] == results[2])
        #expect(abs(results[0][1] - Double(count).squareRoot()) < 5)
    }

    @Test func normDoesNotOverflow() {
        // Powers of two scale exactly.
        #expect(abs(Vectors.norm([3 * 0x1p1000, 4 * 0x1p1000]) / 0x1p1000 - 5) < 1e-15)
        #expect(abs(Vectors.norm([3 * 0x1p-1000, 4 * 0x1p-1000]) / 0x1p-1000 - 5) < 1e-15)
        #expect(Vectors.norm([]) == 0 && Vectors.dot([], []) == 0 && Vectors.isFinite([]))
        // 2¹⁸ equal numbers have 2⁹ times the norm of one.
        for size in [0x1p1000, 0x1p-1000] {
            #expect(Vectors.norm([Double](repeating: size, count: 1 << 18)) / size == 512)
        }
    }
}
