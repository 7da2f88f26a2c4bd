import Foundation

/// A function of two variables as coloured cells with contour lines, a colour bar, and marks at its centre and minimum.
public struct HeatmapFigure: Figure {
    /// How values become colours.
    public enum ValueScale: Sendable, Equatable {
        /// Logarithmic if all values are positive and the largest is over 30 times the smallest, else linear.
        case automatic
        case linear
        case logarithmic
    }

    /// Where the colour scale ends if it is not to reach the largest value.
    public enum ValueCap: Sendable, Equatable {
        /// A percentile of the finite values, in 0...100.
        case percentile(Double)
        case value(Double)
    }

    public enum Contours: Sendable, Equatable {
        case none
        /// About ten round levels, placed like the ticks of the colour bar's scale.
        case automatic
        case levels([Double])
    }

    /// A line over the heatmap in its coordinates, such as a trajectory of an optimiser.
    public struct Overlay: Sendable, Equatable {
        public var label: String
        public var x: [Double]
        public var y: [Double]
        public var color: Color

        public init(label: String, x: [Double], y: [Double], color: Color = Color(0xFF7F50)) {
            precondition(x.count == y.count, "an overlay's \(x.count) x and \(y.count) y coordinates must be as many")
            self.label = label
            self.x = x
            self.y = y
            self.color = color
        }
    }

    /// A word beside a point.
    public struct Label: Sendable, Equatable {
        public var text: String
        public var place: Point

        public init(text: String, at place: Point) { (self.text, self.place) = (text, place) }
    }

    public var size: Size
    public var title: String
    /// A small grey line under the title, for provenance.
    public var subtitle: String
    public var xLabel: String
    public var yLabel: String
    public var valueLabel: String
    /// Column coordinates (α).
    public let x: [Double]
    /// Row coordinates (β).
    public let y: [Double]
    /// Row-major `[β][α]`: `values[row * x.count + column]`.
    public let values: [Double]
    public var colorMap: ColorMap = .viridis
    public var valueScale: ValueScale = .automatic
    /// The values at the ends of the colour scale; from the data if absent.
    public var valueRange: ClosedRange<Double>?
    public var valueCap: ValueCap?
    public var contours: Contours = .automatic
    public var labelsContours = true
    public var marksMinimum = true
    /// The point marked as centre, in data coordinates; nothing is marked if absent or outside.
    public var center: Point? = Point(0, 0)
    public var overlays: [Overlay] = []
    /// Points marked by small dots, such as those at which values are known and not interpolated.
    public var samples: [Point] = []
    public var labels: [Label] = []
    public var showsColorBar = true
    public var titleSize = FigureStyle.titleSize

    /// - Parameters:
    ///   - x: column coordinates, in any order; cells reach half-way to their neighbours.
    ///   - y: row coordinates, likewise; large values are drawn at the top.
    ///   - values: y.count × x.count values, row-major; non-finite ones are drawn hatched.
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

    /// The finite lowest and highest value that the colours would span without `valueRange`.
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
