/// The faces and mesh lines of a surface, the farthest first: what is nearer is drawn later and hides them.
///
/// Cells of a grid are separated by upright planes. Going towards the eye column by column, and in each column row by
/// row, is therefore an exact order for any heights.
struct SurfaceMesh {
    let field: HeightField
    let camera: Camera
    let colors: ColorMap

    func elements() -> [Drawing.Element] {
        let eye = camera.eye
        let shading = SurfaceShading(light: camera.light)
        let (across, along) = (field.columns.places.count, field.rows.places.count)
        let points = (0..<along).map { row in (0..<across).map { Self.rounded(camera.point(field.vertex($0, row))) } }
        let normals = (0..<along).map { row in (0..<across).map { field.normal($0, row) } }
        var result: [Drawing.Element] = []
        let (columns, rows) = (
            Self.farToNear(field.columns.places, from: eye.u), Self.farToNear(field.rows.places, from: eye.v)
        )
        let ranks = (columns: Self.ranks(columns), rows: Self.ranks(rows))
        for column in columns {
            for row in rows {
                let corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
                let height = corners.reduce(0) { $0 + field.vertex($1.0, $1.1).w / 4 }
                guard !height.isNaN else { continue }
                let outline = corners.map { points[$0.1][$0.0] }
                let normal = corners.reduce(Vector(0, 0, 0)) { $0 + normals[$1.1][$1.0] }.normalized
                // Counter-clockwise from above; the page's y runs downwards.
                let color = shading.color(
                    colors.color(at: height), normal: normal, isUnderside: Self.area(outline) > 0)
                result.append(.fill(.polygon(Self.widened(outline)), color))
                let lines = lines(column, row, outline, ranks)
                if !lines.isEmpty { result.append(.stroke(Path(runs: lines), Self.stroke(on: color))) }
            }
        }
        return result
    }

    /// The cells along an axis, by their first vertex.
    private static func farToNear(_ places: [Double], from eye: Double) -> [Int] {
        func distance(_ cell: Int) -> Double { abs(places[cell] + places[cell + 1] - 2 * eye) }
        return (0..<(places.count - 1)).sorted { distance($0) > distance($1) }
    }

    /// When each cell has its turn.
    private static func ranks(_ order: [Int]) -> [Int] { order.indices.sorted { order[$0] < order[$1] } }

    /// The mesh lines between a cell and those drawn before, and at the border.
    private func lines(_ column: Int, _ row: Int, _ outline: [Point], _ ranks: (columns: [Int], rows: [Int]))
        -> [Path.Run]
    {
        func isDrawn(_ vertex: Int, _ cell: Int, _ axis: AxisSampling, _ ranks: [Int]) -> Bool {
            let neighbour = vertex > cell ? cell + 1 : cell - 1
            guard ranks.indices ~= neighbour else { return true }
            return ranks[neighbour] < ranks[cell] && vertex % axis.lineStep == 0
        }
        var runs: [Path.Run] = []
        func add(_ a: Int, _ b: Int) { runs.append(Path.Run(points: [outline[a], outline[b]], isClosed: false)) }
        if isDrawn(column, column, field.columns, ranks.columns) { add(0, 3) }
        if isDrawn(column + 1, column, field.columns, ranks.columns) { add(1, 2) }
        if isDrawn(row, row, field.rows, ranks.rows) { add(0, 1) }
        if isDrawn(row + 1, row, field.rows, ranks.rows) { add(3, 2) }
        return runs
    }

    private static func stroke(on color: Color) -> Stroke {
        let isLight = color.luminance > 0.12
        return Stroke(isLight ? Color.black.withOpacity(0.24) : Color.white.withOpacity(0.22), width: 0.4, cap: .butt)
    }

    /// Twice the area of a polygon; positive where it runs clockwise on the page.
    private static func area(_ polygon: [Point]) -> Double {
        polygon.indices.reduce(0) { sum, index in
            let (a, b) = (polygon[index], polygon[(index + 1) % polygon.count])
            return sum + a.x * b.y - b.x * a.y
        }
    }

    /// The polygon with its sides moved outwards by a hair, so that no seam shows between neighbours.
    private static func widened(_ polygon: [Point]) -> [Point] {
        let hair = area(polygon) > 0 ? 0.3 : -0.3
        func normal(_ a: Point, _ b: Point) -> Point {
            let length = (b - a).length
            return length > 0 ? Point((b.y - a.y) / length, -(b.x - a.x) / length) : Point(0, 0)
        }
        return polygon.indices.map { index in
            let corner = polygon[index]
            let before = normal(polygon[(index + polygon.count - 1) % polygon.count], corner)
            let after = normal(corner, polygon[(index + 1) % polygon.count])
            // At a sharp corner the sides would meet far away.
            let spread = max(0.5, 1 + before.x * after.x + before.y * after.y)
            return rounded(corner + (hair / spread) * (before + after))
        }
    }

    /// To hundredths of a point, which keeps files small.
    private static func rounded(_ p: Point) -> Point {
        Point((100 * p.x).rounded() / 100, (100 * p.y).rounded() / 100)
    }
}
