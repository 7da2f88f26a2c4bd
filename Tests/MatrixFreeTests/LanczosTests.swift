import Foundation
import Tensors
import Testing

@testable import MatrixFree

@Suite struct LanczosTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let spectrum: [Double]
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "flat", spectrum: Spectra.flat(120, -1, 1)),
        Case(name: "shifted far away", spectrum: Spectra.flat(120, 1000, 1001)),
        Case(name: "decaying", spectrum: Spectra.decaying(120, ratio: 0.8)),
        Case(name: "negative outliers", spectrum: [-40, -30, -20, -10, -5] + Spectra.flat(115, -1, 1)),
        Case(name: "negative definite", spectrum: Spectra.decaying(120, ratio: 0.9).map { -$0 }),
        Case(name: "clustered", spectrum: (0..<120).map { Double($0 / 20) + 1e-3 * Double($0 % 20) }),
        Case(name: "classifier", spectrum: Spectra.classifier(150)),
    ]

    /// Where the residual resolves the gap, every eigenvalue has to be the right one to residual²/gap (twice, because the
    /// theory has the gap to the Ritz value); otherwise some eigenvalue lies within the residual. Rounding: n·2⁻⁵²‖H‖.
    @Test(arguments: cases) func extremesMeetTheirBounds(_ test: Case) throws {
        let matrix = CountedOperator(Spectra.dense(test.spectrum))
        let exact = test.spectrum.sorted()
        let n = exact.count
        let norm = exact.map(abs).max()!
        let spread = exact[n - 1] - exact[0]
        var resolved = 0
        for tolerance in [1e-4, 1e-8] {
            let before = matrix.products
            let result = try Lanczos(largest: 5, smallest: 5, tolerance: tolerance).run(matrix)
            #expect(result.converged)
            #expect(result.products == matrix.products - before)
            #expect(result.products <= n)
            for i in 0..<5 {
                for (pair, k) in [(result.largest[i], n - 1 - i), (result.smallest[i], i)] {
                    let gap = [k - 1, k + 1].filter(exact.indices.contains).map { abs(exact[$0] - exact[k]) }.min()!
                    let rounding = Double(n) * 0x1p-52 * norm
                    if pair.residual < 0.25 * gap {
                        resolved += 1
                        #expect(abs(pair.value - exact[k]) <= 2 * pair.residual * pair.residual / gap + rounding)
                    } else {
                        #expect(exact.map { abs($0 - pair.value) }.min()! <= pair.residual + rounding)
                    }
                    let scale = max(min(abs(pair.value), spread), 1e-4 * spread)
                    #expect(pair.residual <= max(tolerance * scale, 64 * 0x1p-52 * norm))
                }
            }
            #expect(result.largestValues == result.largestValues.sorted(by: >))
            #expect(result.smallestValues == result.smallestValues.sorted())
        }
        // Only the low end of the two decaying spectra is too close to zero to be told apart.
        #expect(resolved >= 10)
    }

    /// The residual of the Lanczos relation is the true one: they differ by rounding, n·2⁻⁵²‖H‖.
    @Test(arguments: cases) func residualsAreTrue(_ test: Case) throws {
        let matrix = Spectra.dense(test.spectrum)
        let norm = test.spectrum.map(abs).max()!
        let result = try Lanczos(largest: 3, smallest: 2, tolerance: 1e-6).run(matrix)
        for (pair, x) in zip(result.largest + result.smallest, result.largestVectors + result.smallestVectors) {
            let true_ = Vectors.norm(Vectors.sum(matrix.apply(x), -pair.value, x))
            #expect(abs(true_ - pair.residual) < 1e-13 * norm)
            #expect(abs(Vectors.norm(x) - 1) < 1e-13)
        }
        let verified = try Lanczos(largest: 3, smallest: 2, tolerance: 1e-6, verifyResiduals: true).run(matrix)
        #expect(verified.residualKind == .verified)
        #expect(verified.products == result.products + 5)
        #expect(largestDifference(verified.largest.map(\.residual), result.largest.map(\.residual)) < 1e-13 * norm)
    }

    /// HQ = QT + βq eₘᵀ, column by column, and QᵀQ = I: to a few roundings of n numbers.
    @Test func decompositionHoldsItsRelation() throws {
        let matrix = Spectra.dense(Spectra.classifier(150))
        let d = try LanczosDecomposition(of: matrix, steps: 60, seed: 3)
        #expect(d.basis.count == 60)
        #expect(d.products == 60)
        #expect(KrylovBasisTests.defect(d.basis) < 1e-14)
        let next = try #require(d.next)
        #expect(d.basis.coefficients(of: next).map(abs).max()! < 1e-14)
        for j in 0..<60 {
            var column = [Double](repeating: 0, count: 60)
            column[j] = d.projection.diagonal[j]
            if j > 0 { column[j - 1] = d.projection.offDiagonal[j - 1] }
            if j < 59 { column[j + 1] = d.projection.offDiagonal[j] }
            var expected = d.basis.combination(column)
            if j == 59 { Vectors.add(d.coupling, next, to: &expected) }
            #expect(largestDifference(matrix.apply(d.basis.vector(j)), expected) < 1e-13)
        }
    }

    /// The space in which values have converged is handed out once, also after a restart; not where they have not.
    @Test func spaceOfTheValues() throws {
        let matrix = Spectra.dense(Spectra.classifier(150))
        for limit in [8 * 150 * 6, 4 << 30] {
            var calls = 0
            let found = try Lanczos(memoryLimit: limit, seed: 3).run(
                matrix,
                space: { space in
                    calls += 1
                    // The top of the projection is the operator's, by the tolerance's square.
                    let x = space.basis.combination(try space.projection.eigendecomposition().vectors.last!)
                    let exact = try matrix.eigendecomposition().values.last!
                    #expect(abs(Vectors.dot(x, matrix.apply(x)) - exact) < 1e-6 * exact)
                })
            #expect(calls == 1 && (found.restarts > 0) == (limit < 1 << 20))
        }
        _ = try Lanczos(seed: 3).run(
            matrix, progress: { _ in false }, space: { _ in Issue.record("handed out without convergence") })
    }

    /// With all of the space the Ritz values are the eigenvalues, as LAPACK's dense solver has them.
    @Test func fullRankIsExact() throws {
        let n = 40
        let matrix = Spectra.dense(Spectra.flat(n, -3, 2))
        let dense = try matrix.eigendecomposition().values
        let result = try Lanczos(largest: n + 7, smallest: n).run(matrix)
        #expect(result.converged)
        #expect(result.products == n)
        #expect(largestDifference(result.smallestValues, dense) < 1e-13)
        #expect(largestDifference(result.largestValues, dense.reversed()) < 1e-13)
    }

    @Test func smallestCases() throws {
        let one = try Lanczos(largest: 3, smallest: 1).run(DiagonalMatrix([-2.5]))
        #expect(one.largestValues == [-2.5])
        #expect(one.smallestValues == [-2.5])
        #expect(one.converged)
        #expect(one.products == 1)
        #expect(abs(one.largestVectors[0][0]) == 1)

        let two = try Lanczos(largest: 2, smallest: 2).run(DiagonalMatrix([1, -1]))
        #expect(largestDifference(two.largestValues, [1, -1]) < 1e-15)
        #expect(largestDifference(two.smallestValues, [-1, 1]) < 1e-15)
        #expect(two.products == 2)
    }

    @Test func zeroOperator() throws {
        let result = try Lanczos(largest: 2, smallest: 2).run(DiagonalMatrix([Double](repeating: 0, count: 30)))
        #expect(result.converged)
        #expect(result.largestValues == [0, 0])
        #expect(result.smallestValues == [0, 0])
        #expect(result.products <= 5)
    }

    /// One Krylov space holds one vector of each eigenspace; the others come from random restarts at breakdown.
    @Test func repeatedEigenvaluesAreAllFound() throws {
        let spectrum = [5, 5, 5, 4, 4, 2] + [Double](repeating: 1, count: 40) + [-3, -3]
        for matrix in [Spectra.dense(spectrum, seed: 1), Spectra.dense(spectrum, seed: 2)] {
            let result = try Lanczos(largest: 6, smallest: 3).run(matrix)
            #expect(result.converged)
            #expect(result.breakdowns > 0)
            #expect(largestDifference(result.largestValues, [5, 5, 5, 4, 4, 2]) < 1e-12)
            #expect(largestDifference(result.smallestValues, [-3, -3, 1]) < 1e-12)
            for i in 0..<6 {
                for j in 0..<6 {
                    let product = Vectors.dot(result.largestVectors[i], result.largestVectors[j])
                    #expect(abs(product - (i == j ? 1 : 0)) < 1e-12)
                }
            }
        }
        // The identity breaks down at every step.
        let identity = try Lanczos(largest: 4).run(DiagonalMatrix([Double](repeating: 7, count: 50)))
        #expect(largestDifference(identity.largestValues, [7, 7, 7, 7]) < 1e-14)
        #expect(identity.converged)
        #expect(identity.products <= 5)
    }

    /// Least squares with three outputs: H = (XᵀX/n) ⊗ I₃ repeats every eigenvalue three times, and converges long before
    /// its Krylov space is exhausted.
    @Test func copiesOutsideTheKrylovSpaceAreFoundOnRequest() throws {
        let distinct = (0..<60).map { 10 / Double($0 + 1) }
        let spectrum = distinct.flatMap { [$0, $0, $0] }
        let matrix = CountedOperator(Spectra.dense(spectrum))
        let plain = try Lanczos(largest: 7).run(matrix)
        let before = matrix.products
        let full = try Lanczos(largest: 7, multiplicities: true).run(matrix)
        #expect(plain.converged && plain.largest[2].value < 9)
        #expect(full.converged)
        // Rounding may have brought some of the five copies into the Krylov space.
        #expect((1...5).contains(full.foundOutside))
        #expect(full.products == matrix.products - before)
        #expect(largestDifference(full.largestValues, [10, 10, 10, 5, 5, 5, 10 / 3.0]) < 1e-6)
        // Both ends, the low one dense, with a Krylov space so large that rounding alone finds the copies at the top.
        let both = try Lanczos(largest: 7, smallest: 3, tolerance: 1e-5, multiplicities: true).run(matrix)
        let isDone = both.converged
        #expect(isDone)
        #expect(largestDifference(both.largestValues, [10, 10, 10, 5, 5, 5, 10 / 3.0]) < 1e-9)
        #expect(largestDifference(both.smallestValues, [10 / 60.0, 10 / 60.0, 10 / 60.0]) < 1e-7)
        for (pair, x) in zip(full.largest, full.largestVectors) {
            #expect(Vectors.norm(Vectors.sum(matrix.base.apply(x), -pair.value, x)) <= 2e-4 * pair.value)
            #expect(full.largestVectors.count { abs(Vectors.dot($0, x)) > 1e-8 } == 1)
        }
    }

    /// Zero eighty times over, the low end of a matrix of rank twenty.
    @Test func copiesOfZeroAreFoundOnRequest() throws {
        let spectrum = Spectra.decaying(20, ratio: 0.7) + [Double](repeating: 0, count: 80)
        let result = try Lanczos(largest: 2, smallest: 4, tolerance: 1e-6, multiplicities: true).run(
            Spectra.dense(spectrum))
        #expect(result.converged)
        #expect(result.smallestValues.map(abs).max()! < 1e-9)
        #expect(largestDifference(result.largestValues, [1, 0.7]) < 1e-10)
    }

    /// Without copies the search costs products and changes nothing.
    @Test func searchingForCopiesThatAreNotThere() throws {
        let spectrum = Spectra.classifier(300).enumerated().map { $1 + 1e-6 * Double($0) }
        let matrix = DiagonalMatrix(spectrum)
        let plain = try Lanczos(largest: 3, smallest: 3, tolerance: 1e-8).run(matrix)
        let searched = try Lanczos(largest: 3, smallest: 3, tolerance: 1e-8, multiplicities: true).run(matrix)
        #expect(searched.converged && searched.foundOutside == 0)
        #expect(searched.largest == plain.largest && searched.smallest == plain.smallest)
        #expect(searched.products > plain.products && searched.products < 2 * plain.products)
        let short = try Lanczos(
            largest: 3, smallest: 3, tolerance: 1e-8, maximumProducts: plain.products + 2, multiplicities: true
        ).run(matrix)
        #expect(!short.converged)
    }

    /// A start inside an invariant subspace must not hide what is outside it.
    @Test func startingAtAnEigenvectorStillFindsTheLargest() throws {
        let n = 60
        let matrix = DiagonalMatrix(Spectra.flat(n, 1, 60))
        var start = [Double](repeating: 0, count: n)
        start[3] = 2
        let result = try Lanczos(largest: 1, smallest: 1, tolerance: 1e-8).run(matrix, start: start)
        #expect(result.converged)
        #expect(result.breakdowns == 1)
        #expect(abs(result.largest[0].value - 60) < 1e-10)
        #expect(abs(result.smallest[0].value - 1) < 1e-10)
    }

    /// λ = 0 is held to tolerance · floor · spread, which Float64 can reach; relative to itself it never would be. The zeros
    /// differ only by multiplicity, which a Krylov space that is not exhausted sees once.
    @Test func rankDeficientOperatorConvergesAtZero() throws {
        let spectrum = Spectra.decaying(20, ratio: 0.7) + [Double](repeating: 0, count: 80)
        let result = try Lanczos(largest: 3, smallest: 1, tolerance: 1e-6).run(Spectra.dense(spectrum))
        #expect(result.converged)
        #expect(result.products < 30)
        #expect(abs(result.smallest[0].value) < 1e-10)
    }

    @Test func budgetThatIsTooSmallIsNotConverged() throws {
        let matrix = Spectra.dense(Spectra.flat(200, 0, 1))
        let result = try Lanczos(largest: 3, smallest: 3, tolerance: 1e-8, maximumProducts: 20).run(matrix)
        #expect(!result.converged)
        #expect(result.products == 20)
        #expect(result.largest.count == 3)
        // Still true statements: an eigenvalue lies within every residual.
        let exact = Spectra.flat(200, 0, 1)
        for pair in result.largest + result.smallest {
            #expect(exact.map { abs($0 - pair.value) }.min()! <= pair.residual + 1e-13)
            #expect(!pair.converged)
        }
    }

    @Test func progressStopsTheRunAndKeepsWhatIsThere() throws {
        var seen: [LanczosProgress] = []
        let result = try Lanczos(largest: 2, tolerance: 1e-10).run(Spectra.dense(Spectra.flat(200, 0, 1))) {
            seen.append($0)
            return $0.products < 12
        }
        #expect(result.products == 12)
        #expect(!result.converged)
        #expect(seen.map(\.products) == Array(1...12))
        #expect(seen[11].largest > seen[5].largest)
    }

    @Test func errorsOfTheOperatorReachTheCaller() {
        struct Cancelled: Error {}
        struct Failing: LinearOperator {
            let dimension = 50
            func apply(_ x: [Double]) throws -> [Double] { throw Cancelled() }
        }
        #expect(throws: Cancelled.self) { try Lanczos().run(Failing()) }
    }

    @Test func unusableArguments() {
        let matrix = DiagonalMatrix([1, 2, 3])
        #expect(throws: MatrixFreeError.self) { try Lanczos(largest: 0, smallest: 0).run(matrix) }
        #expect(throws: MatrixFreeError.self) { try Lanczos(tolerance: 0).run(matrix) }
        #expect(throws: MatrixFreeError.self) { try Lanczos().run(matrix, start: [0, 0, 0]) }
        #expect(throws: MatrixFreeError.self) { try Lanczos().run(matrix, start: [1, 2]) }
    }

    @Test func sameSeedSameBits() throws {
        let matrix = Spectra.dense(Spectra.classifier(150))
        let a = try Lanczos(largest: 3, smallest: 3, seed: 9).run(matrix)
        let b = try Lanczos(largest: 3, smallest: 3, seed: 9).run(matrix)
        let c = try Lanczos(largest: 3, smallest: 3, seed: 10).run(matrix)
        #expect(a.largest == b.largest && a.largestVectors == b.largestVectors)
        #expect(a.largestVectors != c.largestVectors)
        let decoded = try JSONDecoder().decode(SpectrumExtremes.self, from: JSONEncoder().encode(a))
        #expect(decoded.largest == a.largest && decoded.products == a.products)
    }
}
