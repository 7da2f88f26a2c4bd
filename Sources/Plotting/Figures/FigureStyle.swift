/// How figures are drawn where that is not left to them: size, letters, colours, words and limits.
///
/// A figure is laid out for its width in letters, so that text has its size whatever the width: a narrow figure has fewer ticks and its
/// key below.
public struct FigureStyle: Sendable, Equatable {
    // MARK: The picture

    /// Width of the picture in points (1/72 inch); nil for the figure's own.
    public var width: Double?
    /// Height of the picture in points; nil for what fits the width.
    public var height: Double?
    /// Size of the letters that name axes, in points; the others keep their relation to it. 11 by default.
    public var fontSize: Double?
    /// Pixels per inch of PNG files; 144, ours: twice that of a screen.
    public var dotsPerInch = 144.0
    /// The colours beside those of the data.
    public var theme = Theme.light
    /// Families of an SVG file's letters, as CSS lists them; nil for the built-in font.
    public var fontFamily: String?

    // MARK: What it shows

    /// Of maps and surfaces.
    public var colorMap: ColorMap?
    /// Lines of equal value on maps and surfaces.
    public var contours: HeatmapFigure.Contours?
    /// How the cells of maps are coloured.
    public var fill: HeatmapFigure.Fill?
    /// How values are spread over colours or along the vertical axis.
    public var scale: ValueScale?
    /// Values at the ends of the colour scale.
    public var valueRange: ClosedRange<Double>?
    /// Words in place of the figure's own; empty for none.
    public var title: String?, subtitle: String?, xLabel: String?, yLabel: String?
    /// Ends of the axes.
    public var xLimits: ClosedRange<Double>?, yLimits: ClosedRange<Double>?
    /// Whether there is a key.
    public var showsLegend = true
    /// Whether centre, minimum and evaluated points are marked.
    public var showsMarks = true
    /// Whether the points that were evaluated are marked where others are interpolated.
    public var showsSamples = true
    /// The direction that a surface is seen from; nil for one that shows the minimum.
    public var view: SurfaceFigure.View?
    /// Whether a map is drawn as a surface in space.
    public var isInSpace = false

    /// As pictures are drawn by default.
    public init() {}

    // MARK: Drawing

    /// The finished picture. It never fails: empty or non-finite data give a figure that says so.
    public func draw(_ figure: any Figure) -> Drawing {
        var styled = figure.styled(by: self)
        let unit = (fontSize ?? Self.axisLabelSize) / Self.axisLabelSize
        if let width { styled = styled.fitting(width / unit, height: height.map { $0 / unit }) }
        let natural = styled.size
        let size = Size(
            width: max((width ?? natural.width * unit) / unit, 40),
            height: max((height ?? (width ?? natural.width * unit) * natural.height / natural.width) / unit, 40))
        let whole = Box(x: 0, y: 0, width: size.width, height: size.height)
        let drawing = Drawing(
            size: size, elements: styled.elements(in: whole, margins: styled.margins(in: whole)), summary: styled.title)
        return drawing.scaled(by: unit).themed(theme)
    }

    // MARK: Sizes that all figures share, in points at letters of the default size

    /// Size of a figure's title.
    public static let titleSize = 13.0
    static let subtitleSize = 8.5
    static let axisLabelSize = 11.0
    static let tickLabelSize = 9.5
    static let noteSize = 9.0
    static let tickLength = 4.0
    static let minorTickLength = 2.2
    static let outerMargin = 10.0
    static let lineHeight = 1.35
}

/// How values are spread over colours, or along an axis.
public enum ValueScale: String, Sendable, Codable, CaseIterable {
    /// Logarithmic where all values are positive and the largest is over 30 times the smallest, else linear; the bound is ours.
    case automatic = "auto"
    /// Equal differences are equal steps.
    case linear
    /// Equal ratios are equal steps.
    case logarithmic = "log"

    /// What is meant for values that span a range.
    ///
    /// - Parameters:
    ///   - span: of the finite values; nil without any.
    ///   - hasPositive: whether any value is positive; else no logarithm has a place for it.
    func resolved(_ span: ClosedRange<Double>?, hasPositive: Bool) -> AxisScale {
        switch self {
        case .linear: .linear
        case .logarithmic: hasPositive ? .logarithmic : .linear
        case .automatic:
            span.map { $0.lowerBound > 0 && $0.upperBound / $0.lowerBound > 30 } ?? false ? .logarithmic : .linear
        }
    }
}

extension AxisScale {
    /// As a subtitle says it.
    var words: String { self == .logarithmic ? "log scale" : "linear scale" }
}

extension String {
    /// A subtitle that also says how values are spread.
    func saying(_ scale: AxisScale) -> String { isEmpty ? scale.words : "\(self) · \(scale.words)" }
}
