import Analyses
import Foundation
import Plotting

extension TopologyReport {
    /// Pairs and holes that a picture has room for.
    private static let mostDrawn = (branches: 60, holes: 30)
    /// Names under a tree, and numbers on a map, that can be read.
    private static let mostNamed = (tree: 16, map: 12)
    /// Values that span more are drawn on a logarithmic axis.
    private static let logarithmicSpan = 30.0

    /// All plots, or the one that is asked for; nil where there is none of that kind.
    public var figure: (any Figure)? {
        switch picture {
        case .tree: return withSubtitle(mergeTree)
        case .barcode: return withSubtitle(barcode)
        case .basins: return basins.map { withSubtitle($0) }
        case .betti: return withSubtitle(bettiNumbers)
        case .persistence: return withSubtitle(persistenceCurve)
        case .all:
            let panels: [(any Figure)?] = [basins, mergeTree, barcode, bettiNumbers, persistenceCurve]
            return PanelFigure(
                title: "Sublevel sets of the loss", subtitle: caption, panels: panels.compactMap(\.self),
                columns: dimension == 3 ? 2 : 3, sharesRanges: false)
        }
    }

    private var caption: String {
        let branches = sublevel.branches.count, drawn = min(branches, Self.mostDrawn.branches)
        return [
            context.caption, drawn < branches ? "the \(drawn) most persistent of \(branches) minima" : "",
        ].filter { !$0.isEmpty }.joined(separator: " · ")
    }

    private func withSubtitle(_ figure: any Figure) -> any Figure {
        switch figure {
        case var lines as LineFigure:
            lines.subtitle = caption
            return lines
        case var map as HeatmapFigure:
            map.subtitle = caption
            return map
        default: return figure
        }
    }

    private var valueScale: AxisScale {
        let (low, high) = (sublevel.range.lowerBound, sublevel.range.upperBound)
        return low > 0 && high / low > Self.logarithmicSpan ? .logarithmic : .linear
    }

    /// What a component that never ends is drawn to: a little above where all others end, so that they can be seen.
    private var top: Double {
        let (low, highest) = (sublevel.range.lowerBound, sublevel.range.upperBound)
        let ends = sublevel.branches.map(\.death) + sublevel.holes.map(\.death)
        guard let last = ends.filter({ $0 < .infinity }).max(), last > low else { return highest }
        let share = 0.3
        let room = valueScale == .logarithmic ? last * pow(last / low, share) : last + share * (last - low)
        return room.isFinite ? min(highest, room) : highest
    }

    private typealias Kind = (certain: Bool?, label: String, color: Color, dash: [Double])

    /// How certain and uncertain pairs are told apart, uncertain ones under the others; one kind where that is not known.
    private func kinds(_ words: String, _ color: Color, uncertain dash: [Double]) -> [Kind] {
        result.areBranchesCertain == nil
            ? [(nil, words, color, [])]
            : [(false, "\(words), not certain", Color(0x888888), dash), (true, words, color, [])]
    }

    /// Straight pieces, parted by gaps, as one series.
    private func series(_ kind: Kind, width: Double, _ pieces: [[(x: Double, y: Double)]]) -> Series? {
        guard !pieces.isEmpty else { return nil }
        let points = pieces.flatMap { $0 + [(x: .nan, y: .nan)] }
        var series = Series(kind.label, x: points.map(\.x), y: points.map(\.y), color: kind.color)
        (series.dash, series.lineWidth, series.marksNonFinite) = (kind.dash, width, false)
        return series
    }

    // MARK: The plots

    /// Minima and the saddles where they join a lower one's tree: leaves in an order in which no lines cross.
    private var mergeTree: LineFigure {
        let shown = Array(sublevel.branches.prefix(Self.mostDrawn.branches)), order = Self.leaves(shown)
        var column = [Double](repeating: 0, count: shown.count)
        for (place, number) in order.enumerated() { column[number] = Double(place + 1) }
        let top = top
        var lines = kinds("minima", Color.seriesPalette[0], uncertain: Series.dashes[1]).compactMap { kind in
            series(
                kind, width: 1.6,
                shown.indices.filter { isCertain(branch: $0) == kind.certain }.map { number in
                    let branch = shown[number], end = branch.saddle == nil ? top : branch.death
                    let trunk = [(x: column[number], y: branch.birth), (x: column[number], y: end)]
                    return trunk + (branch.parent.map { [(x: column[$0], y: end)] } ?? [])
                })
        }
        lines += kinds("", Color.seriesPalette[0], uncertain: []).compactMap { kind in
            let own = shown.indices.filter { isCertain(branch: $0) == kind.certain }
            guard !own.isEmpty else { return nil }
            var dots = Series(
                "", x: own.map { column[$0] }, y: own.map { shown[$0].birth }, color: kind.color, marker: .circle)
            dots.lineWidth = 0
            return dots
        }
        let isNamed = shown.count <= Self.mostNamed.tree
        var figure = LineFigure(
            title: "Merge tree",
            xAxis: Axis(
                isNamed ? "minimum" : "minima, in the order of the tree", range: 0.5...Double(shown.count) + 0.5,
                isWhole: true, names: isNamed ? order.map { "\($0 + 1)" } : []),
            leftAxis: Axis(context.lossLabel()), series: lines)
        figure.valueScale = .automatic
        return figure
    }

    /// Branches from left to right: each before those that join it, and those that join it lower first.
    private static func leaves(_ branches: [SublevelTopology.Branch]) -> [Int] {
        var children = [[Int]](repeating: [], count: branches.count), open: [Int] = [], order: [Int] = []
        for (number, branch) in branches.enumerated() {
            if let parent = branch.parent { children[parent].append(number) } else { open.append(number) }
        }
        open.reverse()
        while let next = open.popLast() {
            order.append(next)
            open += children[next].sorted { branches[$0].death > branches[$1].death }
        }
        return order
    }

    /// A bar from birth to death for each component and hole.
    private var barcode: LineFigure {
        let shown = sublevel.branches.prefix(Self.mostDrawn.branches),
            holes = sublevel.holes.prefix(Self.mostDrawn.holes)
        let top = top, count = min(sublevel.branches.count, Self.mostDrawn.branches) + holes.count
        func bars(_ kind: Kind, _ ends: [(birth: Double, death: Double, certain: Bool?)], above: Int) -> Series? {
            series(
                kind, width: (kind.certain == false ? 0.6 : 1) * max(1.2, min(2.6, 140 / Double(count))),
                ends.enumerated().filter { $1.certain == kind.certain }.map { number, bar in
                    let y = Double(above + number + 1)
                    return [(x: bar.birth, y: y), (x: min(bar.death, top), y: y)]
                })
        }
        let components = shown.enumerated().map { ($1.birth, $1.death, isCertain(branch: $0)) }
        let loops = holes.enumerated().map { ($1.birth, $1.death, isCertain(hole: $0)) }
        let lines =
            kinds("minima", Color.seriesPalette[0], uncertain: []).compactMap { bars($0, components, above: 0) }
            + kinds(holeWord, Color.seriesPalette[1], uncertain: Series.dashes[2]).compactMap {
                bars($0, loops, above: components.count)
            }
        return LineFigure(
            title: "Barcode", xAxis: Axis(context.lossLabel(), scale: valueScale),
            leftAxis: Axis("bar", range: 0.3...Double(max(count, 2)) + 0.7, isWhole: true),
            series: lines)
    }

    /// The basins that are left, on the map or the curve of the loss; nil for a space.
    private var basins: (any Figure)? {
        let numbered = result.kept.prefix(Self.mostNamed.map)
        switch dimension {
        case 1:
            let minima = sublevel.branches.prefix(Self.mostDrawn.branches), x = result.grid.alpha.values
            var line = Series("loss", x: x, y: result.values, color: Color.seriesPalette[0])
            line.dash = []
            var low = Series(
                "minima", x: minima.map { x[$0.minimum] }, y: minima.map(\.birth), color: Color.seriesPalette[1],
                marker: .circle)
            low.names = minima.indices.map { numbered.contains($0) ? "\($0 + 1)" : "" }
            let saddles = minima.compactMap { branch in branch.saddle.map { (x[$0], branch.death) } }
            var high = Series(
                "saddles", x: saddles.map(\.0), y: saddles.map(\.1), color: Color.seriesPalette[2], marker: .diamond)
            (low.lineWidth, high.lineWidth) = (0, 0)
            var figure = LineFigure(
                title: "Minima and saddles", xAxis: Axis("α"), leftAxis: Axis(context.lossLabel()),
                series: [line, low] + (saddles.isEmpty ? [] : [high]))
            figure.valueScale = .automatic
            return figure
        case 2:
            var figure = HeatmapFigure(
                title: "Basins", xLabel: "α", yLabel: "β", valueLabel: context.lossLabel(), x: result.grid.alpha.values,
                y: result.grid.beta?.values ?? [0], values: result.values)
            (figure.regions, figure.regionLabel) = (result.basins, "basins: \(result.kept.count)")
            (figure.marksMinimum, figure.labelsContours) = (false, false)
            figure.labels = numbered.map { number in
                let at = place(sublevel.branches[number].minimum)
                return HeatmapFigure.Label(text: "\(number + 1)", at: Point(at[0], at[1]))
            }
            return figure
        default: return nil
        }
    }

    /// A stair of values that hold from each place on.
    private static func stairs(_ x: [Double], _ y: [Double]) -> (x: [Double], y: [Double]) {
        var stairs: (x: [Double], y: [Double]) = ([], [])
        for (place, value) in zip(x, y) {
            if let last = stairs.y.last {
                stairs.x.append(place)
                stairs.y.append(last)
            }
            stairs.x.append(place)
            stairs.y.append(value)
        }
        return stairs
    }

    /// An axis from 0 on that has whole numbers, however few.
    private static func counts(_ label: String, _ most: Int) -> Axis {
        let end = Double(max(most, 2))
        return Axis(label, range: -0.04 * end...1.06 * end, isWhole: true)
    }

    private var bettiNumbers: LineFigure {
        let words = ["components β₀", "loops β₁", "voids β₂"]
        let series = (0..<dimension).map { k in
            let stairs = Self.stairs(result.levels, result.betti.map { Double($0[k]) })
            return Series(words[k], x: stairs.x, y: stairs.y, color: Color.seriesPalette[k])
        }
        return LineFigure(
            title: "Betti numbers",
            xAxis: Axis(
                "level of the \(context.lossLabel())", scale: valueScale, range: sublevel.range.lowerBound...top),
            leftAxis: Self.counts("number", result.betti.joined().max() ?? 0), series: series)
    }

    /// How many minima have at least a persistence.
    private var persistenceCurve: LineFigure {
        let steps = persistenceSteps, lasting = sublevel.branches.count { $0.saddle == nil }
        // Up to each persistence the count holds; beyond the largest, those are left that never end.
        let span = sublevel.range.upperBound - sublevel.range.lowerBound
        let x = steps.persistence + [steps.persistence.last.map { 1.3 * $0 } ?? span]
        let y = steps.count.map(Double.init) + [Double(lasting)]
        var (across, up): ([Double], [Double]) = ([], [])
        let isWide = (x.last ?? 1) / max(x.first ?? 1, .leastNormalMagnitude) > Self.logarithmicSpan
        if let first = x.first { (across, up) = ([isWide ? first / 3 : 0], [y[0]]) }
        for (place, value) in zip(x, y) {
            across += [across.last ?? place, place]
            up += [value, value]
        }
        var series = Series("minima", x: across, y: up, color: Color.seriesPalette[0])
        series.label = ""
        return LineFigure(
            title: "Minima by persistence",
            xAxis: Axis("persistence of at least", scale: isWide ? .logarithmic : .linear),
            leftAxis: Self.counts("minima", sublevel.branches.count), series: [series])
    }
}
