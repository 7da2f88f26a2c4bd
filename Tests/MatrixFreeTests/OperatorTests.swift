import Foundation
import Tensors
import Testing

@testable import MatrixFree

@Suite struct OperatorTests {
    /// One dot product of n terms of size ≤ 1: errors below n·2⁻⁵².
    @Test func symmetricMatrixMultipliesByItsSymmetricPart() {
        let n = 7
        let raw = RandomNumbers(seed: 1).normals(n * n)
        let x = RandomNumbers(seed: 2).normals(n)
        let expected = (0..<n).map { i in
            (0..<n).reduce(0.0) { $0 + 0.5 * (raw[i + $1 * n] + raw[$1 + i * n]) * x[$1] }
        }
        #expect(largestDifference(SymmetricMatrix(dimension: n, elements: raw).apply(x), expected) < 1e-13)
    }

    @Test func denseSpectraAreTheChosenOnes() throws {
        let chosen = [-3.0, -1, 0, 0, 2, 5, 5, 11]
        let (values, vectors) = try Spectra.dense(chosen).eigendecomposition()
        #expect(largestDifference(values, chosen) < 1e-13)
        for (value, x) in zip(values, vectors) {
            let product = Spectra.dense(chosen).apply(x)
            #expect(Vectors.norm(Vectors.sum(product, -value, x)) < 1e-13)
        }
    }

    @Test func affineAndDeflatedOperators() throws {
        let n = 9
        let base = Spectra.dense(Spectra.flat(n, -2, 6))
        let x = RandomNumbers(seed: 3).normals(n)
        let affine = try AffineOperator(base, scale: -0.5, shift: 3).apply(x)
        #expect(largestDifference(affine, zip(base.apply(x), x).map { -0.5 * $0 + 3 * $1 }) < 1e-13)

        let (values, vectors) = try base.eigendecomposition()
        // Dependent and unnormalised copies remove no more than the span.
        let removed = [vectors[8], vectors[0].map { 3 * $0 }, vectors[8]]
        let deflated = DeflatedOperator(base, removing: removed)
        for (i, v) in vectors.enumerated() {
            let factor = i == 0 || i == 8 ? 0 : values[i]
            #expect(largestDifference(try deflated.apply(v), v.map { factor * $0 }) < 1e-13)
        }
    }

    @Test func blocksAreTheirVectorsOneByOne() throws {
        let n = 6
        let base = Spectra.dense(Spectra.flat(n, -1, 1))
        let counted = CountedOperator(base)
        let block = (0..<3).map { RandomNumbers(seed: 4, stream: UInt64($0)).normals(n) }
        let operators: [any LinearOperator] = [
            counted, AffineOperator(counted, scale: 2, shift: 1), DeflatedOperator(counted, removing: [block[0]]),
        ]
        for each in operators { #expect(try each.apply(block: block) == block.map(each.apply)) }
        #expect(counted.products == 18)
        #expect(counted.calls == 12)
    }

    @Test func nonFiniteProductsAndEmptyOperatorsAreErrors() throws {
        #expect(throws: MatrixFreeError.nonFiniteProduct(number: 1)) {
            try Lanczos().run(DiagonalMatrix([1, .nan, 2]))
        }
        #expect(throws: MatrixFreeError.nonFiniteProduct(number: 1)) {
            try Hutchinson().run(DiagonalMatrix([1, .infinity]))
        }
        #expect(throws: MatrixFreeError.nonFiniteProduct(number: 1)) {
            try PowerIteration().run(DiagonalMatrix([-.infinity, 1]))
        }
        #expect(throws: MatrixFreeError.self) { try Lanczos().run(DiagonalMatrix([])) }
        #expect(throws: MatrixFreeError.self) { try HutchPlusPlus().run(DiagonalMatrix([])) }
    }
}
