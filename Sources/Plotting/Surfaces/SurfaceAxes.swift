import Foundation

/// The three axes at the outer edges of the box: along both front edges of the floor, and the height at the left.
struct SurfaceAxes {
    /// An axis along an edge of the box.
    struct Edge {
        let axis: ResolvedAxis
        /// Places along the edge, from 0 to 1.
        let place: @Sendable (Double) -> BoxPoint
        /// Out of the box, on the page, of length 1.
        let outward: Point
        let start: Point
        let end: Point

        var length: Double { (end - start).length }
        /// An edge seen from its end has no room for ticks and words.
        var hasTicks: Bool { length >= 25 }
    }

    let x: Edge
    let y: Edge
    let height: Edge
    private let camera: Camera

    private static let labelGap = 3.0
    private static let titleGap = 6.0

    init(_ map: HeatmapFigure, _ plan: HeatmapPlan, _ camera: Camera) {
        self.camera = camera
        let near = camera.nearCorner
        let floor = Camera.floor
        func edge(
            _ label: String, _ range: AxisRange, spacing: Double, beyond: BoxPoint?,
            _ place: @escaping @Sendable (Double) -> BoxPoint
        ) -> Edge {
            let (start, end) = (camera.point(place(0)), camera.point(place(1)))
            let axis = ResolvedAxis(
                label: label, range: range, length: (end - start).length, spacing: spacing, least: 1)
            let outward = beyond.map {
                Self.outward(from: start, to: end, towards: camera.point($0) - camera.point(place(0.5)))
            }
            return Edge(axis: axis, place: place, outward: outward ?? Point(-1, 0), start: start, end: end)
        }
        func range(_ places: [Double]) -> AxisRange {
            AxisRange(covering: [places[0], places[places.count - 1]], scale: .linear)
        }
        x = edge(
            map.xLabel, range(plan.grid.x), spacing: 42, beyond: BoxPoint(0.5, near.v + (near.v - 0.5) / 10, floor)
        ) { BoxPoint($0, near.v, floor) }
        y = edge(
            map.yLabel, range(plan.grid.y), spacing: 42, beyond: BoxPoint(near.u + (near.u - 0.5) / 10, 0.5, floor)
        ) { BoxPoint(near.u, $0, floor) }
        let corners = [(0.0, 0.0), (1, 0), (1, 1), (0, 1)]
        let left = corners.min { camera.point($0.0, $0.1, 0.5).x < camera.point($1.0, $1.1, 0.5).x }!
        let isLogarithmic = plan.scale.range.scale == .logarithmic
        height = edge(
            isLogarithmic
                ? [map.valueLabel, "log scale"].filter { !$0.isEmpty }.joined(separator: ", ") : map.valueLabel,
            plan.scale.range, spacing: 21,
            beyond: nil
        ) { BoxPoint(left.0, left.1, $0) }
    }

    /// The direction of ticks: on along the grid, or square to an edge that the grid meets at a flat angle.
    private static func outward(from start: Point, to end: Point, towards grid: Point) -> Point {
        let along = end - start
        guard along.length > 1e-9 else { return Point(0, 1) }
        var square = (1 / along.length) * Point(-along.y, along.x)
        if square.x * grid.x + square.y * grid.y < 0 { square = -1 * square }
        guard grid.length > 1e-9 else { return square }
        let direction = (1 / grid.length) * grid
        return direction.x * square.x + direction.y * square.y > 0.5 ? direction : square
    }

    private var edges: [(name: String, edge: Edge)] { [("x-axis", x), ("y-axis", y), ("height-axis", height)] }

    /// Edges, ticks and words. The surface is drawn later, as it hides some of them in views along an axis.
    ///
    /// Of labels that would touch, the later one is left out.
    func elements() -> [Drawing.Element] {
        var taken: [TextLine] = []
        return edges.map { name, edge in
            let line = Drawing.Element.stroke(.line(edge.start, edge.end), Stroke(.ink, width: 0.9))
            guard edge.hasTicks else { return .group(name, clip: nil, [line]) }
            let title = title(edge)
            var lines: [TextLine] = title.map { [$0] } ?? []
            for tick in edge.axis.ticks.major {
                guard let label = label(tick, edge), !(taken + lines).contains(where: label.overlaps) else { continue }
                lines.append(label)
            }
            taken += lines
            let marks = Drawing.Element.stroke(Path(runs: marks(edge)), Stroke(.ink, width: 0.8))
            return .group(name, clip: nil, [line, marks] + lines.map(Drawing.Element.text))
        }
    }

    private func marks(_ edge: Edge) -> [Path.Run] {
        func mark(_ value: Double, _ length: Double) -> Path.Run? {
            place(value, edge).map { Path.Run(points: [$0, $0 + length * edge.outward], isClosed: false) }
        }
        return edge.axis.ticks.major.compactMap { mark($0.value, FigureStyle.tickLength) }
            + edge.axis.ticks.minor.compactMap { mark($0, FigureStyle.minorTickLength) }
    }

    private func label(_ tick: Ticks.Tick, _ edge: Edge) -> TextLine? {
        guard let place = place(tick.value, edge) else { return nil }
        var line = TextLine(
            tick.label, at: place, size: FigureStyle.tickLabelSize, color: .ink, anchor: .middle, baseline: .middle)
        let away = FigureStyle.tickLength + Self.labelGap + Self.reach(line, edge.outward)
        line.position = place + away * edge.outward
        return line
    }

    private func place(_ value: Double, _ edge: Edge) -> Point? {
        guard let share = edge.axis.range.fraction(of: value), -1e-9...(1 + 1e-9) ~= share else { return nil }
        return camera.point(edge.place(share))
    }

    /// How far a level line of text reaches from its middle in a direction.
    private static func reach(_ line: TextLine, _ direction: Point) -> Double {
        abs(direction.x) * line.width / 2 + abs(direction.y) * 0.4 * line.size
    }

    /// The axis's name beyond its labels: along the edge, or level where it is short.
    private func title(_ edge: Edge) -> TextLine? {
        let text = edge.axis.fullLabel
        guard !text.isEmpty else { return nil }
        let along = edge.end - edge.start
        var angle = atan2(along.y, along.x) * 180 / .pi
        if angle > 90 { angle -= 180 } else if angle <= -90 { angle += 180 }
        // Upright text reads upwards.
        if angle > 75 { angle -= 180 }
        let size = TextLayout.fittingSize(text, width: max(1.2 * edge.length, 60), size: FigureStyle.axisLabelSize)
        var line = TextLine(text, at: Point(0, 0), size: size, color: .ink, anchor: .middle, baseline: .middle)
        var square = (1 / edge.length) * Point(-along.y, along.x)
        if square.x * edge.outward.x + square.y * edge.outward.y < 0 { square = -1 * square }
        let slant = max(0.4, square.x * edge.outward.x + square.y * edge.outward.y)
        let labels = edge.axis.ticks.major.map { tick in
            let label = TextLine(tick.label, at: Point(0, 0), size: FigureStyle.tickLabelSize)
            return slant * (Self.labelGap + Self.reach(label, edge.outward)) + Self.reach(label, square)
        }
        let isTurned = line.width > 34
        if isTurned { line.rotation = angle }
        let own = isTurned ? 0.45 * size : Self.reach(line, square)
        let away = slant * FigureStyle.tickLength + (labels.max() ?? 0) + Self.titleGap + own
        line.position = 0.5 * (edge.start + edge.end) + (away / slant) * edge.outward
        return line
    }

    /// The box around everything that the axes draw, in points.
    var extent: Box {
        let texts = Drawing(size: Size(width: 0, height: 0), elements: elements()).texts
        return Box(around: camera.corners + texts.flatMap(\.corners))
    }
}

extension Box {
    /// The smallest box with these points.
    init(around points: [Point]) {
        let (xs, ys) = (points.map(\.x), points.map(\.y))
        let (left, top) = (xs.min() ?? 0, ys.min() ?? 0)
        self.init(x: left, y: top, width: (xs.max() ?? 0) - left, height: (ys.max() ?? 0) - top)
    }
}
