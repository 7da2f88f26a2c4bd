/// What lies on a surface: paths, dots, words and marks, each drawn only where it can be seen.
struct SurfaceOverlays {
    let map: HeatmapFigure
    let plan: HeatmapPlan
    let field: HeightField

    /// Fails where there is no surface: without a finite value, or with one row or column only.
    init?(_ map: HeatmapFigure, _ plan: HeatmapPlan) {
        let grid = plan.grid
        guard !grid.finite.isEmpty, let left = grid.x.first, let right = grid.x.last, left < right,
            let bottom = grid.y.first, let top = grid.y.last, bottom < top
        else { return nil }
        (self.map, self.plan) = (map, plan)
        field = HeightField(grid, plan.scale.range)
    }

    var automaticView: SurfaceFigure.View {
        let path = map.overlays.flatMap(pieces).flatMap(\.self) + [plan.center.flatMap(place)].compactMap(\.self)
        return AutomaticView(field: field, minimum: plan.minimum.flatMap(place), path: path).view
    }

    /// The place on the surface over a point in data coordinates; `nil` outside and in holes.
    func place(_ p: Point) -> BoxPoint? {
        func share(_ value: Double, _ places: [Double]) -> Double {
            let (low, high) = (places[0], places[places.count - 1])
            return (value / 2 - low / 2) / (high / 2 - low / 2)
        }
        let (u, v) = (share(p.x, plan.grid.x), share(p.y, plan.grid.y))
        return field.height(u, v).map { BoxPoint(u, v, $0) }
    }

    /// The connected pieces of an overlay's line on the surface, in steps finer than the mesh.
    func pieces(_ overlay: HeatmapFigure.Overlay) -> [[BoxPoint]] {
        let points = zip(overlay.x, overlay.y).map { Point($0, $1) }
        let (width, depth) = (plan.grid.x.last! - plan.grid.x[0], plan.grid.y.last! - plan.grid.y[0])
        var places: [BoxPoint?] = points.prefix(1).map(place)
        for (a, b) in zip(points, points.dropFirst()) {
            let length = Point((b.x - a.x) / width, (b.y - a.y) / depth).length
            let steps = length.isFinite ? max(1, min(500, Int(length * 150))) : 1
            places += (1...steps).map { place(a + (Double($0) / Double(steps)) * (b - a)) }
        }
        return places.split(separator: nil).map { $0.compactMap(\.self) }
    }

    func elements(_ camera: Camera) -> [Drawing.Element] {
        let eye = camera.eye
        func seen(_ p: Point) -> Point? {
            place(p).flatMap { field.shows($0, from: eye) ? camera.point($0) : nil }
        }
        var result: [Drawing.Element] = []
        let dots = map.shownSamples.compactMap(seen)
        if !dots.isEmpty {
            let path = Path(runs: dots.flatMap { Path.circle(center: $0, radius: 0.9).runs })
            result.append(.group("samples", clip: nil, [.fill(path, Color(0xFFFFFF, opacity: 0.75))]))
        }
        for overlay in map.overlays {
            let runs = pieces(overlay).flatMap { piece in
                piece.split { !field.shows($0, from: eye) }
                    .map { Path.Run(points: $0.map(camera.point), isClosed: false) }
            }
            let path = Path(runs: runs.filter { $0.points.count > 1 })
            let corners = zip(overlay.x, overlay.y).compactMap { seen(Point($0, $1)) }
            result.append(
                .group(
                    "overlay", clip: nil,
                    [
                        .stroke(path, Stroke(Color.white.withOpacity(0.8), width: 2.8)),
                        .stroke(path, Stroke(overlay.color, width: 1.5)),
                    ] + corners.map { .fill(.circle(center: $0, radius: 2), overlay.color) }))
        }
        for label in map.labels {
            if let place = seen(label.place) { result += HeatmapMark.label(label.text, at: place) }
        }
        if let place = plan.minimum.flatMap(seen) {
            result.append(.group("minimum", clip: nil, HeatmapMark.minimum(at: place)))
        }
        if let place = plan.center.flatMap(seen) {
            result.append(.group("centre", clip: nil, HeatmapMark.center(at: place)))
        }
        return result
    }

    /// The heatmap's key; of marks that this view hides, it says so.
    func key(_ camera: Camera) -> FigureKey {
        let eye = camera.eye
        func isHidden(_ p: Point?) -> Bool {
            p.map { place($0).map { !field.shows($0, from: eye) } ?? true } ?? false
        }
        return plan.key(hidesCenter: isHidden(plan.center), hidesMinimum: isHidden(plan.minimum))
    }
}

extension HeatmapPlan {
    /// The key with a word at marks that are not seen.
    func key(hidesCenter: Bool, hidesMinimum: Bool) -> FigureKey {
        var key = key
        for index in key.entries.indices {
            let text = key.entries[index].text
            if hidesCenter && text.hasPrefix("centre ") || hidesMinimum && text.hasPrefix("minimum ") {
                key.entries[index].text += " (hidden)"
            }
        }
        return key
    }
}
