/// Several figures side by side under one title, with plots of one size and, if wanted, of one scale.
///
/// A last row of fewer panels stands in the middle. Line figures of the same series share one legend under all.
public struct PanelFigure: Figure {
    /// Width and height of the whole picture, in points.
    public var size: Size
    /// The bold line above all panels.
    public var title: String
    /// A small grey line under the title, for provenance.
    public var subtitle: String
    /// The figures, in reading order.
    public var panels: [any Figure]
    /// Panels in a row; at least 1.
    public var columns: Int
    /// Words under all panels, such as the names of numbered points.
    public var notes: [String] = []
    /// Whether heatmaps have one colour range and one colour bar, surfaces one view as well, and line figures the same axes
    /// where they give none.
    public var sharesRanges: Bool

    /// Panels under a title.
    ///
    /// - Parameters:
    ///   - columns: panels in a row; `nil` puts up to three in one row, and more in rows that fill.
    ///   - size: `nil` gives 300 × 310 points a panel and room for the title.
    /// - Precondition: `columns` is at least 1.
    public init(
        title: String = "", subtitle: String = "", panels: [any Figure], columns: Int? = nil, sharesRanges: Bool = true,
        size: Size? = nil
    ) {
        precondition((columns ?? 1) >= 1, "a panel figure needs at least 1 column, got \(columns ?? 0)")
        let across = columns ?? PanelRows.columns(for: panels.count)
        let down = max(1, (panels.count + across - 1) / across)
        self.title = title
        self.subtitle = subtitle
        self.panels = panels
        self.columns = across
        self.sharesRanges = sharesRanges
        self.size = size ?? Size(width: 300 * Double(across) + 60, height: 310 * Double(down) + 45)
    }

    private var heading: Heading { Heading(title: title, subtitle: subtitle) }

    /// The space that the title needs above the panels in `box`, in points.
    public func margins(in box: Box) -> Margins {
        Margins(top: FigureStyle.outerMargin / 2 + heading.height(width: box.width - 2 * FigureStyle.outerMargin))
    }

    /// The primitives of the title and of all panels in `box`.
    public func elements(in box: Box, margins: Margins) -> [Drawing.Element] {
        var inner = box.inset(left: margins.left, top: margins.top, right: margins.right, bottom: margins.bottom)
        var result = heading.elements(
            center: box.center.x, top: box.y + FigureStyle.outerMargin, width: box.width - 2 * FigureStyle.outerMargin)
        var prepared = preparedPanels()
        guard !prepared.panels.isEmpty else { return result + [FigureKey.note("no panels", at: inner.center)] }
        let key = commonKey(&prepared.panels)
        let textWidth = box.width - 2 * FigureStyle.outerMargin
        let keyHeight = key.height(width: textWidth)
        inner.height = max(1, inner.height - keyHeight)
        let rows = PanelRows(count: prepared.panels.count, columns: columns)
        let barSpace = prepared.bar.map { ColorBar(scale: $0.scale, label: $0.label, height: inner.height / 2).space }
        // The last column keeps a little distance of its own from the bar.
        let cells = inner.inset(right: barSpace.map { $0 - 8 } ?? 0)
        func cell(_ index: Int) -> Box { rows.cell(index, in: cells) }
        // Legends that look alike stand alike.
        let legends = prepared.panels.indices.compactMap { index in
            (prepared.panels[index] as? LineFigure)?.hasLegendInside(in: cell(index))
        }
        if legends.contains(false) {
            prepared.panels = prepared.panels.map { panel in
                guard var lines = panel as? LineFigure, lines.legend == .automatic else { return panel }
                lines.legend = .below
                return lines
            }
        }
        // One set of margins for all, so that all plots have one size and stand in line.
        let common = prepared.panels.indices.reduce(Margins()) { margins, index in
            margins.union(prepared.panels[index].margins(in: cell(index)))
        }
        for index in prepared.panels.indices {
            result.append(
                .group("panel-\(index)", clip: nil, prepared.panels[index].elements(in: cell(index), margins: common)))
        }
        if let bar = prepared.bar {
            let first = cell(min(columns, prepared.panels.count) - 1)
            let top = first.y + common.top
            let beside = Box(
                x: first.x, y: top, width: first.width - common.right, height: cells.maxY - common.bottom - top)
            result.append(
                ColorBar(scale: bar.scale, label: bar.label, height: beside.height).elements(beside: beside))
        }
        if keyHeight > 0 { result.append(key.elements(center: box.center.x, top: inner.maxY, width: textWidth)) }
        return result
    }

    /// One legend for line figures of the same series, which then have none of their own, and the notes.
    private func commonKey(_ panels: inout [any Figure]) -> FigureKey {
        let notes = notes.map { FigureKey.Entry(sample: .none, text: $0) }
        let lines = panels.compactMap { $0 as? LineFigure }
        let looks = lines.map { figure in
            Series.distinct(figure.series).filter { !$0.label.isEmpty }.map(\.look)
        }
        guard lines.count == panels.count, lines.count > 1, let first = looks.first, !first.isEmpty,
            looks.allSatisfy({ $0 == first }), !lines.contains(where: { $0.legend == .none })
        else { return FigureKey(entries: notes) }
        // Of a series that one panel does not show, others may show all.
        let frame = Box(x: 0, y: 0, width: 300, height: 300)
        let plans = lines.map { LinePlan($0, frame: frame) }
        let entries = plans.map { LinePlan.entries($0.series, $0.frame) }
        panels = lines.map { line in
            var line = line
            line.legend = .none
            return line
        }
        let seen = first.indices.map { index in entries.map { $0[index] }.min { $0.text.count < $1.text.count }! }
        return FigureKey(entries: seen + notes)
    }

    private func preparedPanels() -> (panels: [any Figure], bar: (scale: ColorScale, label: String)?) {
        var prepared = panels.map { panel -> any Figure in
            switch panel {
            case var heatmap as HeatmapFigure:
                heatmap.titleSize = FigureStyle.axisLabelSize
                return heatmap
            case var surface as SurfaceFigure:
                surface.map.titleSize = FigureStyle.axisLabelSize
                return surface
            case var lines as LineFigure:
                lines.titleSize = FigureStyle.axisLabelSize
                return lines
            default:
                return panel
            }
        }
        guard sharesRanges else { return (prepared, nil) }
        shareAxes(&prepared)
        let heatmaps = prepared.compactMap(Self.heatmap)
        guard let first = heatmaps.first, let range = PanelFigure.commonValueRange(heatmaps) else {
            return (prepared, nil)
        }
        let isSingleKind = heatmaps.count == prepared.count
        let surfaces = prepared.compactMap { $0 as? SurfaceFigure }
        let view = surfaces.lazy.compactMap { $0.view ?? $0.automaticView }.first
        prepared = prepared.map { panel in
            guard var heatmap = Self.heatmap(panel) else { return panel }
            heatmap.valueRange = range
            heatmap.valueScale = first.valueScale
            heatmap.colorMap = first.colorMap
            if isSingleKind { heatmap.showsColorBar = false }
            return (panel as? SurfaceFigure).map { SurfaceFigure(heatmap, view: $0.view ?? view) } ?? heatmap
        }
        guard isSingleKind else { return (prepared, nil) }
        let scales = prepared.compactMap(Self.heatmap).map {
            HeatmapPlan($0, in: Box(x: 0, y: 0, width: 300, height: 300)).scale
        }
        var scale = scales[0]
        scale.isCapped = scales.contains(where: \.isCapped)
        scale.isCappedBelow = scales.contains(where: \.isCappedBelow)
        return (prepared, (scale, first.valueLabel))
    }

    private static func heatmap(_ panel: any Figure) -> HeatmapFigure? {
        panel as? HeatmapFigure ?? (panel as? SurfaceFigure)?.map
    }

    private static func commonValueRange(_ heatmaps: [HeatmapFigure]) -> ClosedRange<Double>? {
        let spans = heatmaps.compactMap { $0.valueRange ?? $0.dataValueRange }
        guard var low = spans.map(\.lowerBound).min(), let high = spans.map(\.upperBound).max() else { return nil }
        if heatmaps.contains(where: { $0.valueScale == .logarithmic }), low <= 0 {
            low = heatmaps.flatMap(\.values).filter { $0 > 0 && $0 <= high }.min() ?? low
        }
        return low...high
    }

    private func shareAxes(_ panels: inout [any Figure]) {
        let lines = panels.compactMap { $0 as? LineFigure }
        guard lines.count > 1 else { return }
        func span(_ values: [Double], positiveOnly: Bool) -> ClosedRange<Double>? {
            let usable = values.filter { $0.isFinite && (!positiveOnly || $0 > 0) }
            guard let low = usable.min(), let high = usable.max(), high > low else { return nil }
            let range = AxisRange(
                covering: [low, high], scale: positiveOnly ? .logarithmic : .linear, padding: 0.05)
            return range.low...range.high
        }
        func isLogarithmic(_ axis: KeyPath<LineFigure, Axis>) -> Bool {
            lines.contains { $0[keyPath: axis].scale == .logarithmic }
        }
        func values(_ side: Series.Side) -> [Double] {
            lines.flatMap { $0.series.filter { $0.side == side }.flatMap(\.verticalValues) }
        }
        func references(_ orientation: ReferenceLine.Orientation) -> [Double] {
            lines.flatMap(\.referenceLines).filter { $0.orientation == orientation && $0.isAlwaysShown }.map(\.value)
        }
        let x = span(
            lines.flatMap { $0.series.flatMap(\.x) } + references(.vertical), positiveOnly: isLogarithmic(\.xAxis))
        let left = span(values(.left) + references(.horizontal), positiveOnly: isLogarithmic(\.leftAxis))
        let right = span(values(.right), positiveOnly: isLogarithmic(\.rightAxis))
        panels = panels.map { panel in
            guard var lines = panel as? LineFigure else { return panel }
            lines.xAxis.range = lines.xAxis.range ?? x
            lines.leftAxis.range = lines.leftAxis.range ?? left
            lines.rightAxis.range = lines.rightAxis.range ?? right
            return lines
        }
    }
}
