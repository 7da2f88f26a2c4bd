import Analyses
import Plotting

extension SliceReport {
    private var title: String {
        let quantity = drawsAccuracy ? "Accuracy" : "Loss"
        let normalized = normalization == "none" ? "" : "\(normalization)-normalised "
        let names = directionNames.joined(separator: " and "), isSeveral = slice.grid.dimension > 1
        switch directions.kind {
        case "to" where !names.isEmpty: return "\(quantity) toward \(names)"
        case "file" where !names.isEmpty: return "\(quantity) along \(names)"
        case "pca" where !names.isEmpty:
            return
                "\(quantity) \(isPlane ? "over the principal plane" : isSeveral ? "along the principal axes" : "along the principal axis") of \(names)"
        case "eigen" where isSeveral:
            return
                "\(quantity) along eigenvectors 1 \(isPlane ? "and 2" : "to 3")\(eigenvalues.isEmpty ? "" : ", λ = " + eigenvalues.joined(separator: " and "))"
        case "eigen": return "\(quantity) along eigenvector 1\(eigenvalues.first.map { ", λ = " + $0 } ?? "")"
        case "gradient":
            return
                "\(quantity) along the \(normalized)gradient\(isPlane ? " and a random direction" : isSeveral ? " and random directions" : "")"
        case let kind:
            return "\(quantity) along \(isSeveral ? "" : "a ")\(normalized)\(kind) direction\(isSeveral ? "s" : "")"
        }
    }

    /// Of directions that are unit eigenvectors.
    private var eigenvalues: [String] {
        guard directions.kind == "eigen", normalization == "none" else { return [] }
        return slice.audit.curvatureFromProduct.compactMap { $0.map { NumberText.rounded($0, digits: 3) } }
    }

    /// α or β, and what it runs along where that has a name.
    private func axisLabel(_ axis: Int) -> String {
        let letter = ["α", "β", "γ"][axis]
        switch directions.kind {
        case "eigen":
            return "\(letter), eigenvector \(axis + 1)" + (axis < eigenvalues.count ? ", λ = \(eigenvalues[axis])" : "")
        case "to" where axis < directionNames.count: return "\(letter), toward \(directionNames[axis])"
        case "file" where axis < directionNames.count: return "\(letter), \(directionNames[axis])"
        case "gradient": return axis == 0 ? "α, gradient" : "\(letter), random"
        case "pca": return "\(letter), principal axis \(axis + 1)"
        default: return letter
        }
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
        switch slice.grid.dimension {
        case 1: return lineFigure
        case 2: return planeFigure
        default: return centralPlanes
        }
    }

    /// The picture without its provenance, as one of several.
    func panel(titled title: String) -> any Figure {
        if isPlane { return map(title, drawn(slice.values)) }
        if slice.grid.dimension > 2 { return centralPlanes }
        var figure = lineFigure
        (figure.title, figure.subtitle) = (title, "")
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
                title: title, subtitle: subtitle, panels: [map("mean over \(planes.count) seeds", band.mean), spread],
                sharesRanges: false, size: Size(width: 860, height: 420))
        }
        if let other = slice.other {
            return PanelFigure(
                title: title, subtitle: subtitle,
                panels: [map(context.split.rawValue, drawn(slice.values)), map(otherSplit.rawValue, drawn(other))],
                size: Size(width: 800, height: 420))
        }
        var figure = map(title, drawn(slice.values))
        figure.subtitle = subtitle
        return figure
    }

    private func map(_ title: String, _ values: [Double]) -> HeatmapFigure {
        var figure = HeatmapFigure(
            title: title, xLabel: axisLabel(0), yLabel: axisLabel(1), valueLabel: valueLabel, x: slice.alpha,
            y: slice.beta,
            values: values)
        figure.marksMinimum = !drawsAccuracy
        figure.overlays = overlays
        if let isMeasured = slice.isMeasured, slice.interpolation != nil, marksEvaluated, planes.count < 2 {
            figure.samples = isMeasured.indices.filter { isMeasured[$0] }.map {
                Point(slice.grid.coordinates($0).alpha, slice.grid.coordinates($0).beta)
            }
        }
        return figure
    }

    /// Of a slice through space, the three planes of two axes through the point nearest to the origin. The rest is for ParaView.
    private var centralPlanes: PanelFigure {
        let values = drawn(slice.values), grid = slice.grid, axes = grid.axes
        let steps = [1, grid.columns, grid.columns * grid.rows]
        let middles = axes.map { axis in axis.values.indices.min { abs(axis.values[$0]) < abs(axis.values[$1]) } ?? 0 }
        let panels = [(0, 1, 2), (0, 2, 1), (1, 2, 0)].map { across, up, fixed -> any Figure in
            let (x, y) = (axes[across].values, axes[up].values), level = axes[fixed].values[middles[fixed]]
            let plane = y.indices.flatMap { row in
                x.indices.map { values[middles[fixed] * steps[fixed] + row * steps[up] + $0 * steps[across]] }
            }
            var figure = HeatmapFigure(
                title: "\(["α", "β", "γ"][fixed]) = \(NumberText.rounded(level, digits: 3))", xLabel: axisLabel(across),
                yLabel: axisLabel(up), valueLabel: valueLabel, x: x, y: y, values: plane)
            figure.marksMinimum = false
            return figure
        }
        return PanelFigure(
            title: title, subtitle: subtitle, panels: panels, columns: 3, size: Size(width: 1140, height: 420))
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
            if let isMeasured = slice.isMeasured, slice.interpolation != nil, marksEvaluated {
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
            title: title, subtitle: subtitle, xAxis: Axis(axisLabel(0)),
            leftAxis: Axis(
                isAccuracyAlone
                    ? "\(context.split) accuracy"
                    : context.lossLabel(withSplit: slice.other == nil)),
            rightAxis: Axis(slice.other == nil ? "\(context.split) accuracy" : "accuracy", range: 0...1), series: series
        )
        if !isAccuracyAlone { (figure.valueScale, figure.marksLowest) = (.automatic, true) }
        figure.referenceLines = [ReferenceLine(.vertical, at: 0, label: "")]
        return figure
    }
}
