import Foundation

/// A function of two variables as coloured cells with contour lines, a colour bar, and marks at its centre and minimum.
public struct HeatmapFigure: Figure, Codable {
    /// How the places between the coordinates are coloured.
    public enum Fill: String, Sendable, Codable, CaseIterable {
        /// Smooth from 9 points along each axis on, so that no few values look like many.
        case automatic = "auto"
        /// By bilinear interpolation, up to the outermost coordinates.
        case smooth
        /// A cell of one colour around each, half-way to its neighbours.
        case cells
    }

    /// The end of the colour scale, where it is not to reach the largest value.
    public enum ValueCap: Sendable, Equatable, Codable {
        /// A percentile of the finite values, in 0...100.
        case percentile(Double)
        /// A value; larger ones get the last colour.
        case value(Double)
    }

    /// The values at which contour lines are drawn.
    public enum Contours: Sendable, Equatable, Codable {
        /// No contour lines.
        case none
        /// About ten round levels, placed like the ticks of the colour bar.
        case automatic
        /// About so many round levels.
        case count(Int)
        /// These values.
        case levels([Double])
    }

    /// A line over the heatmap in its coordinates, such as an optimiser's trajectory.
    public struct Overlay: Sendable, Equatable, Codable {
        /// The words for it in the key.
        public var label: String
        /// Coordinates along the columns, in the order of the line.
        public var x: [Double]
        /// Coordinates along the rows, as many as `x`.
        public var y: [Double]
        /// Colour of the line.
        public var color: Color

        /// A line through points.
        ///
        /// - Precondition: as many x as y.
        public init(label: String, x: [Double], y: [Double], color: Color = Color(0xFF7F50)) {
            precondition(x.count == y.count, "an overlay's \(x.count) x and \(y.count) y coordinates must be as many")
            self.label = label
            self.x = x
            self.y = y
            self.color = color
        }
    }

    /// A word beside a point.
    public struct Label: Sendable, Equatable, Codable {
        /// The word.
        public var text: String
        /// The point, in data coordinates.
        public var place: Point

        /// A word beside a point in data coordinates.
        public init(text: String, at place: Point) { (self.text, self.place) = (text, place) }
    }

    /// Width and height of the whole picture, in points.
    public var size: Size
    /// The bold line above the plot.
    public var title: String
    /// A small grey line under the title, for provenance.
    public var subtitle: String
    /// The name of the horizontal axis.
    public var xLabel: String
    /// The name of the vertical axis.
    public var yLabel: String
    /// The name of the values, beside the colour bar.
    public var valueLabel: String
    /// Coordinates of the columns (α).
    public let x: [Double]
    /// Coordinates of the rows (β).
    public let y: [Double]
    /// Values row by row, `[β][α]`: `values[row * x.count + column]`.
    public let values: [Double]
    /// The colours; viridis by default.
    public var colorMap: ColorMap = .viridis
    /// How values become colours.
    public var valueScale: ValueScale = .automatic
    /// The values at the ends of the colour scale; `nil` for the range of the data.
    public var valueRange: ClosedRange<Double>?
    /// Where the colour scale ends below the largest value; `nil` for no such end.
    public var valueCap: ValueCap?
    /// How the places between the coordinates are coloured.
    public var fill: Fill = .automatic
    /// Ends of the horizontal and the vertical axis; nil for those of the data.
    public var xRange: ClosedRange<Double>?, yRange: ClosedRange<Double>?
    /// Whether there is a key of marks, paths and missing cells.
    public var showsKey = true
    /// The contour lines.
    public var contours: Contours = .automatic
    /// Whether contour lines carry their values where there is room.
    public var labelsContours = true
    /// Whether a ring marks the lowest value.
    public var marksMinimum = true
    /// The point marked as centre by a cross, in data coordinates; nothing is marked where it is `nil` or outside.
    public var center: Point? = Point(0, 0)
    /// Lines over the cells.
    public var overlays: [Overlay] = []
    /// Points marked by small dots, such as those whose values are computed and not interpolated.
    public var samples: [Point] = []
    /// Whether these dots are drawn; the minimum is one of them either way.
    public var showsSamples = true
    /// Words beside points.
    public var labels: [Label] = []
    /// A number for each value, in the order of `values`: lines part points of different numbers, as basins. `nil` for no lines.
    public var regions: [Int]?
    /// The words for these lines in the key; no entry where they are empty.
    public var regionLabel: String?
    /// Whether the colour bar is drawn; a `PanelFigure` may draw one for all.
    public var showsColorBar = true
    /// Size of the title's letters, in points.
    public var titleSize = FigureStyle.titleSize

    /// A heatmap of a grid of values.
    ///
    /// - Parameters:
    ///   - x: coordinates of the columns, in any order; cells reach half-way to their neighbours.
    ///   - y: coordinates of the rows, likewise; large ones are drawn at the top.
    ///   - values: y.count × x.count values, row by row; non-finite ones are drawn hatched.
    /// - Precondition: as many values as rows times columns.
    public init(
        title: String = "", subtitle: String = "", xLabel: String = "", yLabel: String = "", valueLabel: String = "",
        x: [Double], y: [Double], values: [Double], size: Size = Size(width: 470, height: 420)
    ) {
        precondition(
            values.count == x.count * y.count,
            "\(y.count) rows × \(x.count) columns need as many values, got \(values.count)")
        self.size = size
        self.title = title
        self.subtitle = subtitle
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.valueLabel = valueLabel
        self.x = x
        self.y = y
        self.values = values
    }

    var shownSamples: [Point] { showsSamples ? samples : [] }

    /// The lowest and highest value that the colours span without `valueRange`; `nil` where no value is finite.
    public var dataValueRange: ClosedRange<Double>? {
        let grid = SortedGrid(x: x, y: y, values: values)
        guard let low = grid.finite.min(), var high = grid.finite.max() else { return nil }
        switch valueCap {
        case .percentile(let percent) where !percent.isNaN:
            let sorted = grid.finite.sorted()
            let share = min(1, max(0, percent / 100))
            high = sorted[Int((share * Double(sorted.count - 1)).rounded())]
        case .value(let value) where value > low: high = min(high, value)
        default: break
        }
        return low...max(low, high)
    }
}
