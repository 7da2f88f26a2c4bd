/// Series of points over a common horizontal axis: curves, bands, scatter, stems, with one or two vertical axes.
public struct LineFigure: Figure, Codable {
    /// The place of the legend.
    public enum LegendPlace: String, Sendable, Codable {
        /// Inside, where it hides least; below the plot where it would hide much everywhere.
        case automatic
        /// Below the plot.
        case below
        /// No legend.
        case none
    }

    /// Width and height of the whole picture, in points.
    public var size: Size
    /// The bold line above the plot.
    public var title: String
    /// A small grey line under the title, for provenance.
    public var subtitle: String
    /// The horizontal axis.
    public var xAxis: Axis
    /// The vertical axis of series on the left side.
    public var leftAxis: Axis
    /// The vertical axis of series on the right side; drawn only where there is one.
    public var rightAxis: Axis
    /// How values are spread along the left axis, where they decide; nil for the axis's own scale.
    public var valueScale: ValueScale?
    /// The data, drawn in order.
    public var series: [Series]
    /// Straight lines across the plot.
    public var referenceLines: [ReferenceLine] = []
    /// Results in words, such as `τ = 0.7`, where they hide least.
    public var notes: [String] = []
    /// The place of the legend.
    public var legend = LegendPlace.automatic
    /// Whether a drawing with characters marks the lowest point of the first series, as for a loss; nil for no.
    public var marksLowest: Bool?
    /// Size of the title's letters, in points.
    public var titleSize = FigureStyle.titleSize

    /// A figure of series, 480 × 340 points unless it is said otherwise.
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

    private var heading: Heading { Heading(title: title, subtitle: subtitle, titleSize: titleSize) }

    private func textWidth(_ box: Box) -> Double { box.width - 2 * FigureStyle.outerMargin }

    /// A first guess of the frame: margins depend on the ticks, which depend on the frame.
    private func estimatedFrame(in box: Box) -> Box {
        box.inset(left: 60, top: 40, right: 30, bottom: 50)
    }

    /// True if the legend finds a place inside the plot.
    func hasLegendInside(in box: Box) -> Bool {
        LinePlan(self, frame: estimatedFrame(in: box)).legendBox != nil
    }

    /// The space that title, labels and legend need around the plot's frame in `box`, in points.
    public func margins(in box: Box) -> Margins {
        let plan = LinePlan(self, frame: estimatedFrame(in: box))
        var margins = AxesFrame.margins(bottom: plan.frame.bottom, left: plan.frame.left, right: plan.frame.right)
        margins.top = FigureStyle.outerMargin + heading.height(width: textWidth(box))
        if plan.legendBox == nil { margins.bottom += plan.key.height(width: textWidth(box)) }
        return margins
    }

    /// The primitives of the figure in `box`, with the plot's frame inset by `margins`.
    public func elements(in box: Box, margins: Margins) -> [Drawing.Element] {
        // Whether the legend lies inside was decided with the estimated frame; the place is found in the real one.
        let isInside = hasLegendInside(in: box)
        let inner = box.inset(left: margins.left, top: margins.top, right: margins.right, bottom: margins.bottom)
        let plan = LinePlan(self, frame: inner, forcesInside: isInside)
        var result = heading.elements(
            center: box.center.x, over: plan.frame.box.center.x, top: box.y + FigureStyle.outerMargin,
            width: textWidth(box))
        result.append(plan.frame.gridLines())
        result += plan.referenceElements()
        for (index, series) in plan.series.enumerated() {
            result.append(.group("series-\(index)", clip: inner, SeriesDrawing(series, plan.frame).elements()))
        }
        result += plan.frame.elements()
        result += plan.labelElements()
        if isInside, let legendBox = plan.legendBox {
            result.append(plan.key.boxed(in: legendBox))
        } else {
            let axes = AxesFrame.margins(bottom: plan.frame.bottom, left: plan.frame.left, right: plan.frame.right)
            let top = inner.maxY + axes.keyTop
            result.append(plan.key.elements(center: box.center.x, top: top, width: textWidth(box)))
        }
        if !series.contains(where: { series in zip(series.x, series.y).contains { $0.isFinite && $1.isFinite } }) {
            let note = series.allSatisfy(\.x.isEmpty) ? "no data" : "no finite values"
            result.append(FigureKey.note(note, at: inner.center))
        }
        return result
    }
}
