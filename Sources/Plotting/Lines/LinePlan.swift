/// The decisions of a line figure before anything is drawn: axes, colours and the legend's place.
struct LinePlan {
    let frame: AxesFrame
    /// With all colours filled in.
    let series: [Series]
    let key: FigureKey
    /// Nothing if the legend goes below the plot, or if there is none.
    let legendBox: Box?
    private let referenceLines: [ReferenceLine]
    private let labels: [(line: TextLine, box: Box)]

    init(_ figure: LineFigure, frame box: Box, forcesInside: Bool = false) {
        var colored = figure.series
        var next = 0
        for index in colored.indices where colored[index].color == nil {
            colored[index].color = Color.seriesPalette[next % Color.seriesPalette.count]
            // After the last colour, dashes keep the series apart.
            if next >= Color.seriesPalette.count, colored[index].dash.isEmpty { colored[index].dash = [5, 2.5] }
            next += 1
        }
        let rightSeries = colored.filter { $0.side == .right }
        let leftSeries = colored.filter { $0.side == .left }
        func references(_ orientation: ReferenceLine.Orientation) -> [Double] {
            figure.referenceLines.filter { $0.orientation == orientation && $0.isAlwaysShown }.map(\.value)
        }
        let horizontal = AxisRange(
            figure.xAxis, covering: colored.flatMap(\.x) + references(.vertical), padding: 0.03)
        let left = AxisRange(
            figure.leftAxis, covering: leftSeries.flatMap(\.verticalValues) + references(.horizontal), padding: 0.06)
        let right = AxisRange(figure.rightAxis, covering: rightSeries.flatMap(\.verticalValues), padding: 0.06)
        let frame = AxesFrame(
            box: box,
            bottom: ResolvedAxis(
                horizontal: figure.xAxis.label, range: horizontal, length: box.width, names: figure.xAxis.names),
            left: ResolvedAxis(label: figure.leftAxis.label, range: left, length: box.height, spacing: 34),
            right: rightSeries.isEmpty
                ? nil : ResolvedAxis(label: figure.rightAxis.label, range: right, length: box.height, spacing: 34))
        self.frame = frame
        series = colored
        referenceLines = figure.referenceLines
        var space = FreeSpace(frame: frame, series: colored)
        labels = figure.referenceLines.compactMap { space.take(LinePlan.labelPlaces($0, frame)) }
        let named = figure.legend == .none ? [] : colored.filter { !$0.label.isEmpty }
        var entries = named.map { series in
            let note = series.side == .right && !leftSeries.isEmpty ? " (right axis)" : ""
            return FigureKey.Entry(sample: .series(series), text: series.label + note)
        }
        // A logarithmic axis has no place for zero: what is left out is said.
        for (series, range) in [(leftSeries, left), (rightSeries, right)] where range.scale == .logarithmic {
            let values = series.flatMap(\.y), missing = values.count { $0 <= 0 }
            guard missing > 0 else { continue }
            entries.append(
                FigureKey.Entry(sample: .none, text: "not positive, not drawn: \(missing) of \(values.count) points"))
        }
        key = FigureKey(entries: entries)
        guard !key.entries.isEmpty, figure.legend == .automatic else {
            legendBox = nil
            return
        }
        let size = key.boxSize
        let best = space.best(size)
        legendBox = forcesInside || best.share < 0.005 && size.width < 0.75 * box.width ? best.box : nil
    }

    func referenceElements() -> [Drawing.Element] {
        var lines: [Drawing.Element] = []
        for line in referenceLines {
            let stroke = Stroke(line.color, width: 1, cap: .butt, dash: [4, 3])
            switch line.orientation {
            case .horizontal:
                guard let y = frame.y(line.value) else { continue }
                lines.append(.stroke(.line(Point(frame.box.x, y), Point(frame.box.maxX, y)), stroke))
            case .vertical:
                guard let x = frame.x(line.value) else { continue }
                lines.append(.stroke(.line(Point(x, frame.box.y), Point(x, frame.box.maxY)), stroke))
            }
        }
        return lines.isEmpty ? [] : [.group("reference-lines", clip: frame.box, lines)]
    }

    /// The names of reference lines, on a nearly opaque ground above the series.
    func labelElements() -> [Drawing.Element] {
        labels.map { label in
            let ground = Drawing.Element.fill(.rectangle(label.box), Color.paper.withOpacity(0.8))
            return .group("reference-label", clip: frame.box, [ground, .text(label.line)])
        }
    }

    /// Where the name of a line may stand: at both ends, on both sides of it.
    private static func labelPlaces(_ line: ReferenceLine, _ frame: AxesFrame) -> [TextLine] {
        let box = frame.box
        let size = FigureStyle.noteSize
        guard !line.label.isEmpty else { return [] }
        switch line.orientation {
        case .horizontal:
            guard let y = frame.y(line.value), y >= box.y, y <= box.maxY else { return [] }
            let sides: [(Double, TextLine.Baseline)] =
                y < box.y + 14
                ? [(y + 4, .top)]
                : y > box.maxY - 14
                    ? [(y - 4, .alphabetic)]
                    : [(y - 4, .alphabetic), (y + 4, .top)]
            let ends: [(Double, TextLine.Anchor)] = [
                (box.maxX - 5, .end), (box.x + 5, .start), (box.center.x, .middle),
            ]
            return sides.flatMap { side in
                ends.map { end in
                    TextLine(
                        line.label, at: Point(end.0, side.0), size: size, color: line.color, anchor: end.1,
                        baseline: side.1)
                }
            }
        case .vertical:
            guard let x = frame.x(line.value), x >= box.x, x <= box.maxX else { return [] }
            let sides = x < box.x + 14 ? [x + 10] : x > box.maxX - 14 ? [x - 4] : [x - 4, x + 10]
            let ends: [(Double, TextLine.Anchor)] = [
                (box.y + 5, .end), (box.maxY - 5, .start), (box.center.y, .middle),
            ]
            return ends.flatMap { end in
                sides.map { side in
                    TextLine(
                        line.label, at: Point(side, end.0), size: size, color: line.color, anchor: end.1, rotation: -90)
                }
            }
        }
    }
}
