/// Finds where in a frame a legend hides least.
struct LegendPlacement {
    let frame: AxesFrame
    private let points: [Point]
    private let obstacles: [Box]

    init(frame: AxesFrame, series: [Series], obstacles: [Box]) {
        self.frame = frame
        self.obstacles = obstacles
        var points: [Point] = []
        for series in series {
            let drawing = SeriesDrawing(series, frame)
            for run in drawing.runs {
                if run.count == 1 { points += run }
                for (a, b) in zip(run, run.dropFirst()) {
                    // A long segment counts along its length, like many short ones.
                    let steps = max(1, min(200, Int((b - a).length / 3)))
                    points += (0...steps).map { a + (Double($0) / Double(steps)) * (b - a) }
                }
            }
            points += drawing.bandOutlines.flatMap { $0 }
        }
        self.points = points.filter { frame.box.contains($0) }
    }

    /// The best place and the share of the data that it hides.
    func best(_ size: Size) -> (box: Box, share: Double) {
        let inset = 8.0
        let (left, right) = (frame.box.x + inset, frame.box.maxX - inset - size.width)
        let (top, bottom) = (frame.box.y + inset, frame.box.maxY - inset - size.height)
        let (across, down) = ((left + right) / 2, (top + bottom) / 2)
        // In order of preference where they hide the same.
        let corners = [
            (right, top), (left, top), (right, bottom), (left, bottom), (across, top), (across, bottom), (right, down),
            (left, down),
        ]
        var best: (box: Box, share: Double)?
        for (x, y) in corners {
            let box = Box(x: x, y: y, width: size.width, height: size.height)
            let near = Box(x: x - 4, y: y - 4, width: size.width + 8, height: size.height + 8)
            var hidden = Double(points.count { near.contains($0) }) / Double(max(1, points.count))
            if obstacles.contains(where: { $0.overlaps(near) }) { hidden += 0.2 }
            if hidden < best?.share ?? .infinity { best = (box, hidden) }
        }
        return best ?? (Box(x: right, y: top, width: size.width, height: size.height), 0)
    }
}
