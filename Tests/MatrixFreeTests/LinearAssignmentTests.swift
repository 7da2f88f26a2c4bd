import Tensors
import Testing

@testable import MatrixFree

@Suite struct LinearAssignmentTests {
    private static func isPermutation(_ columns: [Int]) -> Bool { columns.sorted() == Array(columns.indices) }

    /// Every assignment of up to six rows, tried one by one; with ties, too.
    @Test(arguments: 1...6, [1.0, 3]) func enumeration(_ count: Int, _ levels: Double) {
        for seed in 0..<20 {
            let random = RandomNumbers(seed: UInt64(seed)).normals(count * count)
            let gains = levels == 1 ? random : random.map { ($0 * levels).rounded() }
            var best = -Double.infinity
            func walk(_ row: Int, _ used: Set<Int>, _ sum: Double) {
                if row == count { best = max(best, sum) }
                for column in 0..<count where row < count && !used.contains(column) {
                    walk(row + 1, used.union([column]), sum + gains[row * count + column])
                }
            }
            walk(0, [], 0)
            let found = LinearAssignment(largest: gains, count: count)
            #expect(abs(found.value - best) < 1e-12 && Self.isPermutation(found.columns))
        }
    }

    /// The duals prove the optimum: uᵢ + vⱼ ≥ gᵢⱼ, and their sum is the assignment's.
    @Test(arguments: [2, 17, 100]) func certificate(_ count: Int) {
        let gains = RandomNumbers(seed: 3).named("\(count)").normals(count * count).map { 1e3 * $0 - 50 }
        let found = LinearAssignment(largest: gains, count: count)
        #expect(Self.isPermutation(found.columns))
        for i in 0..<count {
            for j in 0..<count {
                let slack = found.rowDuals[i] + found.columnDuals[j] - gains[i * count + j]
                #expect(found.columns[i] == j ? abs(slack) < 1e-9 : slack > -1e-9)
            }
        }
        let dual = (found.rowDuals + found.columnDuals).reduce(0, +)
        #expect(abs(dual - found.value) < 1e-8 * abs(found.value))
    }

    @Test func empty() {
        #expect(LinearAssignment(largest: [], count: 0).columns.isEmpty)
        #expect(LinearAssignment(largest: [-7], count: 1).value == -7)
    }
}
