/// Chooses the view that shows a surface's minimum and paths and hides least of the rest.
struct AutomaticView {
    let field: HeightField
    /// The minimum, if it is marked.
    let minimum: BoxPoint?
    /// Points of paths on the surface, and the centre.
    let path: [BoxPoint]

    /// The first is taken where others show no more: it is the habit of matplotlib's users.
    private static let azimuths = [-60.0, -30, -45, -120, -150, -135, 30, 60, 45, 120, 150, 135]
    private static let elevations = [30.0, 25, 35, 40, 45, 50, 60, 70]

    /// The best of 96 views; the same for the same surface.
    var view: SurfaceFigure.View {
        let (columns, rows) = (field.columns.places.count, field.rows.places.count)
        let ground = stride(from: 0, to: rows, by: max(1, rows / 14)).flatMap { row in
            stride(from: 0, to: columns, by: max(1, columns / 14)).map { field.vertex($0, row) }
        }.filter { !$0.w.isNaN }
        let lowest = minimum.map(around) ?? []
        var best = (view: SurfaceFigure.View(azimuth: Self.azimuths[0], elevation: Self.elevations[0]), score: 0.0)
        for elevation in Self.elevations {
            for azimuth in Self.azimuths {
                let view = SurfaceFigure.View(azimuth: azimuth, elevation: elevation)
                let eye = Camera(view).eye
                func share(_ points: [BoxPoint]) -> Double {
                    points.isEmpty ? 1 : Double(points.count { field.shows($0, from: eye) }) / Double(points.count)
                }
                // Looking down shows everything but height.
                let flatness = abs(elevation - Self.elevations[0]) / 40
                let score = 2 * share(lowest) + share(path) + share(ground) - flatness
                if score > best.score + 0.02 { best = (view, score) }
            }
        }
        return best.view
    }

    /// The minimum and, counting as much together, the ground next to it: a ring around it needs some room.
    private func around(_ p: BoxPoint) -> [BoxPoint] {
        let reach = 0.035
        let near = [-1.0, 0, 1].flatMap { du in [-1.0, 0, 1].map { dv in (p.u + reach * du, p.v + reach * dv) } }
            .compactMap { u, v in field.height(u, v).map { BoxPoint(u, v, $0) } }
        return near + near.map { _ in p }
    }
}
