import Foundation
import Tensors
import Testing

@testable import MatrixFree

@Suite struct TridiagonalTests {
    static let cases: [Tridiagonal] = [
        Tridiagonal(diagonal: [4.25]),
        Tridiagonal(diagonal: [1, 1], offDiagonal: [2]),
        Tridiagonal(diagonal: [0, 0, 0, 0], offDiagonal: [1, 1, 1]),
        Tridiagonal(diagonal: [1, 2, 3, 4, 5], offDiagonal: [0, 1e-9, 0, -2]),
        Tridiagonal(diagonal: RandomNumbers(seed: 1).normals(60), offDiagonal: RandomNumbers(seed: 2).normals(59)),
        // Graded over twelve orders.
        Tridiagonal(
            diagonal: (0..<25).map { pow(10, -Double($0) / 2) },
            offDiagonal: (0..<24).map { 0.3 * pow(10, -Double($0) / 2) }),
    ]

    /// Both are backward stable: errors of a few m·2⁻⁵²‖T‖. Components are compared up to sign, where the gap allows.
    @Test(arguments: cases) func rowsAgreeWithLapack(_ t: Tridiagonal) throws {
        let rows = try t.ritzValues()
        let (values, vectors) = try t.eigendecomposition()
        let norm = values.map(abs).max()!
        #expect(largestDifference(rows.values, values) < 50 * 0x1p-52 * norm * Double(t.size))
        for i in 0..<t.size {
            let gap = values.indices.filter { $0 != i }.map { abs(values[$0] - values[i]) }.min() ?? norm
            let bound = 500 * 0x1p-52 * norm / gap
            #expect(abs(abs(rows.first[i]) - abs(vectors[i][0])) < bound)
            #expect(abs(abs(rows.last[i]) - abs(vectors[i][t.size - 1])) < bound)
            // The signs of the two belong together: −1 to both or to none.
            let product = vectors[i][0] * vectors[i][t.size - 1]
            #expect(abs(rows.first[i] * rows.last[i] - product) < 2 * bound)
        }
    }

    @Test(arguments: [
        (RandomNumbers(seed: 5).normals(12), RandomNumbers(seed: 6).normals(12)),
        ([1, 2, 3, 4], [0, 0, 0, 0]),
        ([3, 1, 2], [0, 1e-14, 5]),
        ([7], [-2]),
    ])
    func arrowheadsBecomeTridiagonal(_ diagonal: [Double], _ border: [Double]) throws {
        let (t, columns, coupling) = Arrowhead(diagonal: diagonal, border: border).tridiagonalized()
        let k = diagonal.count
        for i in 0..<k {
            for j in 0..<k {
                let projected = (0..<k).reduce(0.0) { $0 + columns[i][$1] * diagonal[$1] * columns[j][$1] }
                let expected = i == j ? t.diagonal[i] : abs(i - j) == 1 ? t.offDiagonal[min(i, j)] : 0
                #expect(abs(projected - expected) < 1e-13)
                #expect(abs(Vectors.dot(columns[i], columns[j]) - (i == j ? 1 : 0)) < 1e-14)
            }
            #expect(abs(Vectors.dot(columns[i], border) - (i == k - 1 ? coupling : 0)) < 1e-13)
        }
    }
}
