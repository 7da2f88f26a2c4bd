/// Lines of equal value on a rectangular grid, by marching squares.
public enum ContourLines {
    /// The lines where the surface through the grid's values crosses `level`, in the units of `x` and `y`.
    ///
    /// Values are interpolated linearly along grid edges. The mean of the four corners decides at a saddle. Squares
    /// with a non-finite corner have no line.
    ///
    /// - Parameters:
    ///   - values: row by row, `values[row * x.count + column]`, rows along `y`.
    ///   - x: coordinates of the columns, ascending.
    ///   - y: coordinates of the rows, ascending.
    /// - Returns: connected runs, closed where the line closes inside the grid.
    /// - Precondition: as many values as rows times columns.
    public static func lines(values: [Double], x: [Double], y: [Double], level: Double) -> [Path.Run] {
        precondition(
            values.count == x.count * y.count,
            "\(y.count) × \(x.count) coordinates need as many values, got \(values.count)")
        guard x.count > 1, y.count > 1, level.isFinite else { return [] }
        let segments = segments(values, columns: x.count, rows: y.count, level: level)
        return chained(segments).map { chain in
            Path.Run(
                points: chain.edges.map { point(on: $0, values, x, y, level) }, isClosed: chain.isClosed)
        }
    }

    /// A grid edge: even numbers run along a row, odd ones along a column, from the grid point `number / 2`.
    private typealias GridEdge = Int

    private static func segments(_ values: [Double], columns: Int, rows: Int, level: Double) -> [(GridEdge, GridEdge)] {
        var result: [(GridEdge, GridEdge)] = []
        for row in 0..<(rows - 1) {
            for column in 0..<(columns - 1) {
                let at = row * columns + column
                let corners = [values[at], values[at + 1], values[at + columns + 1], values[at + columns]]
                guard corners.allSatisfy(\.isFinite) else { continue }
                let above = corners.map { $0 >= level }
                // Edges between corners 0–1, 1–2, 2–3 and 3–0.
                let edges = [2 * at, 2 * (at + 1) + 1, 2 * (at + columns), 2 * at + 1]
                let crossed = (0..<4).filter { above[$0] != above[($0 + 1) % 4] }
                if crossed.count == 2 {
                    result.append((edges[crossed[0]], edges[crossed[1]]))
                } else if crossed.count == 4 {
                    let middleIsAbove = corners.reduce(0) { $0 + $1 / 4 } >= level
                    if middleIsAbove == above[0] {
                        result.append((edges[0], edges[1]))
                        result.append((edges[2], edges[3]))
                    } else {
                        result.append((edges[3], edges[0]))
                        result.append((edges[1], edges[2]))
                    }
                }
            }
        }
        return result
    }

    private static func chained(_ segments: [(GridEdge, GridEdge)]) -> [(edges: [GridEdge], isClosed: Bool)] {
        var touching: [GridEdge: [Int]] = [:]
        for (index, segment) in segments.enumerated() {
            touching[segment.0, default: []].append(index)
            touching[segment.1, default: []].append(index)
        }
        var isUsed = [Bool](repeating: false, count: segments.count)
        func follow(from edge: GridEdge) -> [GridEdge] {
            var chain = [edge]
            var end = edge
            while let next = touching[end]?.first(where: { !isUsed[$0] }) {
                isUsed[next] = true
                end = segments[next].0 == end ? segments[next].1 : segments[next].0
                chain.append(end)
            }
            return chain
        }
        var result: [([GridEdge], Bool)] = []
        for index in segments.indices where !isUsed[index] {
            let forward = follow(from: segments[index].0)
            if forward.count > 3, forward.first == forward.last {
                result.append((Array(forward.dropLast()), true))
            } else {
                let backward = follow(from: segments[index].0)
                result.append((Array(backward.dropFirst().reversed()) + forward, false))
            }
        }
        return result
    }

    private static func point(
        on edge: GridEdge, _ values: [Double], _ x: [Double], _ y: [Double], _ level: Double
    ) -> Point {
        let columns = x.count
        let start = edge / 2
        let (row, column) = (start / columns, start % columns)
        let isAlongRow = edge % 2 == 0
        let (a, b) = (values[start], values[isAlongRow ? start + 1 : start + columns])
        // Halved, so that the difference of two huge values does not overflow.
        let t = min(1, max(0, (level / 2 - a / 2) / (b / 2 - a / 2)))
        return isAlongRow
            ? Point(x[column] + t * (x[column + 1] - x[column]), y[row])
            : Point(x[column], y[row] + t * (y[row + 1] - y[row]))
    }
}
