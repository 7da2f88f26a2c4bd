import Foundation

/// The marks on heatmaps: they must be seen on any colour, so each is dark with a white core or the reverse.
enum HeatmapMark {
    static let nonFiniteColor = Color(0xD9D9D9)

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

/// Samples with words under a plot, in as many lines as they need.
struct FigureKey: Sendable {
    enum Sample: Sendable {
        case mark(@Sendable (Point) -> [Drawing.Element])
        case hatched
        case line(Stroke)
    }

    struct Entry: Sendable {
        var sample: Sample
        var text: String
    }

    var entries: [Entry]

    private static let sampleWidth = 20.0
    private static let gap = 18.0
    private static let lineHeight = 15.0

    func height(width: Double) -> Double {
        entries.isEmpty ? 0 : Double(rows(width: width).count) * FigureKey.lineHeight + 6
    }

    private func entryWidth(_ entry: Entry) -> Double {
        FigureKey.sampleWidth
            + StrokeFont.standard.width(of: entry.text, size: FigureStyle.noteSize, weight: .regular)
    }

    private func rows(width: Double) -> [[Entry]] {
        var rows: [[Entry]] = []
        var used = 0.0
        for entry in entries {
            let needed = entryWidth(entry)
            if rows.isEmpty || used + FigureKey.gap + needed > width {
                rows.append([entry])
                used = needed
            } else {
                rows[rows.count - 1].append(entry)
                used += FigureKey.gap + needed
            }
        }
        return rows
    }

    func elements(center: Double, top: Double, width: Double) -> Drawing.Element {
        var result: [Drawing.Element] = []
        for (index, row) in rows(width: width).enumerated() {
            let total = row.reduce(Double(row.count - 1) * FigureKey.gap) { $0 + entryWidth($1) }
            var x = center - total / 2
            let y = top + 6 + (Double(index) + 0.5) * FigureKey.lineHeight
            for entry in row {
                let middle = Point(x + 7, y)
                switch entry.sample {
                case .mark(let draw):
                    result += draw(middle)
                case .hatched:
                    let box = Box(x: x, y: y - 5, width: 14, height: 10)
                    result.append(.fill(.rectangle(box), HeatmapMark.nonFiniteColor))
                    result.append(HeatmapMark.hatching([box]))
                case .line(let stroke):
                    result.append(.stroke(.line(Point(x, y), Point(x + 15, y)), stroke))
                }
                result.append(
                    .text(
                        TextLine(
                            entry.text, at: Point(x + FigureKey.sampleWidth, y), size: FigureStyle.noteSize,
                            color: .ink, baseline: .middle)))
                x += entryWidth(entry) + FigureKey.gap
            }
        }
        return .group("key", clip: nil, result)
    }
}
