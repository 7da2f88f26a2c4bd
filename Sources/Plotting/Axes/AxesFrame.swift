/// An axis with its final range and ticks.
struct ResolvedAxis: Sendable {
    var label: String
    var range: AxisRange
    var ticks: Ticks
    /// Whether labels are written upwards, as names along a horizontal axis are.
    var isUpright = false

    /// - Parameters:
    ///   - length: of the axis, in points.
    ///   - spacing: the usual distance of labelled ticks, in points.
    ///   - least: on a short axis they may be nearer, down to this share of it, before there are too few to read values from.
    init(label: String, range: AxisRange, length: Double, spacing: Double, least: Double = 0.72) {
        self.label = label
        self.range = range
        let count = min(10, max(2, Int(length / spacing), min(6, Int(length / (least * spacing)))))
        ticks = Ticks(range, count: count)
        // One label does not say how large a step is.
        for more in 3...5 where more > count && ticks.major.count < 2 && length >= 36 {
            ticks = Ticks(range, count: more)
        }
    }

    /// A horizontal axis, with as many ticks as its widest label allows, or with all names where they have room.
    init(horizontal label: String, range: AxisRange, length: Double, names: [String] = []) {
        self.init(label: label, range: range, length: length, spacing: 45)
        if !names.isEmpty {
            ticks = Ticks(names: names)
            isUpright = true
            let hasRoom = distanceOfTicks(length: length) >= 1.1 * FigureStyle.tickLabelSize
            if hasRoom || names.count == 1, widestLabel <= Self.longestName { return }
            isUpright = false
        }
        self.init(label: label, range: range, length: length, spacing: 45)
        var spacing = 45.0
        while spacing < length, widestLabel + 10 > distanceOfTicks(length: length) {
            spacing *= 1.3
            self.init(label: label, range: range, length: length, spacing: spacing)
        }
        if widestLabel + 4 > distanceOfTicks(length: length) { ticks = Ticks(range, count: 2) }
    }

    /// Names longer than this, in points, would leave too little of the plot.
    private static let longestName = 150.0

    /// How far labels reach below a horizontal axis.
    var labelHeight: Double { isUpright ? widestLabel : FigureStyle.tickLabelSize }

    private func distanceOfTicks(length: Double) -> Double {
        var least = Double.infinity
        for (a, b) in zip(ticks.major, ticks.major.dropFirst()) {
            if let from = range.fraction(of: a.value), let to = range.fraction(of: b.value) {
                least = min(least, (to - from) * length)
            }
        }
        return least
    }

    var fullLabel: String {
        if ticks.annotation.isEmpty { return label }
        return label.isEmpty ? ticks.annotation : "\(label)  (\(ticks.annotation))"
    }

    var widestLabel: Double {
        ticks.major.reduce(0) { widest, tick in
            max(
                widest,
                StrokeFont.standard.width(of: tick.label, size: FigureStyle.tickLabelSize, weight: .regular))
        }
    }
}

/// The rectangle that data is drawn in, with its axes.
struct AxesFrame: Sendable {
    var box: Box
    var bottom: ResolvedAxis
    var left: ResolvedAxis
    var right: ResolvedAxis?

    private static let labelGap = 7.0

    /// The place of a value on the horizontal axis, in points; nothing for values without a place on its scale.
    func x(_ value: Double) -> Double? {
        bottom.range.fraction(of: value).map { box.x + AxesFrame.limited($0) * box.width }
    }

    func y(_ value: Double) -> Double? {
        left.range.fraction(of: value).map { box.maxY - AxesFrame.limited($0) * box.height }
    }

    func rightY(_ value: Double) -> Double? {
        (right ?? left).range.fraction(of: value).map { box.maxY - AxesFrame.limited($0) * box.height }
    }

    /// Far outside values stay outside but cannot overflow later.
    private static func limited(_ fraction: Double) -> Double { min(1000, max(-1000, fraction)) }

    /// The space that ticks and labels need.
    static func margins(bottom: ResolvedAxis, left: ResolvedAxis, right: ResolvedAxis?) -> Margins {
        let outer = FigureStyle.outerMargin
        func side(_ axis: ResolvedAxis) -> Double {
            let label = axis.fullLabel.isEmpty ? 0 : FigureStyle.axisLabelSize + labelGap
            return FigureStyle.tickLength + 3 + axis.widestLabel + label + outer
        }
        let lastLabel =
            bottom.isUpright
            ? FigureStyle.tickLabelSize
            : StrokeFont.standard.width(
                of: bottom.ticks.major.last?.label ?? "", size: FigureStyle.tickLabelSize, weight: .regular)
        let bottomLabel = bottom.fullLabel.isEmpty ? 0 : FigureStyle.axisLabelSize * 1.25 + labelGap
        return Margins(
            left: side(left), top: outer, right: right.map(side) ?? max(outer, lastLabel / 2 + 4),
            bottom: FigureStyle.tickLength + 4 + bottom.labelHeight + bottomLabel + outer * 0.6)
    }

    /// Light lines at the labelled ticks, for plots that leave the frame empty in places.
    func gridLines() -> Drawing.Element {
        var runs: [Path.Run] = []
        for tick in bottom.ticks.major {
            guard let x = x(tick.value) else { continue }
            runs.append(Path.Run(points: [Point(x, box.y), Point(x, box.maxY)], isClosed: false))
        }
        for tick in left.ticks.major {
            guard let y = y(tick.value) else { continue }
            runs.append(Path.Run(points: [Point(box.x, y), Point(box.maxX, y)], isClosed: false))
        }
        return .group("grid", clip: box, [.stroke(Path(runs: runs), .crisp(.gridLine, width: 0.5))])
    }

    /// Frame, ticks, tick labels and axis labels.
    func elements() -> [Drawing.Element] {
        var result: [Drawing.Element] = [.stroke(.rectangle(box), .crisp(.ink, width: 1))]
        result.append(.group("x-axis", clip: nil, bottomElements()))
        result.append(.group("y-axis", clip: nil, sideElements(left, at: box.x, direction: -1)))
        if let right {
            result.append(.group("right-axis", clip: nil, sideElements(right, at: box.maxX, direction: 1)))
        }
        return result
    }

    private func bottomElements() -> [Drawing.Element] {
        var marks: [Path.Run] = []
        var texts: [Drawing.Element] = []
        for value in bottom.ticks.minor {
            guard let x = x(value) else { continue }
            marks.append(mark(Point(x, box.maxY), Point(x, box.maxY + FigureStyle.minorTickLength)))
        }
        for tick in bottom.ticks.major {
            guard let x = x(tick.value) else { continue }
            marks.append(mark(Point(x, box.maxY), Point(x, box.maxY + FigureStyle.tickLength)))
            texts.append(
                .text(
                    TextLine(
                        tick.label, at: Point(x, box.maxY + FigureStyle.tickLength + 4),
                        size: FigureStyle.tickLabelSize, color: .ink, anchor: bottom.isUpright ? .end : .middle,
                        baseline: bottom.isUpright ? .middle : .top, rotation: bottom.isUpright ? -90 : 0)))
        }
        if !bottom.fullLabel.isEmpty {
            let y = box.maxY + FigureStyle.tickLength + 4 + bottom.labelHeight + AxesFrame.labelGap
            let label = TextLayout.fitted(
                bottom.fullLabel, width: box.width * 1.1, size: FigureStyle.axisLabelSize)
            texts.append(
                .text(
                    TextLine(
                        label.text, at: Point(box.center.x, y), size: label.size, color: .ink, anchor: .middle,
                        baseline: .top)))
        }
        return [.stroke(Path(runs: marks), .crisp(.ink, width: 1))] + texts
    }

    /// Ticks, labels and name of the right axis alone; labels too near to an end that has a label of its own are left out.
    func rightElements(avoidingTop: Bool, avoidingBottom: Bool) -> [Drawing.Element] {
        guard var axis = right else { return [] }
        axis.ticks.major.removeAll { tick in
            let height = (axis.range.fraction(of: tick.value) ?? 0) * box.height
            return avoidingTop && box.height - height < 8 || avoidingBottom && height < 8
        }
        return sideElements(axis, at: box.maxX, direction: 1)
    }

    private func sideElements(_ axis: ResolvedAxis, at x: Double, direction: Double) -> [Drawing.Element] {
        var marks: [Path.Run] = []
        var texts: [Drawing.Element] = []
        func place(_ value: Double) -> Double? {
            axis.range.fraction(of: value).map { box.maxY - AxesFrame.limited($0) * box.height }
        }
        for value in axis.ticks.minor {
            guard let y = place(value) else { continue }
            marks.append(mark(Point(x, y), Point(x + direction * FigureStyle.minorTickLength, y)))
        }
        for tick in axis.ticks.major {
            guard let y = place(tick.value) else { continue }
            marks.append(mark(Point(x, y), Point(x + direction * FigureStyle.tickLength, y)))
            texts.append(
                .text(
                    TextLine(
                        tick.label, at: Point(x + direction * (FigureStyle.tickLength + 3), y),
                        size: FigureStyle.tickLabelSize, color: .ink, anchor: direction < 0 ? .end : .start,
                        baseline: .middle)))
        }
        if !axis.fullLabel.isEmpty {
            let away =
                FigureStyle.tickLength + 3 + axis.widestLabel + AxesFrame.labelGap + FigureStyle.axisLabelSize / 2
            let label = TextLayout.fitted(
                axis.fullLabel, width: box.height * 1.1, size: FigureStyle.axisLabelSize)
            texts.append(
                .text(
                    TextLine(
                        label.text, at: Point(x + direction * away, box.center.y), size: label.size, color: .ink,
                        anchor: .middle, baseline: .middle, rotation: -90)))
        }
        return [.stroke(Path(runs: marks), .crisp(.ink, width: 1))] + texts
    }

    private func mark(_ a: Point, _ b: Point) -> Path.Run { Path.Run(points: [a, b], isClosed: false) }
}
