/// A function of two variables as a surface in space, with light and shade, a floor with contours, two back walls and a
/// height axis; data, words, colours, scale and marks are those of its heatmap.
///
/// A grid of more than 50 cells along an axis is averaged to 50. Cells without a finite value are holes, hatched on the
/// floor.
public struct SurfaceFigure: Figure {
    /// A direction to look from, in the convention of matplotlib's `view_init`.
    public struct View: Sendable, Equatable {
        /// Degrees around the vertical axis: 0 looks from the end of the first axis (α), 90 from that of the second (β).
        public var azimuth: Double
        /// Degrees above the horizon, in 0...90.
        public var elevation: Double

        /// The view from this direction.
        ///
        /// - Precondition: a finite azimuth, and an elevation in 0...90.
        public init(azimuth: Double, elevation: Double) {
            precondition(
                azimuth.isFinite && 0...90 ~= elevation,
                "a view needs a finite azimuth and an elevation in 0...90, got \(azimuth), \(elevation)")
            (self.azimuth, self.elevation) = (azimuth, elevation)
        }
    }

    /// The heatmap that gives data, words, colours and scale.
    public var map: HeatmapFigure
    /// The direction to look from; `nil` for the one that shows the minimum and the paths and hides least of the surface.
    public var view: View?

    /// Width and height of the whole picture, in points: the heatmap's, and 70 points more in width.
    public var size: Size { Size(width: map.size.width + 70, height: map.size.height) }
    /// The heatmap's title.
    public var title: String { map.title }

    /// The surface over a heatmap's plane.
    public init(_ map: HeatmapFigure, view: View? = nil) { (self.map, self.view) = (map, view) }

    private var heading: Heading { Heading(title: map.title, subtitle: map.subtitle, titleSize: map.titleSize) }

    private func textWidth(_ box: Box) -> Double { box.width - 2 * FigureStyle.outerMargin }

    /// The space that title, labels and legend need around the plot's frame in `box`, in points.
    public func margins(in box: Box) -> Margins {
        let plan = HeatmapPlan(map, in: box)
        // Which marks are hidden is known only when all have their places.
        let key = plan.key(hidesCenter: true, hidesMinimum: true)
        return Margins(
            left: FigureStyle.outerMargin,
            top: FigureStyle.outerMargin + heading.height(width: textWidth(box)),
            right: plan.bar?.space ?? FigureStyle.outerMargin,
            bottom: FigureStyle.outerMargin + key.height(width: textWidth(box)))
    }

    /// The primitives of the figure in `box`, with the plot's frame inset by `margins`.
    public func elements(in box: Box, margins: Margins) -> [Drawing.Element] {
        let inner = box.inset(left: margins.left, top: margins.top, right: margins.right, bottom: margins.bottom)
        let plan = HeatmapPlan(map, in: box, frame: inner), grid = plan.grid
        var result = heading.elements(
            center: box.center.x, top: box.y + FigureStyle.outerMargin, width: textWidth(box))
        guard let overlays = SurfaceOverlays(map, plan) else {
            let note = grid.values.isEmpty ? "no data" : grid.finite.isEmpty ? "no finite values" : "one row or column"
            return result + [FigureKey.note(note, at: inner.center)]
        }
        let paths = map.overlays.flatMap(overlays.pieces)
        let camera = fitted(Camera(view ?? overlays.automaticView), plan, inner)
        let axes = SurfaceAxes(map, plan, camera)
        result += SurfaceBox(plan: plan, camera: camera, axes: axes, paths: paths).elements() + axes.elements()
        let mesh = SurfaceMesh(field: overlays.field, camera: camera, colors: plan.scale.map)
        result.append(.group("surface", clip: nil, mesh.elements()))
        result += overlays.elements(camera)
        if plan.bar != nil {
            let side = inner.inset(top: 0.12 * inner.height, bottom: 0.12 * inner.height)
            result.append(
                ColorBar(scale: plan.scale, label: map.valueLabel, height: side.height).elements(beside: side))
        }
        let key = overlays.key(camera)
        result.append(key.elements(center: box.center.x, top: inner.maxY, width: textWidth(box)))
        return result
    }

    /// The view that is chosen where none is given; `nil` where there is no surface.
    var automaticView: View? {
        let plan = HeatmapPlan(map, in: Box(x: 0, y: 0, width: size.width, height: size.height))
        return SurfaceOverlays(map, plan)?.automaticView
    }

    /// The camera moved so far that the box and all words at its edges fill `frame`.
    private func fitted(_ camera: Camera, _ plan: HeatmapPlan, _ frame: Box) -> Camera {
        var camera = camera
        camera.scale = 0.5 * min(frame.width, frame.height)
        // Words keep their size, so what they need is found by trying.
        for _ in 0..<5 {
            let extent = SurfaceAxes(map, plan, camera).extent
            let bare = Box(around: camera.corners)
            let words = (width: extent.width - bare.width, height: extent.height - bare.height)
            let growth = min((frame.width - words.width) / bare.width, (frame.height - words.height) / bare.height)
            camera.scale *= max(0.1, growth)
            let moved = SurfaceAxes(map, plan, camera).extent
            camera.center = camera.center + (frame.center - moved.center)
        }
        return camera
    }
}
