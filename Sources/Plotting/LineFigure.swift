/// Series of points over a common horizontal axis: curves, bands, scatter, stems, with up to two vertical axes.
public struct LineFigure: Figure {
    public enum LegendPlace: Sendable {
        /// Inside, where it hides least; below the plot if it would hide much everywhere.
        case automatic
        case below
        case none
    }

    public var size: Size
    public var title: String
    /// A small grey line under the title, for provenance.
    public var subtitle: String
    public var xAxis: Axis
    public var leftAxis: Axis
    /// Drawn only if a series belongs to it.
    public var rightAxis: Axis
    public var series: [Series]
    public var referenceLines: [ReferenceLine] = []
    public var legend = LegendPlace.automatic

    public init(
        title: String = "", subtitle: String = "", xAxis: Axis = Axis(), leftAxis: Axis = Axis(),
        rightAxis: Axis = Axis(), series: [Series], size: Size = Size(width: 480, height: 340)
    ) {
        self.size = size
        self.title = title
        self.subtitle = subtitle
        self.xAxis = xAxis
        self.leftAxis = leftAxis
        self.rightAxis = rightAxis
        self.series = series
    }

    private var heading: Heading { Heading(title: title, subtitle: subtitle) }

    private func textWidth(_ box: Box) -> Double { box.width - 2 * FigureStyle.outerMargin }

    public func margins(in box: Box) -> Margins {
        let plan = LinePlan(self, frame: box.inset(left: 60, top: 40, right: 30, bottom: 50))
        var margins = AxesFrame.margins(bottom: plan.frame.bottom, left: plan.frame.left, right: plan.frame.right)
        margins.top = FigureStyle.outerMargin + heading.height(width: textWidth(box))
        if plan.legendBox == nil { margins.bottom += plan.key.height(width: textWidth(box)) }
        return margins
    }

    public func elements(in box: Box, margins: Margins) -> [Drawing.Element] {
        // Whether the legend lies inside was decided with the estimated frame; the place is found in the real one.
        let estimate = LinePlan(self, frame: box.inset(left: 60, top: 40, right: 30, bottom: 50))
        let inner = box.inset(left: margins.left, top: margins.top, right: margins.right, bottom: margins.bottom)
        let plan = LinePlan(self, frame: inner, forcesInside: estimate.legendBox != nil)
        var result = heading.elements(
            center: box.center.x, top: box.y + FigureStyle.outerMargin, width: textWidth(box))
        result.append(plan.frame.gridLines())
        result += plan.referenceElements()
        for (index, series) in plan.series.enumerated() {
            result.append(.group("series-\(index)", clip: inner, SeriesDrawing(series, plan.frame).elements()))
        }
        result += plan.frame.elements()
        if estimate.legendBox != nil, let legendBox = plan.legendBox {
            result.append(plan.key.boxed(in: legendBox))
        } else {
            let top = box.maxY - FigureStyle.outerMargin * 0.6 - plan.key.height(width: textWidth(box))
            result.append(plan.key.elements(center: box.center.x, top: top, width: textWidth(box)))
        }
        if !series.contains(where: { series in zip(series.x, series.y).contains { $0.isFinite && $1.isFinite } }) {
            result.append(
                .text(
                    TextLine(
                        series.allSatisfy(\.x.isEmpty) ? "no data" : "no finite values", at: inner.center,
                        size: FigureStyle.axisLabelSize, color: .quiet, anchor: .middle, baseline: .middle)))
        }
        return result
    }
}

/// What a line figure decides before anything is drawn: axes, colours and the legend's place.
struct LinePlan {
    let frame: AxesFrame
    /// With all colours filled in.
    let series: [Series]
    let key: FigureKey
    /// Nothing if the legend goes below the plot, or if there is none.
    let legendBox: Box?
    private let referenceLines: [ReferenceLine]

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
            box: box, bottom: ResolvedAxis(horizontal: figure.xAxis.label, range: horizontal, length: box.width),
            left: ResolvedAxis(label: figure.leftAxis.label, range: left, length: box.height, spacing: 34),
            right: rightSeries.isEmpty
                ? nil : ResolvedAxis(label: figure.rightAxis.label, range: right, length: box.height, spacing: 34))
        self.frame = frame
        series = colored
        referenceLines = figure.referenceLines
        key = FigureKey(
            entries: figure.legend == .none
                ? []
                : colored.filter { !$0.label.isEmpty }.map { series in
                    let note = series.side == .right && !leftSeries.isEmpty ? " (right axis)" : ""
                    return FigureKey.Entry(sample: .series(series), text: series.label + note)
                })
        guard !key.entries.isEmpty, figure.legend == .automatic else {
            legendBox = nil
            return
        }
        let size = key.boxSize
        let labels = LinePlan.referenceLabels(figure.referenceLines, frame).map { LinePlan.extent(of: $0) }
        let best = LegendPlacement(frame: frame, series: colored, obstacles: labels).best(size)
        legendBox = forcesInside || best.share < 0.04 && size.width < 0.75 * box.width ? best.box : nil
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
        let labels = LinePlan.referenceLabels(referenceLines, frame).map { Drawing.Element.text($0) }
        guard !lines.isEmpty else { return [] }
        return [.group("reference-lines", clip: frame.box, lines + labels)]
    }

    /// Horizontal lines are named above their right end, or below if there is no room; vertical ones along their top.
    private static func referenceLabels(_ lines: [ReferenceLine], _ frame: AxesFrame) -> [TextLine] {
        lines.compactMap { line in
            guard !line.label.isEmpty else { return nil }
            let size = FigureStyle.noteSize
            switch line.orientation {
            case .horizontal:
                guard let y = frame.y(line.value), y >= frame.box.y, y <= frame.box.maxY else { return nil }
                let isBelow = y < frame.box.y + 14
                return TextLine(
                    line.label, at: Point(frame.box.maxX - 5, isBelow ? y + 4 : y - 4), size: size, color: line.color,
                    anchor: .end, baseline: isBelow ? .top : .alphabetic)
            case .vertical:
                guard let x = frame.x(line.value), x >= frame.box.x, x <= frame.box.maxX else { return nil }
                let isRight = x < frame.box.x + 14
                return TextLine(
                    line.label, at: Point(isRight ? x + 9 : x - 4, frame.box.y + 5), size: size, color: line.color,
                    anchor: .end, rotation: -90)
            }
        }
    }

    private static func extent(of line: TextLine) -> Box {
        let width = line.width
        if line.rotation != 0 {
            return Box(x: line.position.x - line.size, y: line.position.y, width: 1.3 * line.size, height: width)
        }
        return Box(
            x: line.position.x - width, y: line.position.y - line.size + line.baselineDrop, width: width,
            height: 1.3 * line.size)
    }
}
