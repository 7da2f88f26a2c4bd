import Analyses
import Plotting

/// How a slice is drawn, where that is not left to the picture.
public struct SliceStyle: Sendable {
    /// Of a map; viridis, which is even to the eye.
    public var colorMap = ColorMap.viridis
    /// Lines of equal loss over a map.
    public var contours = HeatmapFigure.Contours.automatic
    /// The values at the ends of the colour scale.
    public var valueRange: ClosedRange<Double>?
    /// Nil for a title that says what is drawn.
    public var title: String?
    /// Whether the points that were evaluated are marked where others are interpolated.
    public var marksEvaluated = true
    /// Lines over a map, such as the path of a training.
    public var overlays: [HeatmapFigure.Overlay] = []
    /// A view of the surface in space instead of a map.
    public var isInSpace = false
    /// The direction from which a surface is seen; nil for the one that shows the minimum and hides least.
    public var view: SurfaceFigure.View?

    /// As pictures are drawn by default.
    public init() {}
}

extension SliceReport {
    private var title: String {
        if let title = style.title { return title }
        let normalized = normalization == "none" ? "" : "\(normalization)-normalised "
        return
            "\(drawsAccuracy ? "Accuracy" : "Loss") along \(normalized)\(directions.kind) direction\(isPlane ? "s" : "")"
    }

    private var subtitle: String {
        var parts = [context.caption]
        if directions.kind == "random" {
            parts.append(planes.count > 1 ? "\(planes.count) seeds from \(planes[0].seed)" : "seed \(context.seed)")
        }
        if slice.interpolation != nil, slice.isMeasured != nil {
            parts.append("\(slice.audit.evaluations) of \(slice.loss.count) points evaluated")
        }
        return parts.joined(separator: " · ")
    }

    private func drawn(_ values: SliceValues) -> [Double] {
        drawsAccuracy ? values.accuracy ?? values.loss : values.loss
    }
    private var valueLabel: String { drawsAccuracy ? "accuracy" : context.lossLabel() }

    /// A line along one direction, a map over a plane; nil for a shard.
    public var figure: (any Figure)? {
        guard !isPartial else { return nil }
        return isPlane ? planeFigure : lineFigure
    }

    /// The picture without its provenance, as one of several.
    var panel: any Figure {
        if isPlane { return map(title, drawn(slice.values)) }
        var figure = lineFigure
        figure.subtitle = ""
        return figure
    }

    private var planeFigure: any Figure {
        if planes.count > 1 {
            let band = SliceBand(planes.map { drawn($0.slice.values) })
            var spread = map("range over the \(planes.count) seeds", band.spread)
            spread.valueLabel = "highest − lowest"
            spread.colorMap = .magma
            spread.marksMinimum = false
            return PanelFigure(
                title: title, subtitle: subtitle,
                panels: [map("mean over \(planes.count) seeds", band.mean), spread].map(inSpace),
                sharesRanges: false, size: Size(width: 860, height: 420))
        }
        if let other = slice.other {
            return PanelFigure(
                title: title, subtitle: subtitle,
                panels: [map(context.split.rawValue, drawn(slice.values)), map(otherSplit.rawValue, drawn(other))]
                    .map(inSpace),
                size: Size(width: 800, height: 420))
        }
        var figure = map(title, drawn(slice.values))
        figure.subtitle = subtitle
        return inSpace(figure)
    }

    private func inSpace(_ map: HeatmapFigure) -> any Figure {
        style.isInSpace ? SurfaceFigure(map, view: style.view) : map
    }

    private func map(_ title: String, _ values: [Double]) -> HeatmapFigure {
        var figure = HeatmapFigure(
            title: title, xLabel: "α", yLabel: "β", valueLabel: valueLabel, x: slice.alpha, y: slice.beta,
            values: values)
        if isLogarithmic { figure.valueScale = .logarithmic }
        figure.colorMap = style.colorMap
        figure.contours = style.contours
        figure.valueRange = style.valueRange
        figure.marksMinimum = !drawsAccuracy
        figure.overlays = style.overlays
        if let isMeasured = slice.isMeasured, slice.interpolation != nil, style.marksEvaluated, planes.count < 2 {
            figure.samples = isMeasured.indices.filter { isMeasured[$0] }.map {
                Point(slice.grid.coordinates($0).alpha, slice.grid.coordinates($0).beta)
            }
        }
        return figure
    }

    private var lineFigure: LineFigure {
        let x = slice.alpha
        var series: [Series]
        if planes.count > 1 {
            let band = SliceBand(planes.map { drawn($0.slice.values) })
            series = [
                Series(
                    "mean of \(planes.count) seeds, lowest to highest", x: x, y: band.mean,
                    band: Series.Band(lower: band.lowest, upper: band.highest))
            ]
        } else {
            let isBoth = slice.other != nil
            series = [Series(isBoth ? "\(context.split) loss" : "loss", x: x, y: slice.loss)]
            series[0].dash = []
            if let other = slice.other {
                var line = Series("\(otherSplit) loss", x: x, y: other.loss)
                line.dash = Series.dashes[1]
                line.color = Color.seriesPalette[0]
                series[0].color = Color.seriesPalette[0]
                series.append(line)
            }
            if let accuracy = slice.accuracy {
                var line = Series(isBoth ? "\(context.split) accuracy" : "accuracy", x: x, y: accuracy, side: .right)
                (line.color, line.dash) = (Color.seriesPalette[1], Series.dashes[2])
                series.append(line)
            }
            if let accuracy = slice.other?.accuracy {
                var line = Series("\(otherSplit) accuracy", x: x, y: accuracy, side: .right)
                (line.color, line.dash) = (Color.seriesPalette[1], Series.dashes[3])
                series.append(line)
            }
            if let isMeasured = slice.isMeasured, slice.interpolation != nil, style.marksEvaluated {
                let known = isMeasured.indices.filter { isMeasured[$0] }
                var points = Series(
                    "evaluated", x: known.map { x[$0] }, y: known.map { slice.loss[$0] }, marker: .circle)
                points.lineWidth = 0
                points.color = Color.seriesPalette[0]
                series.append(points)
            }
        }
        let isAccuracyAlone = planes.count > 1 && drawsAccuracy
        var figure = LineFigure(
            title: title, subtitle: subtitle, xAxis: Axis("α"),
            leftAxis: Axis(
                isAccuracyAlone
                    ? "\(context.split) accuracy"
                    : context.lossLabel(withSplit: slice.other == nil),
                scale: isLogarithmic && !isAccuracyAlone ? .logarithmic : .linear, range: style.valueRange),
            rightAxis: Axis(slice.other == nil ? "\(context.split) accuracy" : "accuracy", range: 0...1), series: series
        )
        figure.referenceLines = [ReferenceLine(.vertical, at: 0, label: "")]
        return figure
    }
}
