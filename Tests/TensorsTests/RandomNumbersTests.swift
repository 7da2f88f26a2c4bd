import Foundation
import Testing

@testable import Tensors

@Suite struct RandomNumbersTests {
    /// Known answers of Philox4x32-10 from the Random123 distribution's kat_vectors.
    @Test func philoxKnownAnswers() {
        let zero = RandomNumbers(seed: 0).block(0)
        #expect(zero == (0xe169_c58d_6627_e8d5, 0x9b00_dbd8_bc57_ac4c))
        let ones = RandomNumbers(seed: .max, stream: .max).block(.max)
        #expect(UInt32(truncatingIfNeeded: ones.0) == 0x408f_276d)
        #expect(UInt32(truncatingIfNeeded: ones.0 >> 32) == 0x41c8_3b0e)
        #expect(UInt32(truncatingIfNeeded: ones.1) == 0xa20b_c7c6)
        #expect(UInt32(truncatingIfNeeded: ones.1 >> 32) == 0x6d54_51fd)
    }

    @Test func momentsOfNormals() {
        let n = 100_000
        let x = RandomNumbers(seed: 3).normals(n)
        let mean = x.reduce(0, +) / Double(n)
        let variance = x.reduce(0) { $0 + $1 * $1 } / Double(n)
        // Standard errors 1/√n and √(2/n); four of them.
        #expect(abs(mean) < 4 / Double(n).squareRoot())
        #expect(abs(variance - 1) < 4 * (2 / Double(n)).squareRoot())
    }

    @Test func permutationHoldsEveryIndexOnce() {
        let p = RandomNumbers(seed: 1).permutation(1000)
        #expect(p.sorted() == Array(0..<1000))
        #expect(p != Array(0..<1000))
    }

    @Test func namedStreamsDiffer() {
        let base = RandomNumbers(seed: 5)
        #expect(base.named("init").bits(at: 0) != base.named("shuffle").bits(at: 0))
        #expect(base.named("init") == base.named("init"))
    }
}
