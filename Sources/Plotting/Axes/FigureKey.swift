/// Samples with words: under a plot in as many lines as they need, or boxed as a column inside it.
struct FigureKey: Sendable {
    enum Sample: Sendable {
        case mark(@Sendable (Point) -> [Drawing.Element])
        case hatched
        /// Words alone.
        case none
        case line(Stroke)
        case series(Series)
    }

    struct Entry: Sendable {
        var sample: Sample
        var text: String
    }

    var entries: [Entry]

    private static let gap = 14.0
    private static let lineHeight = 15.0

    func height(width: Double) -> Double {
        entries.isEmpty ? 0 : Double(rows(width: width).count) * FigureKey.lineHeight + 6
    }

    /// From the sample's left end to the words; lines need length to show their dashes.
    private func sampleWidth(_ entry: Entry) -> Double {
        switch entry.sample {
        case .mark, .hatched: 20
        case .none: 0
        case .line, .series: 26
        }
    }

    private func entryWidth(_ entry: Entry) -> Double {
        sampleWidth(entry)
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
                result += elements(of: entry, left: x, y: y)
                x += entryWidth(entry) + FigureKey.gap
            }
        }
        return .group("key", clip: nil, result)
    }

    /// The size of the boxed column.
    var boxSize: Size {
        Size(
            width: (entries.map(entryWidth).max() ?? 0) + 14, height: Double(entries.count) * FigureKey.lineHeight + 6)
    }

    /// The entries one under the other on a nearly opaque ground.
    func boxed(in box: Box) -> Drawing.Element {
        var result: [Drawing.Element] = [
            .fill(.rectangle(box), Color.paper.withOpacity(0.88)),
            .stroke(.rectangle(box), .crisp(Color(0xC8C8C8), width: 0.5)),
        ]
        for (index, entry) in entries.enumerated() {
            let y = box.y + 3 + (Double(index) + 0.5) * FigureKey.lineHeight
            result += elements(of: entry, left: box.x + 7, y: y)
        }
        return .group("legend", clip: nil, result)
    }

    private func elements(of entry: Entry, left: Double, y: Double) -> [Drawing.Element] {
        var result: [Drawing.Element] = []
        let (start, end, middle) = (Point(left, y), Point(left + 20, y), Point(left + 10, y))
        switch entry.sample {
        case .mark(let draw):
            result += draw(Point(left + 7, y))
        case .hatched:
            let box = Box(x: left, y: y - 5, width: 15, height: 10)
            result.append(.fill(.rectangle(box), HeatmapMark.nonFiniteColor))
            result.append(HeatmapMark.hatching([box]))
        case .none: break
        case .line(let stroke):
            result.append(.stroke(.line(start, end), stroke))
        case .series(let series):
            let color = series.color ?? .ink
            if series.band != nil {
                let box = Box(x: left, y: y - 4, width: 20, height: 8)
                result.append(.fill(.rectangle(box), color.withOpacity(0.2)))
            }
            if series.lineWidth > 0 {
                let dash = series.dash ?? []
                result.append(
                    .stroke(
                        .line(start, end),
                        Stroke(color, width: series.lineWidth, cap: dash.isEmpty ? .round : .butt, dash: dash)))
            }
            if let marker = series.marker { result.append(SeriesDrawing.mark(marker, at: middle, color: color)) }
        }
        let text = TextLine(
            entry.text, at: Point(left + sampleWidth(entry), y), size: FigureStyle.noteSize, color: .ink,
            baseline: .middle)
        return result + [.text(text)]
    }

    /// The words in the middle of a plot without data.
    static func note(_ text: String, at center: Point) -> Drawing.Element {
        let line = TextLine(
            text, at: center, size: FigureStyle.axisLabelSize, color: .quiet, anchor: .middle, baseline: .middle)
        let width = line.width + 16
        let ground = Box(x: center.x - width / 2, y: center.y - 11, width: width, height: 22)
        return .group("note", clip: nil, [.fill(.rectangle(ground), .paper), .text(line)])
    }
}
