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
    private let notes: [(line: TextLine, box: Box)]
    private let names: [TextLine]

    init(_ figure: LineFigure, frame box: Box, forcesInside: Bool = false) {
        let colored = Series.distinct(figure.series)
        let rightSeries = colored.filter { $0.side == .right }
        let leftSeries = colored.filter { $0.side == .left }
        func references(_ orientation: ReferenceLine.Orientation) -> [Double] {
            figure.referenceLines.filter { $0.orientation == orientation && $0.isAlwaysShown }.map(\.value)
        }
        let horizontal = AxisRange(
            figure.xAxis, covering: colored.flatMap(\.horizontalValues) + references(.vertical), padding: 0.03)
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
        names = colored.flatMap { series in
            zip(series.names, SeriesDrawing(series, frame).places).compactMap { name, place in
                place.flatMap { space.take(LinePlan.namePlaces(name, $0), needsRoom: true)?.line }
            }
        }
        notes = figure.notes.compactMap { note in
            let line = TextLine(note, at: Point(0, 0), size: FigureStyle.noteSize, color: .ink, weight: .bold)
            let place = space.best(Size(width: line.width + 8, height: 1.6 * FigureStyle.noteSize)).box
            return space.take([
                TextLine(
                    note, at: place.center, size: FigureStyle.noteSize, color: .ink, weight: .bold, anchor: .middle,
                    baseline: .middle)
            ])
        }
        var entries = figure.legend == .none ? [] : Self.entries(colored, frame)
        entries += Self.remarks(colored, frame)
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

    /// The names of points, and those of reference lines and results in words on a nearly opaque ground above the series.
    func labelElements() -> [Drawing.Element] {
        let names = names.isEmpty ? [] : [Drawing.Element.group("names", clip: nil, names.map(Drawing.Element.text))]
        return names + Self.grounded(labels, "reference-label", frame) + Self.grounded(notes, "note", frame)
    }

    private static func grounded(_ lines: [(line: TextLine, box: Box)], _ name: String, _ frame: AxesFrame)
        -> [Drawing.Element]
    {
        lines.map { label in
            let ground = Drawing.Element.fill(.rectangle(label.box), Color.paper.withOpacity(0.8))
            return .group(name, clip: frame.box, [ground, .text(label.line)])
        }
    }

    /// The key's entries of series, with a word where none of a series can be seen.
    static func entries(_ series: [Series], _ frame: AxesFrame) -> [FigureKey.Entry] {
        let hasLeft = series.contains { $0.side == .left }
        return series.filter { !$0.label.isEmpty }.map { series in
            let places = SeriesDrawing(series, frame).places.compactMap(\.self)
            let isSeen = places.isEmpty || places.contains { frame.box.contains($0) }
            let notes = [series.side == .right && hasLeft ? "right axis" : nil, isSeen ? nil : "out of view"]
                .compactMap(\.self)
            let note = notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))"
            return FigureKey.Entry(sample: .series(series), text: series.label + note)
        }
    }

    /// What the key says of values that have no place: none is left out in silence.
    private static func remarks(_ series: [Series], _ frame: AxesFrame) -> [FigureKey.Entry] {
        var entries: [FigureKey.Entry] = []
        func add(_ count: Int, of total: Int, _ words: String, _ sample: FigureKey.Sample) {
            guard count > 0 else { return }
            entries.append(FigureKey.Entry(sample: sample, text: "\(words): \(count) of \(total) points"))
        }
        let marked = series.filter(\.marksNonFinite)
        let hasEnds = marked.contains { !SeriesDrawing($0, frame).brokenEnds.isEmpty }
        add(
            marked.flatMap(\.y).count { !$0.isFinite }, of: marked.flatMap(\.y).count, "non-finite",
            hasEnds ? .mark { SeriesDrawing.brokenEnd(at: $0, color: .ink) } : .none)
        for side in [Series.Side.left, .right] {
            let series = series.filter { $0.side == side }
            add(
                series.reduce(0) { $0 + SeriesDrawing($1, frame).atFoot.count }, of: series.flatMap(\.y).count,
                "not positive, at the foot",
                .mark { [SeriesDrawing.foot(at: Point($0.x, $0.y + 3), color: .ink)] })
        }
        return entries
    }

    /// Where the name of a point may stand: right of it first.
    private static func namePlaces(_ name: String, _ p: Point) -> [TextLine] {
        let away = 5.0, size = 0.9 * FigureStyle.noteSize
        let places: [(Point, TextLine.Anchor, TextLine.Baseline)] = [
            (Point(p.x + away, p.y), .start, .middle), (Point(p.x - away, p.y), .end, .middle),
            (Point(p.x, p.y - away), .middle, .alphabetic), (Point(p.x, p.y + away), .middle, .top),
            (Point(p.x + away, p.y - away), .start, .alphabetic), (Point(p.x - away, p.y - away), .end, .alphabetic),
            (Point(p.x + away, p.y + away), .start, .top), (Point(p.x - away, p.y + away), .end, .top),
        ]
        return places.map {
            TextLine(name, at: $0.0, size: size, color: .ink, anchor: $0.1, baseline: $0.2)
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
