import Foundation

/// The outline of a glyph: its centre lines widened to the pen, for fonts.
///
/// Outer contours turn clockwise where y runs upwards, and the holes of closed lines the other way, as TrueType has it; pieces that overlap
/// merge under the non-zero winding rule.
enum GlyphOutline {
    /// Closed contours in ems, y upwards.
    static func contours(_ glyph: StrokeFont.Glyph, weight: TextLine.Weight) -> [[Point]] {
        let pen = StrokeFont.penWidth(weight), radius = glyph.pen * pen / 2
        // The centre line of the lowest stroke lies half a pen above the baseline.
        func raised(_ points: [Point]) -> [Point] { points.map { Point($0.x, $0.y + pen / 2) } }
        let lines = glyph.lines.flatMap { contours(raised($0.points), isClosed: $0.isClosed, radius) }
        let dots = raised(glyph.dots).map { center in
            (0..<20).map { center + turned(Point(1.3 * pen / 2, 0), by: -Double($0) / 20 * 2 * .pi) }
        }
        return lines + dots
    }

    private static func contours(_ line: [Point], isClosed: Bool, _ radius: Double) -> [[Point]] {
        var points: [Point] = []
        for point in line where points.last.map({ ($0 - point).length > 1e-9 }) ?? true { points.append(point) }
        if isClosed, points.count > 1, (points[0] - points[points.count - 1]).length < 1e-9 { points.removeLast() }
        guard points.count > 1 else { return [] }
        let back = Array(points.reversed())
        if isClosed, points.count > 2 {
            return [leftSide(points, isClosed: true, radius), leftSide(back, isClosed: true, radius)]
        }
        let there = leftSide(points, isClosed: false, radius), home = leftSide(back, isClosed: false, radius)
        return [there + cap(at: back[0], from: there.last!) + home + cap(at: points[0], from: home.last!)]
    }

    /// The half circle that leads clockwise to the other side of an end, without its two ends.
    private static func cap(at end: Point, from start: Point) -> [Point] {
        (1..<8).map { end + turned(start - end, by: -Double($0) / 8 * .pi) }
    }

    /// The line at distance `radius` on the left of a line: round where it bends away, cut where it bends towards it.
    private static func leftSide(_ points: [Point], isClosed: Bool, _ radius: Double) -> [Point] {
        let count = points.count
        var side: [Point] = []
        for index in points.indices {
            let before = index > 0 ? points[index - 1] : isClosed ? points[count - 1] : nil
            let after = index + 1 < count ? points[index + 1] : isClosed ? points[0] : nil
            let here = points[index]
            guard let before, let after else {
                side.append(here + normal(before ?? here, after ?? here, radius))
                continue
            }
            let (first, second) = (normal(before, here, radius), normal(here, after, radius))
            let turn = atan2(first.x * second.y - first.y * second.x, first.x * second.x + first.y * second.y)
            let reach = radius * tan(abs(turn) / 2)
            let fits = reach < min((here - before).length, (after - here).length)
            if abs(turn) < 0.35 || (turn > 0 && fits && abs(turn) < 3) {
                side.append(here + (1 / cos(turn / 2)) * turned(first, by: turn / 2))
            } else if turn < 0 {
                let steps = Int((-turn / 0.4).rounded(.up))
                side += (0...steps).map { here + turned(first, by: turn * Double($0) / Double(steps)) }
            } else {
                side += [here + first, here, here + second]
            }
        }
        return side
    }

    private static func normal(_ a: Point, _ b: Point, _ length: Double) -> Point {
        let d = b - a, scale = length / d.length
        return Point(-d.y * scale, d.x * scale)
    }

    private static func turned(_ p: Point, by angle: Double) -> Point {
        let (c, s) = (cos(angle), sin(angle))
        return Point(c * p.x - s * p.y, s * p.x + c * p.y)
    }
}
