/// The points of a regular grid of one to three axes and who is next to whom.
struct GridLattice: Sendable {
    /// Points along each axis, the fastest last, as NumPy's shape; 1 for axes that are not there.
    let layers: Int, rows: Int, columns: Int
    /// Axes that the shape names, 1 to 3.
    let dimension: Int

    /// - Precondition: one to three positive numbers whose product fits 32 bits, so that points can be numbered in 4 bytes.
    init(_ shape: [Int]) {
        precondition((1...3).contains(shape.count), "a grid of \(shape.count) axes, expected 1 to 3")
        precondition(Self.points(shape) != nil, "a grid of \(shape), expected 1 to 2³¹ − 2 points")
        let padded = [Int](repeating: 1, count: 3 - shape.count) + shape
        (layers, rows, columns, dimension) = (padded[0], padded[1], padded[2], shape.count)
    }

    /// The product of a shape; nil where it is not positive or does not fit.
    static func points(_ shape: [Int]) -> Int? {
        var count = 1
        for length in shape {
            let product = count.multipliedReportingOverflow(by: length)
            guard length > 0, !product.overflow, product.partialValue < Int(Int32.max) else { return nil }
            count = product.partialValue
        }
        return count
    }

    /// All points.
    var count: Int { layers * rows * columns }

    /// The place of a point: its numbers along the axes, the fastest last.
    @inline(__always) func place(_ point: Int) -> (layer: Int, row: Int, column: Int) {
        let line = point / columns
        return (line / rows, line % rows, point - line * columns)
    }

    /// Whether a point lies at an end of an axis that the shape names.
    @inline(__always) func isOnEdge(_ point: Int) -> Bool {
        let (layer, row, column) = place(point)
        return column == 0 || column == columns - 1 || (dimension > 1 && (row == 0 || row == rows - 1))
            || (dimension > 2 && (layer == 0 || layer == layers - 1))
    }

    /// Hands on the neighbours along axes, at most 2 d of them.
    @inline(__always) func forEachFaceNeighbor(of point: Int, _ body: (Int) -> Void) {
        let (layer, row, column) = place(point)
        if column > 0 { body(point - 1) }
        if column + 1 < columns { body(point + 1) }
        if row > 0 { body(point - columns) }
        if row + 1 < rows { body(point + columns) }
        if layer > 0 { body(point - rows * columns) }
        if layer + 1 < layers { body(point + rows * columns) }
    }

    /// Hands on the neighbours along axes and diagonals, at most 3ᵈ − 1 of them, with their number in a cube of 3 × 3 × 3.
    @inline(__always) func forEachNeighbor(of point: Int, _ body: (_ neighbor: Int, _ direction: Int) -> Void) {
        let (layer, row, column) = place(point)
        for z in max(layer - 1, 0)...min(layer + 1, layers - 1) {
            for y in max(row - 1, 0)...min(row + 1, rows - 1) {
                let line = (z * rows + y) * columns, side = (z - layer + 1) * 9 + (y - row + 1) * 3
                for x in max(column - 1, 0)...min(column + 1, columns - 1) where line + x != point {
                    body(line + x, side + (x - column + 1))
                }
            }
        }
    }
}

/// The points of a grid by their values: ties go by number, which makes all values different (simulation of simplicity).
struct SweepOrder: Sendable {
    /// Numbers of points, by ascending value; those that are not finite are the last.
    let points: [Int32]
    /// The place of each point in `points`.
    let rank: [Int32]
    /// How many values are finite.
    let finite: Int

    init(_ values: [Double]) {
        var keys = values.indices.map { (value: values[$0].isFinite ? values[$0] : .infinity, point: Int32($0)) }
        keys.sort { $0.value != $1.value ? $0.value < $1.value : $0.point < $1.point }
        points = keys.map(\.point)
        finite = keys.lazy.filter { $0.value < .infinity }.count
        var rank = [Int32](repeating: 0, count: values.count)
        for (place, point) in points.enumerated() { rank[Int(point)] = Int32(place) }
        self.rank = rank
    }
}
