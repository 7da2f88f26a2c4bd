/// Everything behind the surface: the floor with its contours, and the two back walls, with grid lines at the ticks.
struct SurfaceBox {
    let plan: HeatmapPlan
    let camera: Camera
    let axes: SurfaceAxes
    /// Lines on the surface, whose shadows lie on the floor, as points of it.
    let paths: [[BoxPoint]]

    private var far: (u: Double, v: Double) {
        let near = camera.nearCorner
        return (1 - near.u, 1 - near.v)
    }

    func elements() -> [Drawing.Element] {
        [.group("walls", clip: nil, wallElements()), .group("floor", clip: nil, floorElements())]
    }

    private func wallElements() -> [Drawing.Element] {
        let (far, floor) = (far, Camera.floor)
        let walls = [
            [(far.u, 0.0, floor), (far.u, 1.0, floor), (far.u, 1.0, 1.0), (far.u, 0.0, 1.0)],
            [(0.0, far.v, floor), (1.0, far.v, floor), (1.0, far.v, 1.0), (0.0, far.v, 1.0)],
            [(0.0, 0.0, floor), (1.0, 0.0, floor), (1.0, 1.0, floor), (0.0, 1.0, floor)],
        ].map { $0.map { camera.point($0.0, $0.1, $0.2) } }
        func shares(_ axis: ResolvedAxis) -> [Double] {
            axis.ticks.major.compactMap { axis.range.fraction(of: $0.value) }
        }
        func run(_ points: [(Double, Double, Double)]) -> Path.Run {
            Path.Run(points: points.map { camera.point($0.0, $0.1, $0.2) }, isClosed: false)
        }
        let lines =
            shares(axes.x.axis).map { run([($0, 1 - far.v, floor), ($0, far.v, floor), ($0, far.v, 1)]) }
            + shares(axes.y.axis).map { run([(1 - far.u, $0, floor), (far.u, $0, floor), (far.u, $0, 1)]) }
            + shares(axes.height.axis).map {
                run([(far.u, 1 - far.v, $0), (far.u, far.v, $0), (1 - far.u, far.v, $0)])
            }
        let outlines = walls.map { Path.Run(points: $0, isClosed: true) }
        return zip(walls, [0.3, 0.45, 0.2]).map { .fill(.polygon($0), Color.gridLine.withOpacity($1)) } + [
            .stroke(Path(runs: lines), Stroke(Color.quiet.withOpacity(0.28), width: 0.6)),
            .stroke(Path(runs: outlines), Stroke(Color.quiet.withOpacity(0.6), width: 0.6)),
        ]
    }

    private func floorElements() -> [Drawing.Element] {
        let grid = plan.grid, range = plan.scale.range
        let (u, v) = (Self.places(grid.x), Self.places(grid.y))
        let shares = grid.values.map { range.fraction(of: $0) ?? .nan }
        var result = holeElements(u, v)
        for level in plan.contourLevels {
            guard let share = range.fraction(of: level), let color = plan.scale.color(of: level) else { continue }
            let runs = ContourLines.lines(values: shares, x: u, y: v, level: share).map { run in
                Path.Run(points: run.points.map { camera.point($0.x, $0.y, Camera.floor) }, isClosed: run.isClosed)
            }
            result.append(.group("contour", clip: nil, [.stroke(Path(runs: runs), Stroke(color, width: 1))]))
        }
        let shadows = paths.map { path in
            Path.Run(points: path.map { camera.point($0.u, $0.v, Camera.floor) }, isClosed: false)
        }
        if !shadows.isEmpty {
            let stroke = Stroke(Color.ink.withOpacity(0.4), width: 1.4)
            result.append(.group("shadow", clip: nil, [.stroke(Path(runs: shadows), stroke)]))
        }
        return result
    }

    /// Hatching on the floor under cells without a finite value.
    private func holeElements(_ u: [Double], _ v: [Double]) -> [Drawing.Element] {
        func edges(_ places: [Double]) -> [Double] { SortedGrid.edges(places).map { min(1, max(0, $0)) } }
        let (columns, rows) = (edges(u), edges(v))
        // Hatching is made for the page; the floor is taken as one of this size.
        let page = 300.0
        func isHole(_ column: Int, _ row: Int) -> Bool { !plan.grid.values[row * u.count + column].isFinite }
        var holes: [Box] = []
        for row in v.indices {
            for column in u.indices where isHole(column, row) {
                let cell = Box(
                    x: page * columns[column], y: page * rows[row],
                    width: page * (columns[column + 1] - columns[column]),
                    height: page * (rows[row + 1] - rows[row]))
                if column > 0, isHole(column - 1, row), !holes.isEmpty {
                    holes[holes.count - 1].width += cell.width
                } else {
                    holes.append(cell)
                }
            }
        }
        guard !holes.isEmpty, case .stroke(let lines, let stroke) = HeatmapMark.hatching(holes) else { return [] }
        func projected(_ path: Path) -> Path {
            Path(
                runs: path.runs.map { run in
                    Path.Run(
                        points: run.points.map { camera.point($0.x / page, $0.y / page, Camera.floor) },
                        isClosed: run.isClosed)
                })
        }
        let ground = projected(Path(runs: holes.flatMap { Path.rectangle($0).runs }))
        return [
            .group(
                "non-finite", clip: nil,
                [.fill(ground, HeatmapMark.nonFiniteColor), .stroke(projected(lines), stroke)])
        ]
    }

    /// Coordinates as places from 0 to 1.
    static func places(_ coordinates: [Double]) -> [Double] {
        let (low, high) = (coordinates[0], coordinates[coordinates.count - 1])
        return coordinates.map { ($0 / 2 - low / 2) / (high / 2 - low / 2) }
    }
}
