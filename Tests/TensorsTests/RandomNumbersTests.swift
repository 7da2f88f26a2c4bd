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

    /// Any element by itself, in any order, is the one of the sequence.
    @Test func elementsDoNotDependOnOrder() {
        let random = RandomNumbers(seed: 9, stream: 4)
        let forward = random.normals(1001), signs = random.signs(1001)
        for i in random.permutation(1001) {
            #expect(random.normal(at: i) == forward[i])
            #expect(random.sign(at: i) == signs[i])
        }
        #expect(random.normals(10) == Array(forward[..<10]))
        // Parts of several threads, the last of them ragged.
        #expect(random.normals(40_001) == (0..<40_001).map(random.normal(at:)))
    }

    /// Seeds, streams, names and neighbouring elements give different numbers.
    @Test func sequencesDiffer() {
        let sequences = [
            RandomNumbers(seed: 1), RandomNumbers(seed: 2), RandomNumbers(seed: 1, stream: 1),
            RandomNumbers(seed: 1).named("a"),
            RandomNumbers(seed: 1, stream: 1).named("a"), RandomNumbers(seed: 1).named("a").named("b"),
        ]
        #expect(Set(sequences.flatMap { random in (0..<100).map(random.bits(at:)) }).count == 600)
    }

    @Test func uniformNumbersFillTheUnitInterval() {
        let n = 100_000
        let random = RandomNumbers(seed: 8)
        let x = (0..<n).map(random.uniform(at:))
        #expect(x.allSatisfy { $0 >= 0 && $0 < 1 })
        // Ten bins with standard deviation √(n · 0.1 · 0.9); five of them.
        for bin in 0..<10 {
            let count = x.filter { Int($0 * 10) == bin }.count
            #expect(abs(Double(count) - Double(n) / 10) < 5 * (Double(n) * 0.09).squareRoot())
        }
    }

    /// Neighbours are uncorrelated, also the two that one block of Box and Muller's transform gives: four standard errors 1/√n.
    @Test func neighboursAreUncorrelated() {
        let x = RandomNumbers(seed: 5).normals(100_000)
        for lag in 1...3 {
            let correlation = zip(x, x.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 } / Double(x.count)
            #expect(abs(correlation) < 4 / Double(x.count).squareRoot())
        }
    }

    /// All permutations of three are about equally likely: each of six within five standard deviations.
    @Test func permutationsAreUniform() {
        var counts: [[Int]: Int] = [:]
        let n = 6000
        for seed in 0..<n { counts[RandomNumbers(seed: UInt64(seed)).permutation(3), default: 0] += 1 }
        #expect(counts.count == 6)
        for count in counts.values { #expect(abs(Double(count) - 1000) < 5 * (Double(n) * 5 / 36).squareRoot()) }
        #expect(RandomNumbers(seed: 1).permutation(0) == [] && RandomNumbers(seed: 1).permutation(1) == [0])
    }
}
