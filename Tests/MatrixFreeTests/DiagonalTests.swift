import Foundation
import Tensors
import Testing

@testable import MatrixFree

/// The diagonal of a matrix from products, and sums of functions of its eigenvalues.
@Suite struct DiagonalTests {
    private static let size = 100
    private static let slow = Spectra.dense((0..<size).map { 10 / Double($0 + 1) - 0.2 })
    private static let diagonal = (0..<size).map { slow.elements[$0 * (size + 1)] }

    /// A product for each coordinate: eᵢᵀHeᵢ.
    @Test(arguments: [100, 250]) func exact(_ budget: Int) throws {
        let matrix = CountedOperator(Self.slow)
        let found = try DiagonalEstimate(of: matrix, products: budget, parts: [0..<3, 50..<100], blockSize: 7)
        #expect(found.isExact && found.values == Self.diagonal && found.standardErrors.allSatisfy { $0 == 0 })
        #expect(found.products == Self.size && matrix.products == Self.size)
        let trace: Double = Self.diagonal.reduce(0, +), part: Double = Self.diagonal[0..<3].reduce(0, +)
        #expect(abs(found.mean.value * 100 - trace) < 1e-12 && found.mean.standardError == 0)
        #expect(abs(found.means[0].value * 3 - part) < 1e-13)
    }

    /// Its sum is the trace of Hutch++ with the same budget and seed.
    @Test(arguments: [6, 20, 61]) func sumIsTheTrace(_ budget: Int) throws {
        let matrix = CountedOperator(Self.slow)
        let found = try DiagonalEstimate(of: matrix, products: budget, seed: 3)
        let trace = try HutchPlusPlus(products: budget, seed: 3).run(Self.slow).trace
        let sum: Double = found.values.reduce(0, +)
        #expect(abs(sum - trace.value) < 1e-10)
        #expect(abs(found.mean.value * 100 - trace.value) < 1e-10)
        #expect(abs(found.mean.standardError! * 100 / trace.standardError! - 1) < 1e-8)
        #expect(matrix.products == budget && found.products == budget && !found.isExact)
    }

    /// Over seeds: no bias, and squared errors as the standard errors say, for every element and for means of parts.
    @Test func unbiasedAndCalibrated() throws {
        let seeds = 300, parts = [0..<10, 40..<100]
        var mean = Vectors.zeros(Self.size), squares = mean, stated = mean
        var partSquares = [0.0, 0], partStated = partSquares
        for seed in 0..<seeds {
            let found = try DiagonalEstimate(of: Self.slow, products: 30, parts: parts, seed: UInt64(seed))
            for i in 0..<Self.size {
                let error = found.values[i] - Self.diagonal[i]
                mean[i] += error / Double(seeds)
                squares[i] += error * error / Double(seeds)
                stated[i] += found.standardErrors[i] * found.standardErrors[i] / Double(seeds)
            }
            for (number, part) in parts.enumerated() {
                let exact: Double = Self.diagonal[part].reduce(0, +) / Double(part.count)
                let error = found.means[number].value - exact
                partSquares[number] += error * error / Double(seeds)
                partStated[number] += pow(found.means[number].standardError!, 2) / Double(seeds)
            }
        }
        // Means of 300: each within 4.5 of its deviations; all variances together within a few percent.
        for i in 0..<Self.size { #expect(abs(mean[i]) < 4.5 * (squares[i] / Double(seeds)).squareRoot()) }
        let ratio: Double = stated.reduce(0, +) / squares.reduce(0, +)
        #expect(abs(ratio - 1) < 0.1)
        for i in 0..<2 { #expect(abs(partStated[i] / partSquares[i] - 1) < 0.35) }
    }

    /// Few large eigenvalues are taken exactly: the errors are those of the rest.
    @Test func outliersHaveNoError() throws {
        let matrix = Spectra.dense((0..<Self.size).map { (i: Int) -> Double in i < 5 ? 1000 / Double(i + 1) : 0.01 })
        let found = try DiagonalEstimate(of: matrix, products: 30)
        for i in 0..<Self.size { #expect(abs(found.values[i] - matrix.elements[i * 101]) < 0.01) }
        #expect(throws: MatrixFreeError.self) { try DiagonalEstimate(of: matrix, products: 5) }
    }

    /// With a Krylov space of everything the sums are exact; dense determinants.
    @Test(arguments: [1e-6, 1e-2, 10]) func sumsOfAll(_ shift: Double) throws {
        let values = (0..<40).map { (i: Int) -> Double in pow(0.6, Double(i)) },
            matrix = CountedOperator(Spectra.dense(values))
        let found = try SpectralSums(probes: 3).run(
            matrix, [{ log(max(0, $0) + shift) }, { max(0, $0) / (max(0, $0) + shift) }], resolution: shift)
        let exact: Double = values.reduce(0) { $0 + log($1 + shift) }
        let dimension: Double = values.reduce(0) { $0 + $1 / ($1 + shift) }
        #expect(abs(found.sums[0].value - exact) < 1e-6 * abs(exact), "\(found), exact \(exact)")
        #expect(abs(found.sums[1].value - dimension) < 1e-6 * dimension)
        #expect(found.settled && found.products == matrix.products)
    }

    /// Of a matrix larger than the Krylov spaces: within the standard error over seeds, with few products.
    @Test func sumsOfMany() throws {
        let values = (0..<400).map { (i: Int) -> Double in i < 10 ? 100 / Double(i + 1) : 0.5 * pow(0.98, Double(i)) }
        let matrix = Spectra.dense(values), shift = 0.01
        let exact: Double = values.reduce(0) { $0 + log1p($1 / shift) }
        var squares = 0.0, stated = 0.0
        for seed in 0..<40 {
            let found = try SpectralSums(probes: 6, steps: 100, seed: UInt64(seed)).run(
                matrix, [{ log1p(max(0, $0) / shift) }], resolution: shift)
            #expect(found.settled && found.products < 100 + 6 * 60)
            squares += pow(found.sums[0].value - exact, 2) / 40
            stated += pow(found.sums[0].standardError!, 2) / 40
        }
        let ratio: Double = squares / stated
        #expect(abs(ratio - 1) < 0.7, "errors \(squares.squareRoot()), stated \(stated.squareRoot())")
        #expect(squares.squareRoot() < 0.02 * exact)
    }

    /// Too few steps are said.
    @Test func unsettled() throws {
        let matrix = Spectra.dense((0..<400).map { (i: Int) -> Double in pow(10, -Double(i) / 50) })
        let found = try SpectralSums(probes: 3, steps: 12).run(matrix, [{ log(max(0, $0) + 1e-7) }], resolution: 1e-7)
        #expect(!found.settled)
    }
}
