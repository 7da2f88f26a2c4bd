import Foundation
import Tensors
import Testing

@testable import MatrixFree

@Suite struct PowerIterationTests {
    /// The error of the value is at most residual²/gap for an isolated one.
    @Test func findsDominantValuesOneAfterAnother() throws {
        let matrix = CountedOperator(Spectra.dense([10, 7, 4, -2] + Spectra.flat(40, -1, 1)))
        let result = try PowerIteration(count: 3, target: .largestMagnitude, tolerance: 1e-6).run(matrix)
        #expect(result.converged)
        #expect(result.products == matrix.products)
        #expect(result.shift == 0)
        // (1e-6·10)²/3 = 3e-11.
        #expect(largestDifference(result.eigenvalues.map(\.value), [10, 7, 4]) < 1e-10)
        for (pair, x) in zip(result.eigenvalues, result.vectors) {
            let residual = Vectors.norm(Vectors.sum(matrix.base.apply(x), -pair.value, x))
            #expect(abs(residual - pair.residual) < 1e-6)
        }
        #expect(result.eigenvalues[0].residual <= 1e-6 * 10)
    }

    @Test func algebraicEndsAreNotThoseOfLargestMagnitude() throws {
        let spectrum = [-9.0, 5, 3] + Spectra.flat(30, -1, 1)
        let matrix = Spectra.dense(spectrum)
        let magnitude = try PowerIteration(target: .largestMagnitude, tolerance: 1e-5).run(matrix)
        let largest = try PowerIteration(count: 2, target: .largestAlgebraic, tolerance: 1e-5).run(matrix)
        let smallest = try PowerIteration(target: .smallestAlgebraic, tolerance: 1e-5).run(matrix)
        // (1e-5·9)²/4 = 2e-9.
        #expect(abs(magnitude.eigenvalues[0].value + 9) < 1e-8)
        #expect(largestDifference(largest.eigenvalues.map(\.value), [5, 3]) < 1e-8)
        #expect(abs(smallest.eigenvalues[0].value + 9) < 1e-8)
        #expect(largest.shift > 8.9 && smallest.shift == 0)
        #expect(largest.converged && smallest.converged && magnitude.converged)
        let mirrored = try PowerIteration(count: 2, target: .smallestAlgebraic, tolerance: 1e-5).run(
            AffineOperator(matrix, scale: -1))
        #expect(largestDifference(mirrored.eigenvalues.map(\.value), [-5, -3]) < 1e-8)
    }

    /// λ₂/λ₁ = 0.999: from the first step on λ changes by less than 1e-3 of itself, while the vector is nowhere near. A test on
    /// |Δλ| at that tolerance would stop within some steps; the residual does not allow it.
    @Test func stopsOnTheResidualNotOnTheChangeOfTheValue() throws {
        let matrix = DiagonalMatrix([1, 0.999, 0.998] + Spectra.flat(20, 0, 0.5))
        let tolerance = 1e-4
        var x = RandomNumbers(seed: 5).normals(matrix.dimension)
        let result = try PowerIteration(tolerance: tolerance, maximumIterations: 20_000).run(matrix, start: x)
        #expect(result.converged)
        #expect(result.eigenvalues[0].residual <= tolerance * result.eigenvalues[0].value)

        Vectors.scale(&x, by: 1 / Vectors.norm(x))
        var last = Double.infinity
        var naive = 0
        while true {
            naive += 1
            let y = matrix.apply(x)
            let value = Vectors.dot(x, y)
            if abs(value - last) <= tolerance * abs(value) {
                #expect(Vectors.norm(Vectors.sum(y, -value, x)) > 2 * tolerance * value)
                break
            }
            last = value
            x = y.map { $0 / Vectors.norm(y) }
        }
        #expect(result.eigenvalues[0].iterations > 10 * naive)
    }

    /// The value is that of the vector returned and of the last product, not of the step before (a known bug of another tool).
    @Test(arguments: [1, 2, 5]) func returnsTheLastValue(_ iterations: Int) throws {
        let matrix = Spectra.dense([10, 9, 4, -2] + Spectra.flat(40, -1, 1))
        let result = try PowerIteration(target: .largestMagnitude, tolerance: 1e-12, maximumIterations: iterations).run(
            matrix)
        let x = result.vectors[0], quotient = Vectors.dot(x, matrix.apply(x))
        #expect(abs(result.eigenvalues[0].value - quotient) < 1e-13 && result.products == iterations)
        if iterations > 1 {
            let before = try PowerIteration(
                target: .largestMagnitude, tolerance: 1e-12, maximumIterations: iterations - 1
            ).run(matrix)
            #expect(abs(before.eigenvalues[0].value - quotient) > 1e-3)
        }
    }

    @Test func valuesOfBothSignsAndEqualSizeDoNotConverge() throws {
        let matrix = Spectra.dense([4, -4, 1, 0.5, 0])
        let result = try PowerIteration(target: .largestMagnitude, maximumIterations: 200).run(matrix)
        #expect(!result.converged)
        #expect(result.products == 200)
        let largest = try PowerIteration(target: .largestAlgebraic, maximumIterations: 200).run(matrix)
        #expect(largest.converged)
        #expect(abs(largest.eigenvalues[0].value - 4) < 1e-6)
    }

    @Test func zeroOperatorAndMoreThanTheDimension() throws {
        let zero = try PowerIteration(count: 5).run(DiagonalMatrix([0, 0, 0]))
        #expect(zero.converged)
        #expect(zero.eigenvalues.map(\.value) == [0, 0, 0])
        #expect(throws: MatrixFreeError.self) { try PowerIteration(count: 0).run(DiagonalMatrix([1])) }
        #expect(throws: MatrixFreeError.self) { try PowerIteration().run(DiagonalMatrix([1, 2]), start: [0, 0]) }
    }
}
