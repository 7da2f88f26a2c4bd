/// The assignment of n rows to n columns with the largest sum, exactly: by shortest augmenting paths (Jonker, Volgenant 1987,
/// doi:10.1007/BF02278710), in O(n³).
///
/// Numbers uᵢ and vⱼ with uᵢ + vⱼ ≥ gᵢⱼ for all, and equal for the assigned, prove that no assignment has more.
public struct LinearAssignment: Sendable {
    /// The column of every row.
    public let columns: [Int]
    /// u and v, n numbers each.
    public let rowDuals: [Double], columnDuals: [Double]
    /// Σ gᵢⱼ over the assigned.
    public let value: Double

    /// - Parameters:
    ///   - gains: gᵢⱼ, n × n numbers row by row, finite.
    ///   - count: n.
    /// - Precondition: n² numbers.
    public init(largest gains: [Double], count: Int) {
        precondition(gains.count == count * count, "\(gains.count) numbers for \(count) × \(count)")
        // Costs are −g; column 0 and row 0 stand for none.
        var u = [Double](repeating: 0, count: count + 1), v = u
        var rows = [Int](repeating: 0, count: count + 1), way = rows
        gains.withUnsafeBufferPointer { gains in
            for row in stride(from: 1, through: count, by: 1) {
                rows[0] = row
                var column = 0
                var least = [Double](repeating: .infinity, count: count + 1)
                var used = [Bool](repeating: false, count: count + 1)
                repeat {
                    used[column] = true
                    let current = rows[column]
                    var delta = Double.infinity, next = 0
                    for j in 1...count where !used[j] {
                        let reduced = -gains[(current - 1) * count + j - 1] - u[current] - v[j]
                        if reduced < least[j] { (least[j], way[j]) = (reduced, column) }
                        if least[j] < delta { (delta, next) = (least[j], j) }
                    }
                    for j in 0...count {
                        if used[j] {
                            u[rows[j]] += delta
                            v[j] -= delta
                        } else {
                            least[j] -= delta
                        }
                    }
                    column = next
                } while rows[column] != 0
                while column != 0 {
                    rows[column] = rows[way[column]]
                    column = way[column]
                }
            }
        }
        var columns = [Int](repeating: 0, count: count)
        for j in stride(from: 1, through: count, by: 1) { columns[rows[j] - 1] = j - 1 }
        self.columns = columns
        rowDuals = u.dropFirst().map { -$0 }
        columnDuals = v.dropFirst().map { -$0 }
        value = columns.enumerated().reduce(0) { $0 + gains[$1.offset * count + $1.element] }
    }
}
