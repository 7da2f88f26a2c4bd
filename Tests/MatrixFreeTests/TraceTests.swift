import Foundation
import Tensors
import Testing

@testable import MatrixFree

@Suite struct TraceTests {
    static let slow = Spectra.dense((0..<100).map { 10 / Double($0 + 1) })

    @Test func hutchinsonIsWithinFourStandardErrors() throws {
        let exact = (0..<100).map { 10 / Double($0 + 1) }.reduce(0, +)
        let norm = (0..<100).map { pow(10 / Double($0 + 1), 2) }.reduce(0, +).squareRoot()
        for seed in 0..<10 {
            let matrix = CountedOperator(Self.slow)
            let result = try Hutchinson(probes: 50, blockSize: 8, seed: UInt64(seed)).run(matrix)
            #expect(abs(result.trace.value - exact) < 4 * result.trace.standardError!)
            #expect(abs(result.frobeniusNorm.value - norm) < 4 * result.frobeniusNorm.standardError!)
            #expect(matrix.products == 50 && result.products == 50 && matrix.calls == 7)
        }
    }

    /// The variance of one Rademacher probe is 2Σ_{i≠j}H²ᵢⱼ, in closed form. Over 200 seeds of 20 probes: the mean squared
    /// error and the mean squared standard error both have to be that over 20. Each is a mean of 200 terms of relative
    /// spread about √2, so 10 % off at one standard deviation; 40 % is four.
    @Test func standardErrorsAreCalibrated() throws {
        let n = 60
        let values = (0..<n).map { 5 / Double($0 + 1) - 0.3 }
        let matrix = Spectra.dense(values)
        let exact = values.reduce(0, +)
        var variance = 0.0
        for j in 0..<n { for i in 0..<n where i != j { variance += 2 * pow(matrix.elements[i + j * n], 2) } }
        let expected = variance / 20
        var squaredError = 0.0
        var squaredStandardError = 0.0
        for seed in 0..<200 {
            let trace = try Hutchinson(probes: 20, seed: UInt64(seed)).run(matrix).trace
            squaredError += pow(trace.value - exact, 2) / 200
            squaredStandardError += pow(trace.standardError!, 2) / 200
        }
        #expect(abs(squaredError / expected - 1) < 0.4)
        #expect(abs(squaredStandardError / expected - 1) < 0.4)
    }

    /// A sign vector squares to ones: a diagonal matrix has no variance.
    @Test func signsAreExactOnDiagonalMatrices() throws {
        let result = try Hutchinson(probes: 4).run(DiagonalMatrix([1, -2, 3.5]))
        #expect(result.trace.value == 2.5)
        #expect(result.trace.standardError == 0 && result.trace.interval95 == 2.5...2.5)
        #expect(abs(result.frobeniusNorm.value - (1 + 4 + 12.25).squareRoot()) < 1e-15)
    }

    /// A fast decay is what Hutch++ is for; the claim of the paper, as a root mean square over 20 seeds at equal budget.
    @Test func hutchPlusPlusBeatsHutchinsonOnADecayingSpectrum() throws {
        let values = (0..<150).map { pow(Double($0 + 1), -2) }
        let matrix = Spectra.dense(values)
        let exact = values.reduce(0, +)
        var plain = 0.0
        var sketched = 0.0
        for seed in 0..<20 {
            let a = try Hutchinson(probes: 60, seed: UInt64(seed)).run(matrix)
            let b = try HutchPlusPlus(products: 60, seed: UInt64(seed)).run(matrix)
            #expect(a.products == 60 && b.products == 60 && b.probes == 20 && b.sketchRank == 20)
            plain += pow(a.trace.value - exact, 2)
            sketched += pow(b.trace.value - exact, 2)
            #expect(abs(b.trace.value - exact) < 5 * b.trace.standardError!)
        }
        #expect(sketched.squareRoot() < 0.2 * plain.squareRoot())
    }

    /// Rank 6 inside a sketch of 10: exact to rounding, and it says so. Eigenvalues of both signs, trace 5.
    @Test func hutchPlusPlusIsExactAtLowRank() throws {
        let spectrum = [9.0, 4, 1, -1, -3, -5] + [Double](repeating: 0, count: 74)
        let result = try HutchPlusPlus(products: 30).run(Spectra.dense(spectrum))
        #expect(result.sketchRank == 6)
        #expect(abs(result.trace.value - 5) < 1e-12)
        #expect(result.trace.standardError! < 1e-12)
        let squares = 81 + 16 + 1 + 1 + 9 + 25.0
        #expect(abs(result.frobeniusNorm.value - squares.squareRoot()) < 1e-12)
        // Not so with a sketch of five.
        let less = try HutchPlusPlus(products: 15).run(Spectra.dense(spectrum))
        #expect(less.trace.standardError! > 1e-3)
    }

    @Test func hutchPlusPlusOnAllOfTheSpaceIsExact() throws {
        let result = try HutchPlusPlus(products: 99).run(Spectra.dense([1, 2, -7, 4]))
        #expect(result.products == 4)
        #expect(result.probes == 0)
        #expect(abs(result.trace.value) < 1e-13)
        #expect(result.trace.standardError == 0)
        #expect(abs(result.frobeniusNorm.value - 70.0.squareRoot()) < 1e-13)
        #expect(result.trace.interval95 == result.trace.value...result.trace.value)
    }

    @Test func oneProbeHasNoStandardError() throws {
        let result = try Hutchinson(probes: 1).run(Self.slow)
        #expect(result.trace.standardError == nil)
        #expect(result.trace.interval95 == nil)
        #expect(try HutchPlusPlus(products: 3).run(Self.slow).trace.standardError == nil)
        #expect(throws: MatrixFreeError.self) { try HutchPlusPlus(products: 2).run(Self.slow) }
        #expect(throws: MatrixFreeError.self) { try Hutchinson(probes: 0).run(Self.slow) }
    }

    @Test func blockSizeDoesNotChangeTheResult() throws {
        let one = try HutchPlusPlus(products: 40, blockSize: 1, seed: 4).run(Self.slow)
        let seven = try HutchPlusPlus(products: 40, blockSize: 7, seed: 4).run(Self.slow)
        #expect(one == seven)
        #expect(
            try Hutchinson(probes: 9, blockSize: 1, seed: 2).run(Self.slow)
                == Hutchinson(probes: 9, blockSize: 7, seed: 2).run(Self.slow))
    }

    /// Tables of Student's t: the 97.5 % points.
    @Test(arguments: [
        (1, 12.7062047), (2, 4.3026527), (5, 2.5705818), (10, 2.2281389), (30, 2.0422725), (1000, 1.9623391),
    ])
    func studentQuantiles(_ degrees: Int, _ expected: Double) {
        let t = StudentDistribution(degreesOfFreedom: degrees)
        #expect(abs(t.quantile(0.975) - expected) < 1e-6)
        #expect(abs(t.quantile(0.025) + expected) < 1e-6)
        #expect(abs(t.cumulative(0) - 0.5) < 1e-15)
    }
}
