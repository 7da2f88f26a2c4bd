import Foundation

extension TextLine {
    /// The corners of the rectangle around the letters, turned with them, in points.
    var corners: [Point] {
        let before = anchor == .start ? 0 : anchor == .middle ? width / 2 : width
        let (top, bottom) = (baselineDrop - 0.76 * size, baselineDrop + 0.2 * size)
        let angle = rotation * .pi / 180
        return [(-before, top), (width - before, top), (width - before, bottom), (-before, bottom)].map { x, y in
            Point(position.x + cos(angle) * x - sin(angle) * y, position.y + sin(angle) * x + cos(angle) * y)
        }
    }

    /// Whether the rectangles of two lines touch.
    func overlaps(_ other: TextLine) -> Bool {
        let (mine, theirs) = (corners, other.corners)
        // Convex outlines are apart if one side of one of them has the other wholly beyond it.
        return [(mine, theirs), (theirs, mine)].allSatisfy { outline, points in
            outline.indices.allSatisfy { index in
                let (a, b) = (outline[index], outline[(index + 1) % outline.count])
                return points.contains { (b.x - a.x) * ($0.y - a.y) - (b.y - a.y) * ($0.x - a.x) > 0 }
            }
        }
    }
}
