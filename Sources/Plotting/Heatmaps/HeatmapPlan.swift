import Foundation

/// The decisions of a heatmap before anything is drawn: ranges, scale, levels, and marks.
struct HeatmapPlan {
    let grid: SortedGrid
    let bottom: ResolvedAxis
    let left: ResolvedAxis
    let scale: ColorScale
    let isSmooth: Bool
    let bar: ColorBar?
    let contourLevels: [Double]
    /// What the levels are called, as on the colour bar.
    let contourNames: [String]
    /// In data coordinates.
    let minimum: Point?
    let center: Point?
    let key: FigureKey

    /// - Parameter frame: the plot's rectangle if it is known; estimated otherwise.
    init(_ figure: HeatmapFigure, in box: Box, frame: Box? = nil) {
        let grid = SortedGrid(x: figure.x, y: figure.y, values: figure.values)
        self.grid = grid
        let estimate = frame ?? box.inset(left: 60, top: 45, right: 90, bottom: 70)
        let isSmooth = HeatmapPlan.isSmooth(figure, grid)
        self.isSmooth = isSmooth
        // Interpolated values end where the coordinates do.
        func range(_ coordinates: [Double], _ limits: ClosedRange<Double>?) -> AxisRange {
            let ends = isSmooth ? coordinates : SortedGrid.edges(coordinates)
            return AxisRange(covering: limits.map { [$0.lowerBound, $0.upperBound] } ?? ends, scale: .linear)
        }
        bottom = ResolvedAxis(
            horizontal: figure.xLabel, range: range(grid.x, figure.xRange), length: estimate.width)
        left = ResolvedAxis(
            label: figure.yLabel, range: range(grid.y, figure.yRange), length: estimate.height, spacing: 32)
        scale = HeatmapPlan.scale(figure, grid.finite)
        bar =
            figure.showsColorBar && !grid.finite.isEmpty
            ? ColorBar(scale: scale, label: figure.valueLabel, height: estimate.height) : nil
        let levels = HeatmapPlan.levels(figure.contours, scale.range, finite: grid.finite)
        (contourLevels, contourNames) = (levels, HeatmapPlan.names(of: levels, bar))

        // Where all values are equal, no cell is the lowest.
        let isFlat = grid.finite.min() == grid.finite.max()
        let (horizontal, vertical) = (bottom.range, left.range)
        func isInside(_ point: Point) -> Bool {
            (horizontal.low...horizontal.high).contains(point.x) && (vertical.low...vertical.high).contains(point.y)
        }
        // Where some values are interpolated, the lowest is one that was computed.
        let lowest = figure.marksMinimum && !isFlat ? grid.minimum(of: figure.samples) : nil
        minimum = lowest.map { Point(grid.x[$0.column], grid.y[$0.row]) }.flatMap { isInside($0) ? $0 : nil }
        center = figure.center.flatMap { !grid.values.isEmpty && isInside($0) ? $0 : nil }
        var entries: [FigureKey.Entry] = []
        func coordinates(_ p: Point) -> String {
            "(\(NumberText.rounded(p.x, digits: 3)), \(NumberText.rounded(p.y, digits: 3)))"
        }
        var centerValue: Double?
        if let center, let column = grid.x.firstIndex(of: center.x), let row = grid.y.firstIndex(of: center.y) {
            centerValue = grid.values[row * grid.x.count + column]
        }
        let digits = NumberText.digits(telling: [centerValue, lowest?.value].compactMap { $0 }, least: 4)
        if let center {
            var text = "centre \(coordinates(center))"
            if let centerValue { text += ": \(NumberText.rounded(centerValue, digits: digits))" }
            entries.append(FigureKey.Entry(sample: .mark(HeatmapMark.center), text: text))
        }
        if let lowest, let minimum {
            let text = "minimum \(coordinates(minimum)): \(NumberText.rounded(lowest.value, digits: digits))"
            entries.append(FigureKey.Entry(sample: .mark(HeatmapMark.minimum), text: text))
        }
        let nonFinite = grid.values.count - grid.finite.count
        if nonFinite > 0 {
            let text = "non-finite: \(nonFinite) of \(grid.values.count) cells"
            entries.append(FigureKey.Entry(sample: .hatched, text: text))
        }
        func isSeen(_ x: Double, _ y: Double) -> Bool {
            (horizontal.low...horizontal.high).contains(x) && (vertical.low...vertical.high).contains(y)
        }
        for overlay in figure.overlays where !overlay.label.isEmpty {
            let outside = zip(overlay.x, overlay.y).count { !isSeen($0, $1) }
            let note = outside > 0 ? " (\(outside) of \(overlay.x.count) points out of view)" : ""
            entries.append(
                FigureKey.Entry(sample: .line(Stroke(overlay.color, width: 1.6)), text: overlay.label + note))
        }
        if let label = figure.regionLabel, !label.isEmpty, figure.regions != nil {
            let sample = FigureKey.Sample.mark { center in
                let ends = [Point(center.x - 7, center.y), Point(center.x + 7, center.y)]
                return [
                    .stroke(.line(ends), Stroke(.black, width: 2.4)),
                    .stroke(.line(ends), Stroke(HeatmapMark.region, width: 1.1)),
                ]
            }
            entries.append(FigureKey.Entry(sample: sample, text: label))
        }
        let samples = figure.shownSamples.count { isSeen($0.x, $0.y) }
        if samples > 0 {
            let text = "evaluated: \(samples) of \(grid.values.count) points"
            entries.append(FigureKey.Entry(sample: .mark(HeatmapMark.sample), text: text))
        }
        key = FigureKey(entries: figure.showsKey ? entries : [])
    }

    /// The bar's form of number: powers of ten where it has them, and without what its label says of all.
    private static func names(of levels: [Double], _ bar: ColorBar?) -> [String] {
        let digits = NumberText.digits(telling: levels, least: 5)
        let plain = levels.map { NumberText.rounded($0, digits: digits) }
        guard let bar, let ticks = bar.axis.ticks.major.first else { return plain }
        if bar.scale.range.scale == .logarithmic {
            guard
                bar.axis.ticks.major.contains(where: {
                    $0.label.contains("10") && $0.label.contains { "⁰¹²³⁴⁵⁶⁷⁸⁹".contains($0) }
                })
            else {
                return plain
            }
            return levels.map { NumberText.power($0, digits: digits) }
        }
        let own = Ticks(bar.scale.range, count: 11)
        guard !own.annotation.isEmpty, own.annotation == bar.axis.ticks.annotation, ticks.value.isFinite else {
            return plain
        }
        let labels = Dictionary(own.major.map { ($0.value, $0.label) }) { first, _ in first }
        let named = levels.map { labels[$0] }
        return named.contains(nil) ? plain : named.map { $0! }
    }

    private static func isSmooth(_ figure: HeatmapFigure, _ grid: SortedGrid) -> Bool {
        let least = min(grid.x.count, grid.y.count)
        switch figure.fill {
        case .cells: return false
        case .smooth: return least > 1
        case .automatic: return least >= 9
        }
    }

    private static func scale(_ figure: HeatmapFigure, _ finite: [Double]) -> ColorScale {
        let span = figure.valueRange ?? figure.dataValueRange
        let isLogarithmic = figure.valueScale.resolved(span, hasPositive: finite.contains { $0 > 0 }) == .logarithmic
        var ends = span.map { [$0.lowerBound, $0.upperBound] } ?? []
        if isLogarithmic, let low = span?.lowerBound, low <= 0 {
            // Values that are not positive take the lowest colour; the scale begins at the least positive one.
            ends = [finite.filter { $0 > 0 }.min() ?? 1, ends[1]]
        }
        let range = AxisRange(covering: ends, scale: isLogarithmic ? .logarithmic : .linear)
        let places = finite.map { range.fraction(of: $0) ?? -1 }
        return ColorScale(
            range: range, map: figure.colorMap, isCapped: places.contains { $0 > 1 + 1e-9 },
            isCappedBelow: places.contains { $0 < -1e-9 })
    }

    /// Round levels on a logarithmic scale, not many more than asked for.
    private static func evenRatios(_ range: AxisRange, count: Int) -> [Double] {
        let first = Int(log10(range.low).rounded(.down)), last = Int(log10(range.high).rounded(.up))
        func levels(_ mantissas: [Double], _ step: Int) -> [Double] {
            Swift.stride(from: first, through: last, by: step).flatMap { exponent in
                let power = pow(10, Double(abs(exponent)))
                return mantissas.map { exponent < 0 ? $0 / power : $0 * power }
            }
            .filter { $0 > range.low && $0 < range.high }
        }
        let dense = [(1...9).map(Double.init), [1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]].map { levels($0, 1) }
        let sparse = (2...max(2, last - first)).lazy.map { levels([1], $0) }
        return dense.first { $0.count <= count } ?? sparse.first { $0.count <= count } ?? []
    }

    private static func levels(_ contours: HeatmapFigure.Contours, _ range: AxisRange, finite: [Double]) -> [Double] {
        guard let low = finite.min(), let high = finite.max(), high > low else { return [] }
        switch contours {
        case .none: return []
        case .levels(let levels): return levels.filter(\.isFinite)
        case .count(let count) where range.scale == .linear:
            return Ticks.multiples(range.low, range.high, count: max(1, count)).values.filter { $0 > low && $0 < high }
        case .automatic where range.scale == .linear:
            return Ticks.multiples(range.low, range.high, count: 11).values.filter { $0 > low && $0 < high }
        case .count(let count):
            return evenRatios(range, count: count)
        case .automatic:
            let decades = log10(range.high / range.low)
            let mantissas: [Double] = decades <= 4.2 ? [1, 2, 5] : decades <= 6.5 ? [1, 3] : [1]
            let stride = decades <= 12 ? 1 : Int((decades / 10).rounded(.up))
            let (first, last) = (Int(log10(range.low).rounded(.down)), Int(log10(range.high).rounded(.up)))
            var levels: [Double] = []
            for exponent in Swift.stride(from: first, through: last, by: stride) {
                let power = pow(10, Double(abs(exponent)))
                for mantissa in mantissas { levels.append(exponent < 0 ? mantissa / power : mantissa * power) }
            }
            return levels.filter { $0 > range.low && $0 < range.high }
        }
    }
}
