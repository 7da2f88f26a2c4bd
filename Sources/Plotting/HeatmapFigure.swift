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
    public var showsColorBar = true

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
        case .percentile(let percent):
            let sorted = grid.finite.sorted()
            let share = min(1, max(0, percent / 100))
            high = sorted[Int((share * Double(sorted.count - 1)).rounded())]
        case .value(let value) where value > low: high = min(high, value)
        default: break
        }
        return low...max(low, high)
    }
}

/// A heatmap's data with ascending coordinates; rows and columns with non-finite coordinates are left out.
struct SortedGrid: Sendable {
    let x: [Double]
    let y: [Double]
    /// Row-major, `values[row * x.count + column]`.
    let values: [Double]

    init(x: [Double], y: [Double], values: [Double]) {
        func ascending(_ coordinates: [Double]) -> [Int] {
            coordinates.indices.filter { coordinates[$0].isFinite && abs(coordinates[$0]) < 1e300 }
                .sorted { coordinates[$0] < coordinates[$1] }
        }
        let (columns, rows) = (ascending(x), ascending(y))
        self.x = columns.map { x[$0] }
        self.y = rows.map { y[$0] }
        self.values = rows.flatMap { row in columns.map { column in values[row * x.count + column] } }
    }

    var finite: [Double] { values.filter(\.isFinite) }

    /// The row and column of the lowest finite value; the first one in row order if there are several.
    var minimum: (row: Int, column: Int, value: Double)? {
        var best: (Int, Int, Double)?
        for (index, value) in values.enumerated() where value.isFinite && value < best?.2 ?? .infinity {
            best = (index / x.count, index % x.count, value)
        }
        return best
    }

    /// Cell edges half-way between coordinates; one more than there are coordinates.
    static func edges(_ coordinates: [Double]) -> [Double] {
        guard let first = coordinates.first, let last = coordinates.last else { return [0, 1] }
        guard coordinates.count > 1, last > first else {
            let half = 0.5 * max(1, abs(first) * 1e-3)
            return coordinates.indices.map { _ in first - half } + [first + half]
        }
        let inner = zip(coordinates, coordinates.dropFirst()).map { $0 / 2 + $1 / 2 }
        return [2 * first - inner[0]] + inner + [2 * last - inner[inner.count - 1]]
    }
}
