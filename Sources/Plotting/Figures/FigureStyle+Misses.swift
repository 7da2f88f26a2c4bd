/// Something that a style asks for and that draws nothing, because a figure has no data there.
public struct StyleMiss: Sendable, Equatable {
    /// What asked for it.
    public let part: FigureStyle.Part
    /// What was found and what was expected, without the name of the option.
    public let words: String
    /// Whether nothing at all is drawn; else it is only some of several levels.
    public let isWhole: Bool

    /// One line about it.
    public var remark: String { "\(part.rawValue) \(words)" }
}

extension FigureStyle {
    /// Contour levels and ends of axes that a figure's data do not meet.
    ///
    /// Of several panels, one that has the data is enough.
    public func misses(in figure: any Figure) -> [StyleMiss] {
        let extents = Self.extents(of: figure)
        return [missedLevels(extents), missedLimits(.xLimits, xLimits, extents.compactMap(\.x))].compactMap { $0 }
            + [missedLimits(.yLimits, yLimits, extents.compactMap(\.y))].compactMap { $0 }
    }

    /// Where the data of a plot lie; nil without finite ones.
    private struct Extent {
        let x: ClosedRange<Double>?, y: ClosedRange<Double>?
        /// Values between which contour lines run; nil for what is no map.
        let values: ClosedRange<Double>?
    }

    private static func extents(of figure: any Figure) -> [Extent] {
        switch figure {
        case let map as HeatmapFigure: [Extent(x: map.x.span, y: map.y.span, values: map.values.span)]
        case let surface as SurfaceFigure: extents(of: surface.map)
        case let panels as PanelFigure: panels.panels.flatMap(extents)
        case let lines as LineFigure:
            [
                Extent(
                    x: lines.series.flatMap(\.x).span,
                    y: lines.series.filter { $0.side == .left }.flatMap(\.verticalValues).span, values: nil)
            ]
        default: []
        }
    }

    private func missedLevels(_ extents: [Extent]) -> StyleMiss? {
        guard case .levels(let levels)? = contours else { return nil }
        let values = extents.compactMap(\.values)
        let missed = levels.filter { level in !values.contains { $0.lowerBound < level && level < $0.upperBound } }
        guard !values.isEmpty, !missed.isEmpty else { return nil }
        let isWhole = missed.count == levels.count
        let words = missed.map { NumberText.rounded($0, digits: 6) }.joined(separator: ", ")
        return StyleMiss(
            part: .contours,
            words:
                "\(words): no line is drawn there; the values lie between \(Self.words(values)); expected levels between them",
            isWhole: isWhole)
    }

    private func missedLimits(_ part: Part, _ limits: ClosedRange<Double>?, _ spans: [ClosedRange<Double>])
        -> StyleMiss?
    {
        guard let limits, !spans.isEmpty, !spans.contains(where: limits.overlaps) else { return nil }
        return StyleMiss(
            part: part,
            words:
                "\(Self.words([limits], ":")): no data are there; they lie between \(Self.words(spans)); expected limits that meet them",
            isWhole: true)
    }

    /// The ends of ranges together.
    private static func words(_ ranges: [ClosedRange<Double>], _ joint: String = " and ") -> String {
        let ends = [ranges.map(\.lowerBound).min() ?? .nan, ranges.map(\.upperBound).max() ?? .nan]
        return ends.map { NumberText.rounded($0, digits: 4) }.joined(separator: joint)
    }
}

extension [Double] {
    /// From the least to the greatest finite number; nil where there is none.
    fileprivate var span: ClosedRange<Double>? {
        let finite = filter(\.isFinite)
        return finite.min().map { $0...(finite.max() ?? $0) }
    }
}
