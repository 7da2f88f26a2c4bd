/// The surface as a mesh of heights over the floor.
struct HeightField {
    let columns: AxisSampling
    let rows: AxisSampling
    /// Row by row, from 0 for the lowest value of the scale to 1 for the highest; not-a-number is a hole.
    let heights: [Double]

    /// - Precondition: at least two columns and two rows, not all at one place.
    init(_ grid: SortedGrid, _ range: AxisRange) {
        let (columns, rows) = (AxisSampling(grid.x), AxisSampling(grid.y))
        let shares = grid.values.map { value in
            value.isFinite ? min(1, max(0, range.fraction(of: value) ?? 0)) : .nan
        }
        // An average bridges single holes; a line between two points needs both.
        let enough = columns.isAveraged || rows.isAveraged ? 0.5 : 1 - 1e-6
        heights = rows.weights.flatMap { row in
            columns.weights.map { column in
                var (sum, known) = (0.0, 0.0)
                for (r, rowWeight) in row {
                    for (c, columnWeight) in column {
                        let share = shares[r * grid.x.count + c]
                        guard !share.isNaN else { continue }
                        sum += rowWeight * columnWeight * share
                        known += rowWeight * columnWeight
                    }
                }
                return known >= enough ? sum / known : .nan
            }
        }
        (self.columns, self.rows) = (columns, rows)
    }

    func vertex(_ column: Int, _ row: Int) -> BoxPoint {
        BoxPoint(columns.places[column], rows.places[row], heights[row * columns.places.count + column])
    }

    /// The height over a place of the floor; `nil` outside and in holes.
    func height(_ u: Double, _ v: Double) -> Double? {
        guard 0...1 ~= u, 0...1 ~= v else { return nil }
        let (column, s) = Self.cell(u, columns.places)
        let (row, t) = Self.cell(v, rows.places)
        let at = row * columns.places.count + column, above = at + columns.places.count
        let height =
            (1 - t) * ((1 - s) * heights[at] + s * heights[at + 1])
            + t * ((1 - s) * heights[above] + s * heights[above + 1])
        return height.isNaN ? nil : height
    }

    /// Whether a point on the upper side of the surface can be seen from the eye.
    func shows(_ p: BoxPoint, from eye: BoxPoint) -> Bool {
        let direction = (u: eye.u - p.u, v: eye.v - p.v, w: eye.w - p.w)
        let length = (direction.u * direction.u + direction.v * direction.v).squareRoot()
        let step = 0.4 / Double(max(columns.places.count, rows.places.count))
        guard length > step else { return true }
        var t = step / length
        while true {
            let (u, v, w) = (p.u + t * direction.u, p.v + t * direction.v, p.w + t * direction.w)
            guard 0...1 ~= u, 0...1 ~= v, w <= 1 else { return true }
            if let height = height(u, v), height > w + 0.01 { return false }
            t += step / length
        }
    }

    private static func cell(_ place: Double, _ places: [Double]) -> (index: Int, share: Double) {
        var (low, high) = (0, places.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if places[middle] <= place { low = middle } else { high = middle }
        }
        let length = places[high] - places[low]
        return (low, length > 0 ? (place - places[low]) / length : 0)
    }
}
