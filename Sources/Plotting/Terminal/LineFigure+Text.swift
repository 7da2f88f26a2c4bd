import Essentials

extension LineFigure: TextFigure {
    /// The series as lines of braille dots, 2 × 4 in a character, with axes and a legend; the lowest point of the first one is
    /// marked where that means something (`marksLowest`).
    public func text(columns: Int, rows: Int, colors: TerminalColors) -> [String] {
        let plan = LinePlan(self, frame: Box(x: 0, y: 0, width: 600, height: 400))
        let (left, right) = (plan.frame.left.range, plan.frame.right?.range), bottom = plan.frame.bottom.range
        var lines = title.isEmpty ? [] : [title.printable.cut(toColumns: columns)]
        let lowest = lowestPoint(plan.series)
        let key = legend(plan.series, lowest, columns: columns, colors)
        let height = max(4, min(rows - lines.count - key.count - 3, columns / 3))
        let vertical = TextFrame.TextAxis(leftAxis.label, left, length: height, isVertical: true, spacing: 3)
        let second = right.map {
            TextFrame.TextAxis(rightAxis.label, $0, length: height, isVertical: true, spacing: 3)
        }
        let width = max(4, columns - vertical.width - 2 - max(TextFrame.spaceBeside, (second?.width ?? 0) + 2))
        let horizontal = TextFrame.TextAxis(xAxis.label, bottom, length: width, isVertical: false, spacing: 10)
        var dots = BrailleDots(columns: width, rows: height)
        for series in plan.series {
            let range = series.side == .right ? right ?? left : left
            func place(_ x: Double, _ y: Double) -> (Double, Double)? {
                guard let across = bottom.fraction(of: x), let up = range.fraction(of: y) else { return nil }
                return (across, up)
            }
            let values = [(series.y, true)] + (series.band.map { [($0.lower, false), ($0.upper, false)] } ?? [])
            for (y, isLine) in values {
                let points = zip(series.x, y).map(place)
                dots.draw(
                    points, color: series.color, joins: series.lineWidth > 0, isSolid: isLine && !series.isDashed)
            }
        }
        var canvas = dots.canvas
        if let lowest, let column = TextFrame.place(bottom.fraction(of: lowest.x), of: width),
            let row = TextFrame.place(left.fraction(of: lowest.y), of: height)
        {
            canvas[height - 1 - row, column] = TextCanvas.Cell(character: "o")
        }
        lines += TextFrame(left: vertical, right: second, bottom: horizontal).lines(canvas, colors)
        return lines + key
    }

    /// Of the first series on the left.
    private func lowestPoint(_ series: [Series]) -> (x: Double, y: Double)? {
        guard marksLowest == true, let first = series.first(where: { $0.side == .left }) else { return nil }
        return zip(first.x, first.y).filter { $0.isFinite && $1.isFinite }.min { $0.1 < $1.1 }.map {
            (x: $0.0, y: $0.1)
        }
    }

    private func legend(
        _ series: [Series], _ lowest: (x: Double, y: Double)?, columns: Int, _ colors: TerminalColors
    ) -> [String] {
        var line = "", length = 0, lines: [String] = []
        func add(_ sample: Character, _ color: Color?, _ words: String) {
            let words = " " + words.printable.cut(toColumns: columns - 2), width = words.columnsWide + 1
            if length > 0, length + 3 + width > columns {
                lines.append(line)
                (line, length) = ("", 0)
            }
            var canvas = TextCanvas(columns: 1, rows: 1)
            canvas[0, 0] = TextCanvas.Cell(character: sample, ink: color)
            line += (length > 0 ? "   " : "") + canvas.lines(colors)[0] + words
            length += (length > 0 ? 3 : 0) + width
        }
        for series in series where !series.label.isEmpty {
            add(
                !series.isDashed ? "━" : "╍", series.color,
                series.label + (series.side == .right ? " (right axis)" : ""))
        }
        if let lowest {
            add(
                "o", nil,
                "lowest \(NumberText.rounded(lowest.y, digits: 4)) at \(NumberText.rounded(lowest.x, digits: 3))")
        }
        return line.isEmpty ? lines : lines + [line]
    }
}

/// Dots of Unicode's braille patterns, 2 × 4 in a character.
private struct BrailleDots {
    private(set) var canvas: TextCanvas
    private var bits: [UInt32]
    /// The bit of each dot of a character, by row and column.
    private static let masks: [[UInt32]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]

    init(columns: Int, rows: Int) {
        canvas = TextCanvas(columns: columns, rows: rows)
        bits = Array(repeating: 0, count: columns * rows)
    }

    /// Draws points, given as shares of width and height from below; nil leaves a gap.
    mutating func draw(_ points: [(Double, Double)?], color: Color?, joins: Bool, isSolid: Bool) {
        let width = 2 * canvas.columns, height = 4 * canvas.rows
        func dot(_ point: (Double, Double)) -> (x: Int, y: Int)? {
            guard abs(point.0) < 10, abs(point.1) < 10 else { return nil }
            return (
                Int((point.0 * Double(width)).rounded(.down)),
                height - 1 - Int((point.1 * Double(height)).rounded(.down))
            )
        }
        var last: (x: Int, y: Int)?, count = 0
        for point in points {
            guard let next = point.flatMap(dot) else {
                last = nil
                continue
            }
            let from = joins ? last ?? next : next, steps = max(abs(next.x - from.x), abs(next.y - from.y))
            for step in 0...steps {
                let share = steps > 0 ? Double(step) / Double(steps) : 1
                count += 1
                guard isSolid || count % 4 < 2 else { continue }
                set(
                    from.x + Int((share * Double(next.x - from.x)).rounded()),
                    from.y + Int((share * Double(next.y - from.y)).rounded()), color)
            }
            last = next
        }
    }

    private mutating func set(_ x: Int, _ y: Int, _ color: Color?) {
        guard 0..<2 * canvas.columns ~= x, 0..<4 * canvas.rows ~= y else { return }
        let (row, column) = (y / 4, x / 2), index = row * canvas.columns + column
        bits[index] |= Self.masks[y % 4][x % 2]
        canvas[row, column] = TextCanvas.Cell(
            character: Character(Unicode.Scalar(0x2800 + bits[index])!), ink: color)
    }
}
