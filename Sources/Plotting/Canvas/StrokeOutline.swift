import Foundation

/// The outlines of a thick line: one quadrilateral a segment, round joins, round or flat ends.
///
/// All pieces turn the same way, so that under the non-zero winding rule they merge.
enum StrokeOutline {
    static func outlines(of runs: [Path.Run], width: Double, cap: Stroke.Cap) -> [[Point]] {
        var pieces: [[Point]] = []
        let radius = width / 2
        for run in runs {
            var points: [Point] = []
            for point in run.points where point.isFinite && points.last != point { points.append(point) }
            if run.isClosed, points.count > 2 {
                if points[0] == points[points.count - 1] { points.removeLast() }
                points.append(points[0])
            }
            guard points.count > 1 else {
                if let only = points.first, cap == .round { pieces.append(disc(only, radius)) }
                continue
            }
            for index in 1..<points.count {
                let (a, b) = (points[index - 1], points[index])
                let normal = normal(from: a, to: b, length: radius)
                pieces.append(oriented([a + normal, b + normal, b - normal, a - normal]))
                if index > 1 { join(points[index - 2], a, b, radius, into: &pieces) }
            }
            if run.isClosed {
                join(points[points.count - 2], points[0], points[1], radius, into: &pieces)
            } else if cap == .round {
                pieces.append(disc(points[0], radius))
                pieces.append(disc(points[points.count - 1], radius))
            }
        }
        return pieces
    }

    private static func join(_ a: Point, _ b: Point, _ c: Point, _ radius: Double, into pieces: inout [[Point]]) {
        let before = normal(from: a, to: b, length: radius)
        let after = normal(from: b, to: c, length: radius)
        let bend = (before - after).length
        // Below a fiftieth of a pixel the gap on the outer side cannot be seen.
        guard bend > 0.02 else { return }
        if bend < 0.35 * radius {
            pieces.append(oriented([b, b + before, b + after]))
            pieces.append(oriented([b, b - before, b - after]))
        } else {
            pieces.append(disc(b, radius))
        }
    }

    private static func normal(from a: Point, to b: Point, length: Double) -> Point {
        let d = b - a
        let scale = length / d.length
        return Point(-d.y * scale, d.x * scale)
    }

    static func disc(_ center: Point, _ radius: Double) -> [Point] {
        let sides = min(96, max(12, Int((8 * radius.squareRoot()).rounded(.up)) * 2))
        return oriented(
            (0..<sides).map { index in
                let angle = 2 * Double.pi * Double(index) / Double(sides)
                return Point(center.x + radius * cos(angle), center.y + radius * sin(angle))
            })
    }

    private static func oriented(_ polygon: [Point]) -> [Point] {
        var area = 0.0
        var previous = polygon[polygon.count - 1]
        for point in polygon {
            area += previous.x * point.y - point.x * previous.y
            previous = point
        }
        return area < 0 ? polygon.reversed() : polygon
    }

    /// Cuts runs into dashes; lengths in the unit of the points.
    static func dashed(_ runs: [Path.Run], pattern: [Double]) -> [Path.Run] {
        guard pattern.reduce(0, +) > 0, pattern.allSatisfy({ $0 >= 0 }) else { return runs }
        var result: [Path.Run] = []
        for run in runs {
            var points = run.points.filter(\.isFinite)
            if run.isClosed, let first = points.first { points.append(first) }
            guard var position = points.first else { continue }
            var phase = 0
            var remaining = pattern[0]
            var current = [position]
            for target in points.dropFirst() {
                var distance = (target - position).length
                while distance > remaining {
                    position = position + (remaining / distance) * (target - position)
                    distance -= remaining
                    if phase % 2 == 0 { result.append(Path.Run(points: current + [position], isClosed: false)) }
                    current = [position]
                    phase += 1
                    remaining = max(1e-3, pattern[phase % pattern.count])
                }
                remaining -= distance
                position = target
                if phase % 2 == 0 { current.append(target) }
            }
            if phase % 2 == 0, current.count > 1 { result.append(Path.Run(points: current, isClosed: false)) }
        }
        return result
    }
}
