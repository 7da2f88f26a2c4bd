/// The bars of one quantity, with their values in words.
struct BarPlot {
    private let values: [Double]
    private let intervals: [ClosedRange<Double>?]
    private let middles: [Double]
    private let frame: AxesFrame

    private static let textSize = 7.5
    private static let thickness = 7.0

    /// - Parameter middles: heights of the rows on the page.
    init(_ figure: BarFigure, _ quantity: Int, _ box: Box, _ middles: [Double]) {
        values = figure.rows.map { $0.values[quantity] }
        intervals = figure.rows.map { $0.intervals[quantity] }
        self.middles = middles
        let ends = values + intervals.flatMap { $0.map { [$0.lowerBound, $0.upperBound] } ?? [] } + [0]
        let tight = AxisRange(covering: ends, scale: .linear)
        // Words stand right of the bars, and need about this much, in points.
        let words = 42.0
        let room = min(0.6, words / max(1, box.width - words)) * (tight.high - tight.low)
        let range = AxisRange(covering: [tight.low, tight.high + room], scale: .linear)
        var left = ResolvedAxis(label: "", range: AxisRange(covering: [0, 1], scale: .linear), length: 1, spacing: 1)
        left.ticks = Ticks(names: [])
        frame = AxesFrame(
            box: box, bottom: ResolvedAxis(horizontal: figure.quantities[quantity], range: range, length: box.width),
            left: left)
    }

    func elements() -> [Drawing.Element] {
        guard let zero = frame.x(0) else { return frame.elements() }
        var bars: [Path.Run] = []
        var whiskers: [Path.Run] = []
        var words: [Drawing.Element] = []
        func line(_ a: Point, _ b: Point) { whiskers.append(Path.Run(points: [a, b], isClosed: false)) }
        for (index, y) in middles.enumerated() {
            let value = values[index]
            var end = zero
            if let x = frame.x(value) {
                let half = BarPlot.thickness / 2
                bars += Path.rectangle(Box(x: min(zero, x), y: y - half, width: abs(x - zero), height: 2 * half)).runs
                end = max(zero, x)
            }
            if let interval = intervals[index], let low = frame.x(interval.lowerBound),
                let high = frame.x(interval.upperBound)
            {
                if high - low > 1.5 {
                    line(Point(low, y), Point(high, y))
                    for x in [low, high] { line(Point(x, y - 2.2), Point(x, y + 2.2)) }
                }
                end = max(end, high)
            }
            words.append(
                .text(
                    TextLine(
                        value.isFinite ? NumberText.rounded(value, digits: 3) : "not finite",
                        at: Point(end + 4, y), size: BarPlot.textSize, color: .quiet,
                        anchor: .start, baseline: .middle)))
        }
        return [
            frame.gridLines(), .fill(Path(runs: bars), Color.seriesPalette[0].withOpacity(0.75)),
            .stroke(Path(runs: whiskers), Stroke(.ink, width: 0.9, cap: .butt)),
            .stroke(.line(Point(zero, frame.box.y), Point(zero, frame.box.maxY)), .crisp(.ink, width: 0.8)),
        ] + words + frame.elements()
    }
}
