import Foundation
import Tensors
import Testing

@testable import MatrixFree

@Suite struct ThickRestartTests {
    /// After every restart the relation HQ = QT + βq eₘᵀ still holds, T still is tridiagonal, Q still orthonormal.
    @Test func relationSurvivesRestarts() throws {
        let n = 150
        let matrix = Spectra.dense(Spectra.classifier(n))
        var process = try LanczosProcess(
            basis: KrylovBasis(dimension: n, capacity: 24), start: nil, random: RandomNumbers(seed: 1),
            rounding: 0x1p-52)
        for round in 0..<4 {
            while !process.isFull { try process.step { matrix.apply($0) } }
            if round < 3 { try process.restart(keepingSettled: [], active: Array(0..<6) + Array(17..<24)) }
        }
        #expect(KrylovBasisTests.defect(process.basis) < 1e-14)
        let next = try #require(process.next)
        let m = process.count
        for j in 0..<m {
            var column = [Double](repeating: 0, count: m)
            column[j] = process.projection.diagonal[j]
            if j > 0 { column[j - 1] = process.projection.offDiagonal[j - 1] }
            if j < m - 1 { column[j + 1] = process.projection.offDiagonal[j] }
            var expected = process.basis.combination(column)
            if j == m - 1 { Vectors.add(process.coupling, next, to: &expected) }
            #expect(largestDifference(matrix.apply(process.basis.vector(j)), expected) < 1e-13)
        }
    }

    /// A small memory changes the products needed, not the answer: both runs are within residual²/gap of the truth.
    @Test(arguments: [14, 20, 40]) func smallMemoryGivesTheSameEigenvalues(_ vectors: Int) throws {
        let spectrum = Spectra.classifier(400)
        let matrix = DiagonalMatrix(spectrum)
        let exact = spectrum.sorted()
        let free = try Lanczos(largest: 5, smallest: 5, tolerance: 1e-7, maximumProducts: 400).run(matrix)
        let bound = try Lanczos(
            largest: 5, smallest: 5, tolerance: 1e-7, maximumProducts: 20_000, memoryLimit: vectors * 8 * 400
        ).run(matrix)
        #expect(free.restarts == 0 && free.converged)
        #expect(bound.restarts > 0 && bound.converged)
        #expect(bound.basisSize <= vectors)
        #expect(bound.products > free.products)
        // r ≤ 1e-7·0.033, gap ≥ 2e-4: r²/gap = 6e-14; rounding of 1e-14 on top.
        for result in [free, bound] {
            #expect(largestDifference(result.smallestValues, Array(exact[0..<5])) < 2e-13)
            #expect(largestDifference(result.largestValues, exact.suffix(5).reversed()) < 2e-13)
        }
        for (pair, x) in zip(bound.largest + bound.smallest, bound.largestVectors + bound.smallestVectors) {
            let residual = Vectors.norm(Vectors.sum(matrix.apply(x), -pair.value, x))
            #expect(abs(residual - pair.residual) < 1e-12)
        }
    }

    /// What memory has no room for lies in a file.
    @Test(arguments: [0, 5, 8]) func memoryForLessThanTheRequest(_ vectors: Int) throws {
        let matrix = Spectra.dense(Spectra.classifier(100))
        let found = try Lanczos(largest: 3, smallest: 3, memoryLimit: vectors * 800).run(matrix)
        let free = try Lanczos(largest: 3, smallest: 3).run(matrix)
        #expect(found.converged && found.basisSize <= 24)
        #expect(largestDifference(found.largestValues, free.largestValues) < 1e-6)
        #expect(largestDifference(found.smallestValues, free.smallestValues) < 1e-6)
    }

    /// A trust region's Krylov space, which is never restarted, has the same bits in a file.
    @Test func trustRegionInAFile() throws {
        let matrix = Spectra.dense(Spectra.classifier(100)), gradient = RandomNumbers(seed: 4).normals(100)
        let settings = GeneralizedLanczosTrustRegion(radius: 0.5)
        var least = settings
        least.memoryLimit = 0
        let (free, filed) = (try settings.run(matrix, gradient: gradient), try least.run(matrix, gradient: gradient))
        #expect(free.converged && filed.converged && abs(free.value - filed.value) < 1e-9 * free.value)
    }
}
