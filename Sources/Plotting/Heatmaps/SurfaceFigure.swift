import Foundation

/// A function of two variables as a surface in space, seen from a corner above, with the data, colours and scale of its
/// heatmap.
public struct SurfaceFigure: Figure {
    /// The heatmap that gives data, words, colours and scale.
    public var map: HeatmapFigure
    /// Direction of view around the vertical axis, in degrees.
    public var view: View?
    /// A direction to look from.
    public struct View: Sendable, Equatable {
        public var azimuth: Double, elevation: Double
        public init(azimuth: Double, elevation: Double) { (self.azimuth, self.elevation) = (azimuth, elevation) }
    }
    /// Direction of view above the horizon, in degrees.
    /// Height of the highest value over the width of an axis.
    public var height = 0.6

    /// Width and height of the whole picture, in points: the heatmap's, and 70 points more in width.
    public var size: Size { Size(width: map.size.width + 70, height: map.size.height) }
    /// The heatmap's title.
    public var title: String { map.title }

    /// Cells along an axis; more are thinned out.
    private static let mostCells = 120

    /// The surface over a heatmap's plane. Of more than 120 cells along an axis, every few are drawn as one.
    public init(_ map: HeatmapFigure, view: View? = nil) { (self.map, self.view) = (map, view) }

    private var heading: Heading { Heading(title: map.title, subtitle: map.subtitle, titleSize: map.titleSize) }

    /// The space that title, labels and legend need around the plot's frame in `box`, in points.
    public func margins(in box: Box) -> Margins {
        Margins(
            left: FigureStyle.outerMargin,
            top: FigureStyle.outerMargin + heading.height(width: box.width - 2 * FigureStyle.outerMargin),
            right: HeatmapPlan(map, in: box).bar?.space ?? FigureStyle.outerMargin, bottom: FigureStyle.outerMargin)
    }

    /// The primitives of the figure in `box`, with the plot's frame inset by `margins`.
    public func elements(in box: Box, margins: Margins) -> [Drawing.Element] {
        var inner = box.inset(left: margins.left, top: margins.top, right: margins.right, bottom: margins.bottom)
        let plan = HeatmapPlan(map, in: box, frame: inner)
        var result = heading.elements(
            center: box.center.x, top: box.y + FigureStyle.outerMargin, width: box.width - 2 * FigureStyle.outerMargin)
        guard !plan.grid.finite.isEmpty, plan.grid.x.count > 1, plan.grid.y.count > 1 else {
            return result + [
                FigureKey.note(
                    plan.grid.values.isEmpty
                        ? "no data" : plan.grid.finite.isEmpty ? "no finite values" : "one row or column",
                    at: inner.center)
            ]
        }
        let bar = plan.bar
        inner = inner.inset(left: 10, top: 4, right: 10, bottom: 26)
        let view = Projection(self, inner, plan)
        result.append(.group("base", clip: nil, baseElements(plan, view)))
        result.append(.group("surface", clip: nil, surfaceElements(plan, view)))
        if let bar {
            let side = Box(x: inner.x, y: inner.y + 30, width: inner.width + 10, height: max(60, inner.height - 60))
            result.append(ColorBar(scale: bar.scale, label: map.valueLabel, height: side.height).elements(beside: side))
        }
        return result
    }

    /// From the unit cube to the page.
    private struct Projection {
        let across: (Double, Double), depth: (Double, Double)
        let sine: Double, cosine: Double
        let scale: Double, center: Point, height: Double
        let plan: HeatmapPlan

        init(_ figure: SurfaceFigure, _ box: Box, _ plan: HeatmapPlan) {
            let (a, e) = ((figure.view?.azimuth ?? 35) * .pi / 180, (figure.view?.elevation ?? 40) * .pi / 180)
            across = (cos(a), -sin(a))
            depth = (sin(a), cos(a))
            (sine, cosine, height) = (sin(e), cos(e), figure.height)
            let wide = abs(across.0) + abs(across.1), deep = abs(depth.0) + abs(depth.1)
            scale = min(box.width / wide, box.height / (deep * sine + height * cosine))
            center = Point(
                box.center.x,
                box.maxY - (box.height - scale * (deep * sine + height * cosine)) / 2 - scale * deep * sine / 2)
            self.plan = plan
        }

        /// u and v in 0...1 along the axes, w the height in 0...1.
        func point(_ u: Double, _ v: Double, _ w: Double) -> Point {
            let (x, y) = (u - 0.5, v - 0.5)
            return Point(
                center.x + scale * (x * across.0 + y * across.1),
                center.y - scale * ((x * depth.0 + y * depth.1) * sine + w * height * cosine))
        }

        /// How far from the viewer.
        func distance(_ u: Double, _ v: Double) -> Double { u * depth.0 + v * depth.1 }

        func share(_ value: Double) -> Double { min(1, max(0, plan.scale.range.fraction(of: value) ?? 0)) }
    }

    private static func thinned(_ count: Int) -> [Int] {
        let stride = max(1, (count - 1 + mostCells - 1) / mostCells)
        var places = Array(Swift.stride(from: 0, to: count, by: stride))
        if places.last != count - 1 { places.append(count - 1) }
        return places
    }

    private func surfaceElements(_ plan: HeatmapPlan, _ view: Projection) -> [Drawing.Element] {
        let grid = plan.grid
        func place(_ values: [Double], _ i: Int) -> Double {
            (values[i] - values[0]) / (values[values.count - 1] - values[0])
        }
        let columns = Self.thinned(grid.x.count), rows = Self.thinned(grid.y.count)
        var cells: [(distance: Double, path: Path, color: Color)] = []
        for (top, bottom) in zip(rows.dropFirst(), rows) {
            for (right, left) in zip(columns.dropFirst(), columns) {
                let corners = [(left, bottom), (right, bottom), (right, top), (left, top)]
                let values = corners.map { grid.values[$0.1 * grid.x.count + $0.0] }
                guard values.allSatisfy(\.isFinite) else { continue }
                let places = corners.map { (place(grid.x, $0.0), place(grid.y, $0.1)) }
                let shares = values.map(view.share)
                let points = zip(places, shares).map { view.point($0.0, $0.1, $1) }
                let color = plan.scale.map.color(at: shares.reduce(0, +) / 4)
                cells.append(
                    (view.distance(places[0].0 + places[2].0, places[0].1 + places[2].1), .polygon(points), color))
            }
        }
        // The farthest first; nearer cells hide them.
        return cells.sorted { $0.distance > $1.distance }.flatMap { cell in
            [
                .fill(cell.path, cell.color),
                .stroke(
                    cell.path,
                    Stroke(
                        cell.color.luminance > 0.3 ? Color(0x000000, opacity: 0.22) : Color(0xFFFFFF, opacity: 0.22),
                        width: 0.35)),
            ]
        }
    }

    private func baseElements(_ plan: HeatmapPlan, _ view: Projection) -> [Drawing.Element] {
        var elements: [Drawing.Element] = [
            .stroke(
                .polygon([view.point(0, 0, 0), view.point(1, 0, 0), view.point(1, 1, 0), view.point(0, 1, 0)]),
                Stroke(.quiet, width: 0.8))
        ]
        func label(_ text: String, _ u: Double, _ v: Double, _ anchor: TextLine.Anchor) {
            var place = view.point(u, v, 0)
            place.y += 5
            elements.append(
                .text(
                    TextLine(
                        text, at: place, size: FigureStyle.tickLabelSize, color: .ink, anchor: anchor, baseline: .top)))
        }
        let (x, y) = (plan.grid.x, plan.grid.y)
        func text(_ value: Double) -> String { NumberText.rounded(value, digits: 3) }
        // The two edges that face the viewer.
        for t in [0.0, 0.5, 1] {
            label(text(x[0] + t * (x[x.count - 1] - x[0])), t, -0.03, .middle)
            label(text(y[0] + t * (y[y.count - 1] - y[0])), -0.03, t, .end)
        }
        label(map.xLabel, 0.25, -0.12, .middle)
        label(map.yLabel, -0.14, 0.25, .middle)
        return elements
    }
}
