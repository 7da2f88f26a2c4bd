/// Finds where in a frame a legend or a label hides least of the data.
struct FreeSpace {
    private let frame: AxesFrame
    private let points: [Point]
    private var obstacles: [Box] = []

    init(frame: AxesFrame, series: [Series]) {
        self.frame = frame
        var points: [Point] = []
        for series in series {
            let drawing = SeriesDrawing(series, frame)
            for run in drawing.runs + (drawing.errorBars + drawing.xErrorBars).map({ [$0.low, $0.high] }) {
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

    /// The share of the data inside the box, in 0...1; more if it meets another label.
    private func hidden(by box: Box) -> Double {
        let covered = Double(points.count { box.contains($0) }) / Double(max(1, points.count))
        return obstacles.contains { $0.overlaps(box) } ? covered + 0.2 : covered
    }

    /// The place for a legend and the share of the data that it hides: corners first, then anywhere.
    func best(_ size: Size) -> (box: Box, share: Double) {
        let (inset, air) = (8.0, 4.0)
        // What fills the frame stands in its middle.
        let center = Point(frame.box.center.x - size.width / 2, frame.box.center.y - size.height / 2)
        let left = min(frame.box.x + inset, center.x), right = max(frame.box.maxX - inset - size.width, center.x)
        let top = min(frame.box.y + inset, center.y), bottom = max(frame.box.maxY - inset - size.height, center.y)
        var candidates = [(right, top), (left, top), (right, bottom), (left, bottom)]
        let steps = 8
        for down in 0...steps {
            for across in 0...steps {
                candidates.append(
                    (
                        right + (left - right) * Double(across) / Double(steps),
                        top + (bottom - top) * Double(down) / Double(steps)
                    ))
            }
        }
        var best = (box: Box(x: right, y: top, width: size.width, height: size.height), share: Double.infinity)
        for (x, y) in candidates {
            let near = Box(x: x - air, y: y - air, width: size.width + 2 * air, height: size.height + 2 * air)
            let share = hidden(by: near)
            if share < best.share { best = (Box(x: x, y: y, width: size.width, height: size.height), share) }
        }
        return best
    }

    /// The first of the lines of text that hides least; later texts keep away from it.
    ///
    /// - Parameter needsRoom: whether there is none where all would meet another text or leave the frame.
    mutating func take(_ candidates: [TextLine], needsRoom: Bool = false) -> (line: TextLine, box: Box)? {
        var best: (line: TextLine, box: Box, share: Double)?
        for line in candidates {
            let box = FreeSpace.extent(of: line)
            let share = hidden(by: box)
            let isInside =
                box.x >= frame.box.x && box.maxX <= frame.box.maxX && box.y >= frame.box.y
                && box.maxY <= frame.box.maxY
            if needsRoom, !isInside || share >= 0.2 { continue }
            if share < best?.share ?? .infinity { best = (line, box, share) }
        }
        guard let best else { return nil }
        obstacles.append(best.box)
        return (best.line, best.box)
    }

    /// The box around a level line, or around one that reads upwards.
    private static func extent(of line: TextLine) -> Box {
        let width = line.width
        let before = line.anchor == .start ? 0 : line.anchor == .middle ? width / 2 : width
        let (rise, fall) = (0.78 * line.size - line.baselineDrop, 0.2 * line.size + line.baselineDrop)
        if line.rotation == -90 {
            return Box(
                x: line.position.x - rise - 1, y: line.position.y - (width - before) - 2, width: rise + fall + 2,
                height: width + 4)
        }
        return Box(
            x: line.position.x - before - 2, y: line.position.y - rise - 1, width: width + 4, height: rise + fall + 2)
    }
}
