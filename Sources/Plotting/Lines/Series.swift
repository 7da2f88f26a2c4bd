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
    /// Lengths of alternating dashes and gaps, in points; empty for a solid line. `nil` takes the next of `dashes` where
    /// several lines share a frame.
    public var dash: [Double]?
    /// The sign at each point; `nil` for none.
    public var marker: Marker?
    /// A shaded range around the line, with as many values as `x`; `nil` for none.
    public var band: Band?
    /// Ends of vertical error bars, as many as `x`; one that is not finite leaves its bar out. `nil` for none.
    public var errors: Band?
    /// Ends of horizontal error bars, likewise.
    public var xErrors: Band?
    /// Words beside the points, as many as `x`, or none. One that has no room is left out.
    public var names: [String] = []
    /// Whether non-finite values are counted in the key, and the ends of the line at them marked by a cross.
    public var marksNonFinite = true
    /// The value from which a vertical line is drawn to each point, for spectra; `nil` for none.
    public var stemBase: Double?
    /// The vertical axis that the series belongs to.
    public var side = Side.left

    /// How lines are told apart without colour, in order: solid first.
    public static let dashes: [[Double]] = [[], [6, 2.5], [1.6, 2.2], [8, 2.2, 1.6, 2.2], [11, 3]]

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

    /// All values that the horizontal axis should show.
    var horizontalValues: [Double] { x + (xErrors.map { $0.lower + $0.upper } ?? []) }

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

extension Series {
    /// What a legend shows.
    struct Look: Equatable {
        let label: String
        let color: Color?
        let dash: [Double]?
        let width: Double
        let marker: Marker?
        let hasBand: Bool
        let side: Side
    }

    /// Whether its line is broken.
    var isDashed: Bool { !(dash ?? []).isEmpty }

    var look: Look {
        Look(
            label: label, color: color, dash: dash, width: lineWidth, marker: marker, hasBand: band != nil, side: side)
    }

    /// The series with every colour and dash filled in, the next of the palette each.
    static func distinct(_ series: [Series]) -> [Series] {
        var result = series
        let lines = series.indices.filter { series[$0].lineWidth > 0 }
        // What a figure chooses for itself means something; no other line may look alike.
        let free = dashes.filter { dash in dash.isEmpty || !series.contains { $0.dash == dash } }
        for (number, index) in lines.filter({ series[$0].dash == nil }).enumerated() {
            result[index].dash = lines.count > 1 ? free[number % free.count] : []
        }
        for (number, index) in series.indices.filter({ series[$0].color == nil }).enumerated() {
            result[index].color = Color.seriesPalette[number % Color.seriesPalette.count]
        }
        return result
    }
}
