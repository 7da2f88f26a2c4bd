import Foundation

/// Finds places for the values of contour lines: on long, straight pieces, away from each other and from marks.
struct ContourLabels {
    static let size = 7.5

    struct Placed {
        var lines: [TextLine] = []
        /// The contour with gaps where labels stand.
        var runs: [Path.Run] = []
    }

    private let frame: Box
    private var taken: [Box]

    /// - Parameter obstacles: boxes in points that labels must not touch.
    init(frame: Box, obstacles: [Box]) {
        self.frame = frame
        taken = obstacles
    }

    /// Labels the longest run and all others that are long, where they have room.
    mutating func place(_ text: String, on runs: [Path.Run], color: Color) -> Placed {
        let width = StrokeFont.standard.width(of: text, size: ContourLabels.size, weight: .regular) + 5
        let lengths = runs.map { ContourLabels.distances($0.points).last ?? 0 }
        let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
        var placed = Placed()
        for (rank, index) in order.enumerated() {
            // A ring may be labelled where it is hardly longer than its label and the bend of it.
            let least = runs[index].isClosed ? 2.6 : 3.2
            if lengths[index] > (rank == 0 ? least : 8) * width,
                let (line, pieces) = label(text, on: runs[index], width: width, color: color)
            {
                placed.lines.append(line)
                placed.runs += pieces
            } else {
                placed.runs.append(runs[index])
            }
        }
        return placed
    }

    /// A label and what is left of the run; nil where it has no room.
    private mutating func label(_ text: String, on run: Path.Run, width: Double, color: Color)
        -> (TextLine, [Path.Run])?
    {
        // A closed line may be opened anywhere; starting it elsewhere costs nothing, so its own start is kept.
        var points = run.points
        if run.isClosed, let first = points.first { points.append(first) }
        let along = ContourLabels.distances(points)
        guard let total = along.last else { return nil }
        var best: (score: Double, from: Double, a: Point, b: Point)?
        let trials = max(8, min(120, Int(total / 6)))
        for trial in 0..<trials {
            let from = (total - width) * (Double(trial) + 0.5) / Double(trials)
            let a = ContourLabels.point(at: from, points, along)
            let b = ContourLabels.point(at: from + width, points, along)
            let middle = 0.5 * (a + b)
            let room = Box(x: middle.x - width / 2, y: middle.y - width / 2, width: width, height: width)
            guard room.x > frame.x + 2, room.maxX < frame.maxX - 2, room.y > frame.y + 2, room.maxY < frame.maxY - 2,
                !taken.contains(where: { $0.overlaps(room) })
            else { continue }
            // Straight pieces first, then near the middle of the line, then near level.
            let straightness = (b - a).length / width
            let slope = abs(atan2(b.y - a.y, b.x - a.x)) / .pi
            let tilt = min(slope, 1 - slope)
            let score = 4 * straightness - 0.3 * abs(from / total - 0.5) - 0.3 * tilt
            if straightness > (run.isClosed ? 0.86 : 0.94), score > best?.score ?? -.infinity {
                best = (score, from, a, b)
            }
        }
        guard let best else { return nil }
        var angle = atan2(best.b.y - best.a.y, best.b.x - best.a.x) * 180 / .pi
        if angle > 90 { angle -= 180 } else if angle < -90 { angle += 180 }
        let middle = 0.5 * (best.a + best.b)
        taken.append(
            Box(x: middle.x - 0.7 * width, y: middle.y - 0.7 * width, width: 1.4 * width, height: 1.4 * width))
        let before = Path.Run(
            points: points.indices.filter { along[$0] < best.from }.map { points[$0] } + [best.a], isClosed: false)
        let after = Path.Run(
            points: [best.b] + points.indices.filter { along[$0] > best.from + width }.map { points[$0] },
            isClosed: false)
        return (
            TextLine(
                text, at: middle, size: ContourLabels.size, color: color, anchor: .middle, baseline: .middle,
                rotation: angle), [before, after]
        )
    }

    /// Points of a line so close that none of it lies between two.
    static func dense(_ points: [Point], step: Double) -> [Point] {
        zip(points, points.dropFirst()).flatMap { a, b in
            let count = max(1, min(1000, Int((b - a).length / step)))
            return (0...count).map { a + (Double($0) / Double(count)) * (b - a) }
        }
    }

    /// The length of the line up to each point.
    private static func distances(_ points: [Point]) -> [Double] {
        var sum = 0.0
        return points.indices.map { index in
            if index > 0 { sum += (points[index] - points[index - 1]).length }
            return sum
        }
    }

    private static func point(at distance: Double, _ points: [Point], _ along: [Double]) -> Point {
        guard let after = along.firstIndex(where: { $0 >= distance }), after > 0 else { return points[0] }
        let length = along[after] - along[after - 1]
        let t = length > 0 ? (distance - along[after - 1]) / length : 0
        return points[after - 1] + t * (points[after] - points[after - 1])
    }
}
