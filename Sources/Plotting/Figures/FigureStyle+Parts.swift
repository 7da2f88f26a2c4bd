extension FigureStyle {
    /// What a style can say about a figure, by the name of its option. Some figures have no use for some of it.
    public enum Part: String, Sendable, CaseIterable {
        case colors, contours, fill, scale, view
        case valueRange = "value-range"
        case xLabel = "x-label"
        case yLabel = "y-label"
        case xLimits = "x-limits"
        case yLimits = "y-limits"
        case noLegend = "no-legend"
        case noMarks = "no-marks"
        case space = "3d"

        /// What a line figure has.
        public static let ofLines: Set<Part> = [
            .scale, .valueRange, .xLabel, .yLabel, .xLimits, .yLimits, .noLegend, .noMarks,
        ]
        /// What a map has.
        public static let ofMaps: Set<Part> = ofLines.union([.colors, .contours, .fill, .view, .space])
    }

    /// What this style says.
    public var parts: Set<Part> {
        let given: [(Part, Bool)] = [
            (.colors, colorMap != nil), (.contours, contours != nil), (.fill, fill != nil), (.scale, scale != nil),
            (.view, view != nil), (.valueRange, valueRange != nil), (.xLabel, xLabel != nil), (.yLabel, yLabel != nil),
            (.xLimits, xLimits != nil), (.yLimits, yLimits != nil), (.noLegend, !showsLegend), (.noMarks, !showsMarks),
            (.space, isInSpace),
        ]
        return Set(given.filter(\.1).map(\.0))
    }
}

extension HeatmapFigure {
    /// Everything that a style says of a figure.
    public var styleParts: Set<FigureStyle.Part> { FigureStyle.Part.ofMaps }

    /// The same map with what a style says of it, and a subtitle that says how values are spread.
    public func styled(by style: FigureStyle) -> any Figure {
        saying(style).inSpace(style)
    }

    fileprivate func saying(_ style: FigureStyle) -> HeatmapFigure {
        var copy = restyled(by: style)
        if style.subtitle == nil { copy.subtitle = copy.subtitle.saying(copy.resolvedScale) }
        return copy
    }

    /// The map, or the surface in space that a style asks for.
    fileprivate func inSpace(_ style: FigureStyle) -> any Figure {
        style.isInSpace ? SurfaceFigure(self, view: style.view) : self
    }

    func restyled(by style: FigureStyle) -> HeatmapFigure {
        var copy = self
        copy.title = style.title ?? title
        copy.subtitle = style.subtitle ?? subtitle
        copy.xLabel = style.xLabel ?? xLabel
        copy.yLabel = style.yLabel ?? yLabel
        copy.xRange = style.xLimits ?? xRange
        copy.yRange = style.yLimits ?? yRange
        copy.valueScale = style.scale ?? valueScale
        copy.valueRange = style.valueRange ?? valueRange
        copy.colorMap = style.colorMap ?? colorMap
        copy.contours = style.contours ?? contours
        copy.fill = style.fill ?? fill
        if !style.showsLegend { copy.showsKey = false }
        if !style.showsSamples { copy.showsSamples = false }
        if !style.showsMarks { (copy.marksMinimum, copy.center, copy.showsSamples) = (false, nil, false) }
        return copy
    }

    /// How its values are spread over the colours.
    var resolvedScale: AxisScale {
        valueScale.resolved(valueRange ?? dataValueRange, hasPositive: values.contains { $0.isFinite && $0 > 0 })
    }
}

extension LineFigure {
    /// Words, limits and marks; lines have no map of colours.
    public var styleParts: Set<FigureStyle.Part> {
        // A scale that is part of what is shown stays.
        valueScale == nil ? FigureStyle.Part.ofLines.subtracting([.scale]) : FigureStyle.Part.ofLines
    }

    /// The same figure with what a style says of it; its subtitle says how values are spread where that was chosen by them.
    public func styled(by style: FigureStyle) -> any Figure {
        var copy = restyled(by: style)
        if copy.valueScale != nil, style.subtitle == nil { copy.subtitle = copy.subtitle.saying(copy.resolvedScale) }
        copy.resolveScale()
        return copy
    }

    func restyled(by style: FigureStyle) -> LineFigure {
        var copy = self
        copy.title = style.title ?? title
        copy.subtitle = style.subtitle ?? subtitle
        copy.xAxis.label = style.xLabel ?? xAxis.label
        copy.leftAxis.label = style.yLabel ?? leftAxis.label
        copy.xAxis.range = style.xLimits ?? xAxis.range
        copy.leftAxis.range = style.yLimits ?? style.valueRange ?? leftAxis.range
        if valueScale != nil { copy.valueScale = style.scale ?? valueScale }
        if !style.showsLegend { copy.legend = .none }
        if !style.showsSamples { copy.series.removeAll(where: isOnLine) }
        if !style.showsMarks, series.contains(where: { $0.lineWidth > 0 }) {
            copy.series.removeAll { $0.lineWidth == 0 }
            for index in copy.series.indices { copy.series[index].marker = nil }
        }
        return copy
    }

    /// Whether a series is of dots that lie on a line of the figure, as the evaluated points of a slice do.
    private func isOnLine(_ dots: Series) -> Bool {
        guard dots.lineWidth == 0, !dots.x.isEmpty else { return false }
        return series.contains { line in
            guard line.lineWidth > 0, line.side == dots.side else { return false }
            let values = Dictionary(zip(line.x, line.y)) { first, _ in first }
            return zip(dots.x, dots.y).allSatisfy { values[$0] == $1 }
        }
    }

    /// The same figure; in a column, where words take more of it, higher over its width.
    public func fitting(_ width: Double, height: Double?) -> any Figure {
        guard height == nil, width < Self.column else { return self }
        var copy = self
        copy.size.height = max(size.height, 0.78 * size.width)
        return copy
    }

    /// The width of a column at letters of 8 points, and a little more.
    fileprivate static let column = 360.0

    /// How values are spread along the left axis.
    var resolvedScale: AxisScale {
        guard let valueScale else { return leftAxis.scale }
        let values = series.filter { $0.side == .left }.flatMap(\.verticalValues).filter(\.isFinite)
        let span = values.min().map { $0...(values.max() ?? $0) }
        return valueScale.resolved(leftAxis.range ?? span, hasPositive: (span?.upperBound ?? 0) > 0)
    }

    /// Settles how values are spread.
    mutating func resolveScale() { (leftAxis.scale, valueScale) = (resolvedScale, nil) }
}

extension SurfaceFigure {
    /// Everything that a style says of a map.
    public var styleParts: Set<FigureStyle.Part> { FigureStyle.Part.ofMaps }

    /// The same surface with what a style says of it.
    public func styled(by style: FigureStyle) -> any Figure {
        SurfaceFigure(map.saying(style), view: style.view ?? view)
    }

    /// The same surface; in a column, where words take more of the height, higher over its width.
    public func fitting(_ width: Double, height: Double?) -> any Figure {
        guard height == nil, width < LineFigure.column else { return self }
        var copy = self
        copy.map.size.height = max(map.size.height, 0.9 * size.width)
        return copy
    }
}

extension PanelFigure {
    /// What all panels have a use for together.
    public var styleParts: Set<FigureStyle.Part> {
        panels.reduce(into: []) { $0.formUnion($1.styleParts) }
    }

    /// The same panels with what a style says of each, under one title.
    public func styled(by style: FigureStyle) -> any Figure {
        var copy = self, each = style
        (each.title, each.subtitle) = (nil, nil)
        copy.title = style.title ?? title
        copy.subtitle = style.subtitle ?? subtitle
        var scales: Set<AxisScale> = []
        copy.panels = panels.map { panel in
            switch panel {
            case let map as HeatmapFigure:
                return map.restyled(by: each)
            case let lines as LineFigure:
                return lines.restyled(by: each)
            default: return panel.styled(by: each)
            }
        }
        copy.settleScales(&scales)
        copy.panels = copy.panels.map { ($0 as? HeatmapFigure)?.inSpace(style) ?? $0 }
        if style.subtitle == nil, let scale = scales.first {
            copy.subtitle = scales.count == 1 ? copy.subtitle.saying(scale) : "\(copy.subtitle) · linear and log scales"
        }
        return copy
    }

    /// Panels that are compared have one scale; others each their own.
    private mutating func settleScales(_ scales: inout Set<AxisScale>) {
        let maps = panels.compactMap { $0 as? HeatmapFigure }
        let lines = panels.compactMap { $0 as? LineFigure }.filter { $0.valueScale != nil }
        let isMapShared = sharesRanges && maps.contains { $0.resolvedScale == .logarithmic }
        let isLineShared = sharesRanges && lines.contains { $0.resolvedScale == .logarithmic }
        for index in panels.indices {
            if var map = panels[index] as? HeatmapFigure {
                map.valueScale = isMapShared || map.resolvedScale == .logarithmic ? .logarithmic : .linear
                scales.insert(map.resolvedScale)
                panels[index] = map
            } else if var line = panels[index] as? LineFigure, line.valueScale != nil {
                if isLineShared { line.valueScale = .logarithmic }
                scales.insert(line.resolvedScale)
                line.resolveScale()
                panels[index] = line
            }
        }
    }

    /// The same panels in fewer columns where the width, in points at letters of the default size, is too little for all.
    ///
    /// Lines below each other are lower than wide. A height that is given decides by itself: plots get the longest shorter side.
    public func fitting(_ width: Double, height: Double?) -> any Figure {
        // What a plot and the words beside it need; many small ones may be narrower before the picture is a long strip.
        let least = panels.count > 6 ? 150.0 : 200
        if let height {
            var copy = self
            copy.columns = Self.columns(of: panels.count, width: width, height: height)
            return copy
        }
        guard columns > 1, width / Double(columns) < least else { return self }
        var copy = self
        let rows = (panels.count + columns - 1) / columns
        var cell = Size(width: size.width / Double(columns), height: size.height / Double(rows))
        copy.columns = max(1, min(columns, Int(width / least)))
        let down = (panels.count + copy.columns - 1) / copy.columns
        // Words take much of the height of a narrow panel.
        let isNarrow = width / Double(copy.columns) < 200
        if panels.allSatisfy({ $0 is LineFigure }) {
            cell.height = isNarrow ? cell.width : min(cell.height, 0.8 * cell.width)
        } else {
            // About square, as maps are beside each other.
            cell.height = min(cell.height, 0.95 * cell.width)
        }
        copy.size = Size(width: cell.width * Double(copy.columns), height: cell.height * Double(down))
        return copy
    }

    /// The number of columns that leaves plots the longest shorter side.
    private static func columns(of count: Int, width: Double, height: Double) -> Int {
        // What words take of a panel's sides, in points; ours.
        let words = 80.0
        func side(_ columns: Int) -> Double {
            let rows = (count + columns - 1) / columns
            return min(width / Double(columns), height / Double(rows)) - words
        }
        return (1...max(1, count)).max { side($0) < side($1) } ?? 1
    }
}

extension BarFigure {
    /// Bars have names and quantities of their own: a style changes nothing but the words above them.
    public var styleParts: Set<FigureStyle.Part> { [] }

    /// The same bars under a style's words.
    public func styled(by style: FigureStyle) -> any Figure {
        var copy = self
        (copy.title, copy.subtitle) = (style.title ?? title, style.subtitle ?? subtitle)
        return copy
    }

    /// The same bars over another width; the height stays that of the rows.
    public func fitting(_ width: Double, height: Double?) -> any Figure {
        var copy = self
        copy.width = width
        return copy
    }
}
