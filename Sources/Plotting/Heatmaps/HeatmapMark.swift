import Foundation

/// The marks on heatmaps: they must be seen on any colour, so each is dark with a white core or the reverse.
enum HeatmapMark {
    static let nonFiniteColor = Color(0xD9D9D9)
    /// Lines between regions, on black.
    static let region = Color(0xFFFFFF)

    /// A ring, so that the centre's cross can be seen inside it.
    static func minimum(at p: Point) -> [Drawing.Element] {
        [
            .stroke(.circle(center: p, radius: 5.2), Stroke(.black, width: 3.2)),
            .stroke(.circle(center: p, radius: 5.2), Stroke(.white, width: 1.5)),
        ]
    }

    /// An upright cross.
    static func center(at p: Point) -> [Drawing.Element] {
        let cross = Path(runs: [
            Path.Run(points: [Point(p.x - 3.2, p.y), Point(p.x + 3.2, p.y)], isClosed: false),
            Path.Run(points: [Point(p.x, p.y - 3.2), Point(p.x, p.y + 3.2)], isClosed: false),
        ])
        return [.stroke(cross, Stroke(.black, width: 3)), .stroke(cross, Stroke(.white, width: 1.3))]
    }

    /// A word beside a point, dark on a white ground in every theme: read on any colour.
    static func label(_ text: String, at p: Point) -> [Drawing.Element] {
        let line = TextLine(text, at: Point(p.x + 7.5, p.y - 6.5), size: 11, color: Color(0x1A1A1A), weight: .bold)
        let ground = Box(x: p.x + 5, y: p.y - 17, width: line.width + 5, height: 13)
        return [.fill(.rectangle(ground), Color(0xFFFFFF, opacity: 0.8)), .text(line)]
    }

    /// A white dot in a dark cell, as the key shows it.
    static func sample(at p: Point) -> [Drawing.Element] {
        let cell = Box(x: p.x - 4, y: p.y - 4, width: 8, height: 8)
        return [.fill(.rectangle(cell), Color(0x777777)), .fill(.circle(center: p, radius: 1.3), .white)]
    }

    /// Diagonal lines in each box, continuous from box to box.
    static func hatching(_ boxes: [Box]) -> Drawing.Element {
        let spacing = 4.0
        var runs: [Path.Run] = []
        for box in boxes where box.width > 0 && box.height > 0 {
            // The lines are x + y = multiple of the spacing, on the whole page.
            let first = ((box.x + box.y) / spacing).rounded(.up)
            let last = ((box.maxX + box.maxY) / spacing).rounded(.down)
            guard last >= first, last - first < 10_000 else { continue }
            for index in 0...Int(last - first) {
                let sum = (first + Double(index)) * spacing
                let left = max(box.x, sum - box.maxY)
                let right = min(box.maxX, sum - box.y)
                guard right > left else { continue }
                runs.append(Path.Run(points: [Point(left, sum - left), Point(right, sum - right)], isClosed: false))
            }
        }
        return .stroke(Path(runs: runs), Stroke(Color(0x8A8A8A), width: 0.8, cap: .butt))
    }
}
