/// The sign drawn at each point of a series.
public enum Marker: String, Sendable, Equatable, CaseIterable, Codable {
    case circle, square, triangle, diamond, cross
}

/// One data set of a line figure.
public struct Series: Sendable, Equatable, Codable {
    /// The vertical axis that a series belongs to.
    public enum Side: String, Sendable, Codable {
        case left, right
    }

    /// The legend's words; no entry where they are empty.
    public var label: String
    /// Horizontal coordinates; points are joined in this order.
    public let x: [Double]
    /// Vertical coordinates, as many as `x`; a non-finite one leaves a gap.
    public let y: [Double]
    /// Colour of line and markers; `nil` for the palette's next one.
    public var color: Color?
    /// Thickness of the line, in points; 0 draws none, for scatter plots.
    public var lineWidth = 1.6
    /// Lengths of alternating dashes and gaps, in points; empty for a solid line.
    public var dash: [Double] = []
    /// The sign at each point; `nil` for none.
    public var marker: Marker?
    /// A shaded range around the line, with as many values as `x`; `nil` for none.
    public var band: Band?
    /// Ends of vertical error bars, as many as `x`; one that is not finite leaves its bar out. `nil` for none.
    public var errors: Band?
    /// The value from which a vertical line is drawn to each point, for spectra; `nil` for none.
    public var stemBase: Double?
    /// The vertical axis that the series belongs to.
    public var side = Side.left

    /// A range at each point.
    public struct Band: Sendable, Equatable, Codable {
        /// The lower edge, a value for each point.
        public let lower: [Double]
        /// The upper edge, a value for each point.
        public let upper: [Double]

        /// The range between two edges.
        ///
        /// - Precondition: as many values in both.
        public init(lower: [Double], upper: [Double]) {
            precondition(
                lower.count == upper.count,
                "a band's \(lower.count) lower and \(upper.count) upper values must be as many")
            self.lower = lower
            self.upper = upper
        }
    }

    /// A data set, drawn as a line unless it is said otherwise.
    ///
    /// - Parameters:
    ///   - x: any order; points are joined in the order given.
    ///   - y: as many as `x`; a non-finite value leaves a gap.
    /// - Precondition: `y`, the band and the errors have as many values as `x`.
    public init(
        _ label: String, x: [Double], y: [Double], color: Color? = nil, marker: Marker? = nil, band: Band? = nil,
        errors: Band? = nil, side: Side = .left
    ) {
        precondition(x.count == y.count, "'\(label)' has \(x.count) x and \(y.count) y values")
        precondition(
            band == nil || band?.lower.count == x.count,
            "the band of '\(label)' has \(band?.lower.count ?? 0) values for \(x.count) points")
        precondition(
            errors == nil || errors?.lower.count == x.count,
            "'\(label)' has \(errors?.lower.count ?? 0) errors for \(x.count) points")
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
        for range in [band, errors].compactMap(\.self) { values += range.lower + range.upper }
        if let stemBase, values.contains(where: \.isFinite) { values.append(stemBase) }
        return values
    }
}

/// A straight line across the plot at one value, such as 2/η.
public struct ReferenceLine: Sendable, Equatable, Codable {
    /// The axis that the value belongs to.
    public enum Orientation: String, Sendable, Codable {
        /// At a value of the left axis.
        case horizontal
        /// At a value of the horizontal axis.
        case vertical
    }

    /// The axis that the value belongs to.
    public var orientation: Orientation
    /// The value at which it lies.
    public var value: Double
    /// The words beside it.
    public var label: String
    /// Colour of the line and its words.
    public var color: Color
    /// Whether the axis must reach far enough to show it.
    public var isAlwaysShown: Bool

    /// A grey line without words that is always shown, unless it is said otherwise.
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
