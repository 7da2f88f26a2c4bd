import MatrixFree
import Tensors
import Testing

/// The smallest client: a closure and a dimension. It sees no more than the public interface.
@Suite struct ClosureOperatorTests {
    /// The eigenvalues of [2 1; 1 3] are (5 ± √5)/2; a few roundings of numbers below 4 are less than 1e-14.
    @Test func spectrumInOneLine() throws {
        let found = try Lanczos(largest: 2).run(
            ClosureOperator(dimension: 2) { [2 * $0[0] + $0[1], $0[0] + 3 * $0[1]] })
        #expect(abs(found.largest[0].value - (5 + 5.0.squareRoot()) / 2) < 1e-14)
        #expect(abs(found.largest[1].value - (5 - 5.0.squareRoot()) / 2) < 1e-14)
        #expect(found.converged && found.products == 2)
    }

    /// Every algorithm gives for the closure, bit for bit, what it gives for the matrix that the closure multiplies by.
    @Test func everyAlgorithmTakesIt() throws {
        let diagonal = (0..<40).map { Double($0 * $0) / 100 - 2 }
        let matrix = DiagonalMatrix(diagonal)
        let closure = ClosureOperator(dimension: 40) { zip(diagonal, $0).map(*) }
        let gradient = RandomNumbers(seed: 5).normals(40)
        func results(_ operation: some LinearOperator) throws -> [[Double]] {
            let lanczos = try Lanczos(largest: 3, smallest: 2, multiplicities: true).run(operation)
            let power = try PowerIteration(count: 2).run(operation)
            let density = try StochasticLanczosQuadrature(probes: 2, steps: 12).run(operation)
            let maximum = try GeneralizedLanczosTrustRegion(radius: 0.3).run(operation, gradient: gradient)
            let traces = try [Hutchinson(probes: 8).run(operation), HutchPlusPlus(products: 20).run(operation)]
            let blocks = try BlockTraces(probes: 8).run(operation, blocks: [0..<5, 5..<40])
            return [
                (lanczos.largest + lanczos.smallest).flatMap { [$0.value, $0.residual] },
                power.eigenvalues.map(\.value), density.density, [maximum.value, maximum.multiplier], maximum.maximizer,
                traces.flatMap { [$0.trace.value, $0.frobeniusNorm.value] }, blocks.map(\.value),
            ]
        }
        let found = try results(closure)
        #expect(try found == results(matrix))
        // A diagonal matrix takes Hutchinson one probe: the sum of 40 numbers below 14, to rounding.
        #expect(abs(found[5][0] - diagonal.reduce(0, +)) < 1e-12)
    }

    @Test func productsOfAnotherLengthAreErrors() {
        let short = ClosureOperator(dimension: 5) { Array($0.dropLast()) }
        let expected = MatrixFreeError.invalidArgument(
            "the operator's product has 4 numbers; expected its dimension, 5")
        #expect(throws: expected) { try Lanczos().run(short) }
        #expect(throws: expected) { try Hutchinson().run(short) }
    }

    /// Nothing is allocated and nothing traps where 32-bit integers end: every algorithm says so.
    @Test func moreRowsThanBLASCountsAreAnError() {
        let rows = 1 << 31
        let huge = ClosureOperator(dimension: rows) { $0 }
        let expected = MatrixFreeError.tooManyElements(found: rows, most: rows - 1)
        #expect(throws: expected) { try Lanczos().run(huge) }
        #expect(throws: expected) { try PowerIteration().run(huge) }
        #expect(throws: expected) { try Hutchinson().run(huge) }
        #expect(throws: expected) { try HutchPlusPlus().run(huge) }
        #expect(throws: expected) { try BlockTraces().run(huge, blocks: [0..<1]) }
        #expect(throws: expected) { try StochasticLanczosQuadrature().run(huge) }
        #expect(throws: expected) { try GeneralizedLanczosTrustRegion(radius: 1).run(huge, gradient: [1]) }
        #expect(throws: expected) { try LanczosDecomposition(of: huge, steps: 3) }
        #expect(throws: expected) { try LanczosProcess(dimension: rows, capacity: 3) }
    }

    /// Requests whose bytes or values are beyond counting are refused, not multiplied.
    @Test func requestsBeyondCountingAreErrors() {
        let large = ClosureOperator(dimension: (1 << 31) - 1) { $0 }
        let needed = MatrixFreeError.memoryLimit(found: 1 << 20, needed: .max)
        #expect(throws: needed) { try Lanczos(largest: .max, smallest: .max, memoryLimit: 1 << 20).run(large) }
        #expect(throws: needed) { try StochasticLanczosQuadrature(steps: .max, memoryLimit: 1 << 20).run(large) }
    }

    /// Driven by hand, the process makes the steps of a decomposition, and after P of them T has H's eigenvalues: 1 … 6 to
    /// a few roundings.
    @Test func processDrivenByHand() throws {
        let matrix = ClosureOperator(dimension: 6) { x in x.indices.map { Double($0 + 1) * x[$0] } }
        var process = try LanczosProcess(dimension: 6, capacity: 100, seed: 3)
        var tops: [Double] = []
        while !process.spansSpace {
            try process.step(matrix.apply)
            tops.append(try #require(try process.projection.ritzValues().values.last))
        }
        #expect(process.count == 6 && process.breakdowns == 1)
        // A Krylov space within the next: the largest Ritz value never falls but for rounding.
        #expect(zip(tops, tops.dropFirst()).allSatisfy { $0 <= $1 + 1e-13 })
        let values = try process.projection.eigendecomposition().values
        #expect(zip(values, 1...6).allSatisfy { abs($0 - Double($1)) < 1e-12 })
        #expect(try LanczosDecomposition(of: matrix, steps: 6, seed: 3).projection == process.projection)
        #expect(throws: MatrixFreeError.self) { try LanczosProcess(dimension: 6, capacity: 0) }
        #expect(throws: MatrixFreeError.self) { try LanczosProcess(dimension: 6, capacity: 2, start: [1]) }
    }
}
