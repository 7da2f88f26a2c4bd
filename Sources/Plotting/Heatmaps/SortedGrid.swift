/// A heatmap's data with ascending coordinates; rows and columns with non-finite coordinates are left out.
struct SortedGrid: Sendable {
    let x: [Double]
    let y: [Double]
    /// Row-major, `values[row * x.count + column]`.
    let values: [Double]

    init(x: [Double], y: [Double], values: [Double]) {
        func ascending(_ coordinates: [Double]) -> [Int] {
            coordinates.indices.filter { coordinates[$0].isFinite && abs(coordinates[$0]) < 1e300 }
                .sorted { coordinates[$0] < coordinates[$1] }
        }
        let (columns, rows) = (ascending(x), ascending(y))
        self.x = columns.map { x[$0] }
        self.y = rows.map { y[$0] }
        self.values = rows.flatMap { row in columns.map { column in values[row * x.count + column] } }
    }

    var finite: [Double] { values.filter(\.isFinite) }

    /// The row and column of the lowest finite value; the first one in row order if there are several.
    var minimum: (row: Int, column: Int, value: Double)? {
        var best: (Int, Int, Double)?
        for (index, value) in values.enumerated() where value.isFinite && value < best?.2 ?? .infinity {
            best = (index / x.count, index % x.count, value)
        }
        return best
    }

    /// The lowest of the values at these points; of all values without any points.
    func minimum(of points: [Point]) -> (row: Int, column: Int, value: Double)? {
        guard !points.isEmpty else { return minimum }
        let columns = Dictionary(x.enumerated().map { ($1, $0) }) { first, _ in first }
        let rows = Dictionary(y.enumerated().map { ($1, $0) }) { first, _ in first }
        var best: (row: Int, column: Int, value: Double)?
        for point in points {
            guard let row = rows[point.y], let column = columns[point.x] else { continue }
            let value = values[row * x.count + column]
            if value.isFinite, value < best?.value ?? .infinity { best = (row, column, value) }
        }
        return best
    }

    /// Cell edges half-way between coordinates; one more than there are coordinates.
    static func edges(_ coordinates: [Double]) -> [Double] {
        guard let first = coordinates.first, let last = coordinates.last else { return [0, 1] }
        guard coordinates.count > 1, last > first else {
            let half = 0.5 * max(1, abs(first) * 1e-3)
            return coordinates.indices.map { _ in first - half } + [first + half]
        }
        let inner = zip(coordinates, coordinates.dropFirst()).map { $0 / 2 + $1 / 2 }
        return [2 * first - inner[0]] + inner + [2 * last - inner[inner.count - 1]]
    }
}
