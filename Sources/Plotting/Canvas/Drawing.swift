/// A picture as a list of primitives, independent of any file format. The first element lies at the bottom.
///
/// Lengths are points, y runs downwards. `png(scale:metadata:)` and `svg(metadata:)` write the same picture.
public struct Drawing: Sendable, Equatable {
    public var size: Size
    public var background: Color
    public var elements: [Element]
    /// What a reader who cannot see the picture is told; the figure's title by default.
    public var summary: String

    public init(size: Size, background: Color = .white, elements: [Element] = [], summary: String = "") {
        self.size = size
        self.background = background
        self.elements = elements
        self.summary = summary
    }

    /// One primitive, or a named group of them.
    public enum Element: Sendable, Equatable {
        /// The inside of a path, by the non-zero winding rule.
        case fill(Path, Color)
        case stroke(Path, Stroke)
        case text(TextLine)
        case cells(CellRaster)
        /// Elements with a name that says what they show, cut off outside `clip` if there is one.
        indirect case group(String, clip: Box?, [Element])
    }

    /// The groups of that name, at any depth, in drawing order.
    public func groups(named name: String) -> [[Element]] {
        var found: [[Element]] = []
        Drawing.visit(elements) { element in
            if case .group(name, _, let children) = element { found.append(children) }
        }
        return found
    }

    /// All lines of text, at any depth, in drawing order.
    public var texts: [TextLine] {
        var found: [TextLine] = []
        Drawing.visit(elements) { element in
            if case .text(let line) = element { found.append(line) }
        }
        return found
    }

    private static func visit(_ elements: [Element], _ body: (Element) -> Void) {
        for element in elements {
            body(element)
            if case .group(_, _, let children) = element { visit(children, body) }
        }
    }
}

/// One line of text.
public struct TextLine: Sendable, Equatable {
    public enum Anchor: String, Sendable {
        case start, middle, end
    }

    /// Which height of the letters lies at the position.
    public enum Baseline: Sendable {
        case alphabetic
        /// Half the height of a digit.
        case middle
        /// The top of a digit.
        case top
    }

    public enum Weight: Sendable {
        case regular, bold
    }

    public var string: String
    public var position: Point
    /// The em, in points.
    public var size: Double
    public var color: Color
    public var weight: Weight
    public var anchor: Anchor
    public var baseline: Baseline
    /// Degrees, clockwise on the page; −90 reads upwards.
    public var rotation: Double

    public init(
        _ string: String, at position: Point, size: Double, color: Color = .black, weight: Weight = .regular,
        anchor: Anchor = .start, baseline: Baseline = .alphabetic, rotation: Double = 0
    ) {
        self.string = string
        self.position = position
        self.size = size
        self.color = color
        self.weight = weight
        self.anchor = anchor
        self.baseline = baseline
        self.rotation = rotation
    }

    /// How far the baseline lies below `position`, in points, before rotation.
    var baselineDrop: Double {
        switch baseline {
        case .alphabetic: 0
        case .middle: StrokeFont.digitHeight / 2 * size
        case .top: StrokeFont.digitHeight * size
        }
    }

    /// The advance of the whole line in points, by the built-in font.
    public var width: Double {
        StrokeFont.standard.width(of: string, size: size, weight: weight)
    }
}

/// A rectangular grid of single-coloured cells.
public struct CellRaster: Sendable, Equatable {
    /// Vertical cell edges from left to right, in points; columns + 1 values, ascending.
    public var columnEdges: [Double]
    /// Horizontal cell edges from top to bottom, in points; rows + 1 values, ascending.
    public var rowEdges: [Double]
    /// Colours row by row from the top: `colors[row * columns + column]`.
    public var colors: [Color]

    public init(columnEdges: [Double], rowEdges: [Double], colors: [Color]) {
        let columns = max(0, columnEdges.count - 1)
        let rows = max(0, rowEdges.count - 1)
        precondition(
            colors.count == rows * columns, "\(rows) × \(columns) cells need as many colours, got \(colors.count)")
        self.columnEdges = columnEdges
        self.rowEdges = rowEdges
        self.colors = colors
    }

    public var columns: Int { max(0, columnEdges.count - 1) }
    public var rows: Int { max(0, rowEdges.count - 1) }
}
