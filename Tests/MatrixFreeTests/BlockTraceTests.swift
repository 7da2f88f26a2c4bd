import Tensors
import Testing

@testable import MatrixFree

@Suite struct BlockTraceTests {
    /// A dense symmetric matrix whose blocks are coupled.
    static func matrix(_ n: Int) -> SymmetricMatrix {
        let random = RandomNumbers(seed: 11)
        return SymmetricMatrix(dimension: n, elements: (0..<(n * n)).map { random.normal(at: $0) })
    }

    @Test func tracesOfBlocksAreTheirOwn() throws {
        let n = 30, blocks = [0..<7, 7..<8, 8..<30]
        let matrix = Self.matrix(n)
        let found = try BlockTraces(probes: 4000, seed: 2).run(matrix, blocks: blocks)
        for (estimate, block) in zip(found, blocks) {
            let exact = block.reduce(0) { $0 + matrix.elements[$1 * n + $1] }
            let error = try #require(estimate.standardError)
            #expect(abs(estimate.value - exact) < 4 * error, "\(block): \(estimate.value) ± \(error), exact \(exact)")
            #expect(error > 0 && error < 0.5)
        }
        // All of it as one block is Hutchinson's estimator of the trace.
        let whole = try BlockTraces(probes: 50, seed: 2).run(matrix, blocks: [0..<n])[0]
        let sum = try BlockTraces(probes: 50, seed: 2).run(matrix, blocks: blocks).reduce(0) { $0 + $1.value }
        #expect(abs(whole.value - sum) < 1e-10)
        #expect(throws: MatrixFreeError.self) { try BlockTraces().run(matrix, blocks: [20..<31]) }
        #expect(throws: MatrixFreeError.self) { try BlockTraces(probes: 0).run(matrix, blocks: blocks) }
    }

    @Test func blocksMultiplyAsSubmatrices() throws {
        let n = 12, range = 3..<8
        let matrix = Self.matrix(n)
        var elements: [Double] = []
        for j in range { for i in range { elements.append(matrix.elements[i + j * n]) } }
        let dense = SymmetricMatrix(dimension: range.count, elements: elements)
        let exact = try dense.eigendecomposition().values
        let found = try Lanczos(largest: 2, smallest: 1, tolerance: 1e-10).run(DiagonalBlock(matrix, range))
        #expect(abs(found.largest[0].value - exact[4]) < 1e-9 && abs(found.largest[1].value - exact[3]) < 1e-9)
        #expect(abs(found.smallest[0].value - exact[0]) < 1e-9)
        // Not the eigenvalues of the whole matrix.
        #expect(abs(try matrix.eigendecomposition().values[11] - exact[4]) > 0.1)
    }
}
