import Analyses
import Essentials
import Plotting

extension SharpnessReport {
    /// For one radius the climb of every start, or every batch's value; for several the increase over ρ.
    public var figure: (any Figure)? {
        if points.count > 1 { return radiusFigure }
        if let worst = points[0].worstCase { return climbFigure(worst) }
        return points[0].batchwise.map(batchFigure)
    }

    private var ballName: String {
        (scaling == "none" ? "‖ε‖" : "‖T⁻¹ε‖") + (norm == .l2 ? "" : "∞")
    }

    private func climbFigure(_ worst: WorstCaseSharpness) -> any Figure {
        // One colour for each kind of start, named once.
        let kinds: [(prefix: String, name: String)] = [
            ("gradient", "gradient"), ("top-eigenvector", "± top eigenvector"), ("eigenvector", "± next eigenvectors"),
            ("trust-region", "trust region"), ("smaller-radius", "smaller radius"), ("random", "random"),
            ("between", "between two tops"),
        ]
        var series: [Series] = []
        for (number, kind) in kinds.enumerated() {
            let starts = worst.restarts.filter { $0.start.hasPrefix(kind.prefix) }
            for (i, start) in starts.enumerated() {
                var line = Series(i == 0 ? kind.name : "", x: start.curve.indices.map(Double.init), y: start.curve)
                line.color = Color.seriesPalette[number % Color.seriesPalette.count]
                line.dash = Series.dashes[number % Series.dashes.count]
                if start.curve.count == 1 { line.marker = .circle }
                series.append(line)
            }
        }
        var figure = LineFigure(
            title: "Worst-case loss increase, \(ballName) ≤ \(Format.short(points[0].radius))",
            subtitle: context.caption, xAxis: Axis("iteration", isWhole: true),
            leftAxis: Axis("L(θ+ε) − L(θ)", range: verticalRange(worst)), series: series)
        figure.referenceLines = [
            ReferenceLine(.horizontal, at: worst.lowerBound, label: "lower bound \(Format.short(worst.lowerBound))"),
            ReferenceLine(.horizontal, at: worst.oneStep, label: "one step \(Format.short(worst.oneStep))"),
        ]
        return figure
    }

    /// All curves, with room above the highest for the name of the bound; nil where nothing finite is there.
    private func verticalRange(_ worst: WorstCaseSharpness) -> ClosedRange<Double>? {
        let values = (worst.restarts.flatMap(\.curve) + [worst.lowerBound, worst.oneStep]).filter(\.isFinite)
        guard let low = values.min(), let high = values.max(), high > low else { return nil }
        return (low - 0.05 * (high - low))...(high + 0.12 * (high - low))
    }

    private func batchFigure(_ mean: BatchwiseSharpness) -> any Figure {
        let numbers = mean.batches.indices.map { Double($0 + 1) }
        func dots(_ label: String, _ value: (WorstCaseSharpness) -> Double, _ marker: Marker) -> Series {
            var series = Series(label, x: numbers, y: mean.batches.map(value), marker: marker)
            series.lineWidth = 0
            return series
        }
        var figure = LineFigure(
            title: "m-sharpness, m = \(mean.batchSize), \(ballName) ≤ \(Format.short(points[0].radius))",
            subtitle: context.caption,
            xAxis: Axis("batch", range: 0.5...(Double(numbers.count) + 0.5), isWhole: true),
            leftAxis: Axis("increase of the batch's loss"),
            series: [dots("worst case", \.lowerBound, .circle), dots("one step", \.oneStep, .triangle)])
        figure.referenceLines = [
            ReferenceLine(.horizontal, at: mean.lowerBound, label: "mean \(Format.short(mean.lowerBound))")
        ]
        return figure
    }

    /// ρ is a radius in one panel and a deviation of each weight in the other, so they are two.
    private var radiusFigure: (any Figure)? {
        let radii = points.map(\.radius)
        func scale(_ values: [Double]) -> AxisScale {
            guard let low = values.min(), let high = values.max() else { return .linear }
            return low > 0 && high / low >= 8 ? .logarithmic : .linear
        }
        func panel(_ title: String, _ xLabel: String, _ series: [Series]) -> LineFigure {
            LineFigure(
                title: title, subtitle: context.caption, xAxis: Axis(xLabel, scale: scale(radii)),
                leftAxis: Axis("increase over the loss", scale: scale(series.flatMap(\.y).filter(\.isFinite))),
                series: series)
        }
        func curve(_ label: String, _ value: (Point) -> Double?, marker: Marker? = nil) -> Series {
            Series(label, x: radii, y: points.map { value($0) ?? .nan }, marker: marker)
        }
        var panels: [LineFigure] = []
        if points.contains(where: { $0.worst != nil }) {
            var series = [
                curve("worst case (lower bound)", { $0.worst?.lowerBound }, marker: .circle),
                curve("one step", { $0.worst?.oneStep }, marker: .triangle),
                curve("estimate \(estimateTerms.slope) + ρ²\(estimateTerms.curvature)/2", { $0.worst?.estimate }),
            ]
            if points.contains(where: { $0.worst?.quadraticModel != nil }) {
                series.append(curve("maximum of the quadratic model", { $0.worst?.quadraticModel }))
            }
            let m = points[0].batchwise.map { ", m = \($0.batchSize)" } ?? ""
            panels.append(panel("Worst-case loss increase\(m)", "ρ, bound of \(ballName)", series))
        }
        if points.contains(where: { $0.oneStep != nil }) {
            let series = [
                curve("one step of SAM", { $0.oneStep?.increase }, marker: .triangle),
                curve("first order \(estimateTerms.slope)", { $0.oneStep?.firstOrder }),
            ]
            panels.append(panel("Loss increase at one step", "ρ, length of the step", series))
        }
        if points.contains(where: { $0.averageCase != nil }) {
            var series = curve("average case, 95 % interval", { $0.averageCase?.value }, marker: .circle)
            series.errors = Series.Band(points.map { $0.averageCase?.interval95 })
            panels.append(panel("Average-case loss increase", "ρ, deviation of each weight", [series]))
        }
        guard panels.count > 1 else { return panels.first }
        for i in panels.indices { panels[i].subtitle = "" }
        return PanelFigure(
            title: "Sharpness over the radius", subtitle: context.caption, panels: panels, sharesRanges: false,
            size: Size(width: 820, height: 380))
    }
}
