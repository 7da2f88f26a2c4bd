/// The sign drawn at each point of a series.
public enum Marker: Sendable, Equatable, CaseIterable {
    case circle, square, triangle, diamond, cross
}

/// One data set of a line figure.
public struct Series: Sendable, Equatable {
    public enum Side: Sendable {
        case left, right
    }

    /// The legend's words; no entry if empty.
    public var label: String
    public let x: [Double]
    public let y: [Double]
    /// The palette's next colour if absent.
    public var color: Color?
    /// In points; 0 draws no line, for scatter plots.
    public var lineWidth = 1.6
    /// Lengths of dashes and gaps in points; solid if empty.
    public var dash: [Double] = []
    public var marker: Marker?
    /// A shaded range around the line, as many values as `x` each.
    public var band: Band?
    /// Half-lengths of vertical error bars, as many as `x`.
    public var errors: [Double]?
    /// Vertical lines from this value to each point, for spectra.
    public var stemBase: Double?
    public var side = Side.left

    public struct Band: Sendable, Equatable {
        public let lower: [Double]
        public let upper: [Double]

        public init(lower: [Double], upper: [Double]) {
            precondition(
                lower.count == upper.count,
                "a band's \(lower.count) lower and \(upper.count) upper values must be as many")
            self.lower = lower
            self.upper = upper
        }
    }

    /// - Parameters:
    ///   - x: any order; points are joined in the order given.
    ///   - y: as many as `x`; a non-finite value leaves a gap.
    public init(
        _ label: String, x: [Double], y: [Double], color: Color? = nil, marker: Marker? = nil, band: Band? = nil,
        errors: [Double]? = nil, side: Side = .left
    ) {
        precondition(x.count == y.count, "'\(label)' has \(x.count) x and \(y.count) y values")
        precondition(
            band == nil || band?.lower.count == x.count,
            "the band of '\(label)' has \(band?.lower.count ?? 0) values for \(x.count) points")
        precondition(
            errors == nil || errors?.count == x.count,
            "'\(label)' has \(errors?.count ?? 0) errors for \(x.count) points")
        self.label = label
        self.x = x
        self.y = y
        self.color = color
        self.marker = marker
        self.band = band
        self.errors = errors
        self.side = side
    }

    /// All values that the vertical axis should show.
    var verticalValues: [Double] {
        var values = y
        if let band { values += band.lower + band.upper }
        if let errors { values += zip(y, errors).flatMap { [$0 - abs($1), $0 + abs($1)] } }
        if let stemBase, values.contains(where: \.isFinite) { values.append(stemBase) }
        return values
    }
}

/// A straight line across the plot at one value, such as 2/η.
public struct ReferenceLine: Sendable, Equatable {
    public enum Orientation: Sendable {
        /// At a value of the left axis.
        case horizontal
        /// At a value of the horizontal axis.
        case vertical
    }

    public var orientation: Orientation
    public var value: Double
    public var label: String
    public var color: Color
    /// True if the axis must reach far enough to show it.
    public var isAlwaysShown: Bool

    public init(
        _ orientation: Orientation, at value: Double, label: String = "", color: Color = Color(0x777777),
        isAlwaysShown: Bool = true
    ) {
        self.orientation = orientation
        self.value = value
        self.label = label
        self.color = color
        self.isAlwaysShown = isAlwaysShown
    }
}
