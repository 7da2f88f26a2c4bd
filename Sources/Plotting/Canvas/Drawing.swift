import Essentials
import Foundation

/// A picture as a list of primitives, independent of any file format.
///
/// Lengths are in points (1/72 inch); x runs to the right and y downwards from the top left corner.
/// `png(scale:metadata:)`, `svg(metadata:)` and `pdf(metadata:)` write the same picture.
public struct Drawing: Sendable, Equatable {
    /// Width and height, in points.
    public var size: Size
    /// The colour under all elements.
    public var background: Color
    /// The primitives; the first one lies at the bottom.
    public var elements: [Element]
    /// The text for readers who cannot see the picture: a figure's title, by default.
    public var summary: String
    /// Size of the letters that name axes, in points.
    var fontSize = FigureStyle.axisLabelSize

    /// A picture of these elements, on the theme's ground unless it is said otherwise.
    public init(size: Size, background: Color = .paper, elements: [Element] = [], summary: String = "") {
        self.size = size
        self.background = background
        self.elements = elements
        self.summary = summary
    }

    /// A primitive, or a named group of them.
    public enum Element: Sendable, Equatable {
        /// The inside of a path, by the non-zero winding rule.
        case fill(Path, Color)
        /// A line along a path.
        case stroke(Path, Stroke)
        /// A line of text.
        case text(TextLine)
        /// A grid of coloured cells.
        case cells(CellRaster)
        /// Elements under a name that says what they show, cut off outside `clip` if there is one.
        indirect case group(String, clip: Box?, [Element])
    }

    /// The elements of each group of that name, at any depth, in drawing order.
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

    /// The built-in font's letters that the drawing has, for each weight in use.
    var fonts: [TrueTypeFont] {
        [TextLine.Weight.regular, .bold].compactMap { weight in
            let characters = Set(texts.filter { $0.weight == weight }.flatMap(\.string))
            return characters.isEmpty ? nil : TrueTypeFont(characters, weight: weight)
        }
    }

    private static func visit(_ elements: [Element], _ body: (Element) -> Void) {
        for element in elements {
            body(element)
            if case .group(_, _, let children) = element { visit(children, body) }
        }
    }
}

/// One line of text in the built-in font.
public struct TextLine: Sendable, Equatable {
    /// The part of the line that lies at the position: its start, middle or end.
    public enum Anchor: String, Sendable {
        case start, middle, end
    }

    /// The height of the letters that lies at the position.
    public enum Baseline: Sendable {
        /// The line that letters stand on.
        case alphabetic
        /// Half the height of a digit.
        case middle
        /// The top of a digit.
        case top
    }

    /// Thickness of the letters' strokes.
    public enum Weight: Sendable {
        case regular, bold
    }

    /// The characters. Some without a glyph of their own are drawn as their base letter or an empty frame.
    public var string: String
    /// The place of the anchor, in the drawing's points.
    public var position: Point
    /// Size of the letters (the em), in points.
    public var size: Double
    /// Colour of the letters.
    public var color: Color
    /// Thickness of the strokes.
    public var weight: Weight
    /// The part of the line that lies at the position.
    public var anchor: Anchor
    /// The height of the letters that lies at the position.
    public var baseline: Baseline
    /// Rotation about the position in degrees, clockwise on the page; −90 reads upwards.
    public var rotation: Double

    /// A level, black line that starts at the position, unless it is said otherwise.
    ///
    /// - Parameter string: the characters; those that control the display are drawn as their escapes.
    public init(
        _ string: String, at position: Point, size: Double, color: Color = .black, weight: Weight = .regular,
        anchor: Anchor = .start, baseline: Baseline = .alphabetic, rotation: Double = 0
    ) {
        self.string = string.printable
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

    /// Length of the whole line, in points.
    public var width: Double {
        StrokeFont.standard.width(of: string, size: size, weight: weight)
    }

    /// Where the first letter's baseline begins, in points, after rotation.
    var start: Point {
        let angle = rotation * .pi / 180
        let along = anchor == .start ? 0 : anchor == .middle ? -width / 2 : -width
        return Point(
            position.x + cos(angle) * along - sin(angle) * baselineDrop,
            position.y + sin(angle) * along + cos(angle) * baselineDrop)
    }
}

/// A rectangular grid of cells of one colour each.
public struct CellRaster: Sendable, Equatable {
    /// Vertical edges of the cells from left to right, in points: columns + 1 values, ascending.
    public var columnEdges: [Double]
    /// Horizontal edges of the cells from top to bottom, in points: rows + 1 values, ascending.
    public var rowEdges: [Double]
    /// Colours row by row from the top: `colors[row * columns + column]`.
    public var colors: [Color]
    /// Whether colours may run into each other where the picture is enlarged.
    public var isSmooth = false

    /// Cells between edges.
    ///
    /// - Precondition: there are (rowEdges.count − 1) · (columnEdges.count − 1) colours.
    public init(columnEdges: [Double], rowEdges: [Double], colors: [Color]) {
        let columns = max(0, columnEdges.count - 1)
        let rows = max(0, rowEdges.count - 1)
        precondition(
            colors.count == rows * columns, "\(rows) × \(columns) cells need as many colours, got \(colors.count)")
        self.columnEdges = columnEdges
        self.rowEdges = rowEdges
        self.colors = colors
    }

    /// Number of columns.
    public var columns: Int { max(0, columnEdges.count - 1) }
    /// Number of rows.
    public var rows: Int { max(0, rowEdges.count - 1) }

    /// Calls `body` with neighbours of one colour in a row, row by row; without those that cannot be seen.
    func forEachRun(_ body: (_ row: Int, _ columns: Range<Int>, Color) -> Void) {
        for row in 0..<rows {
            var column = 0
            while column < columns {
                let color = colors[row * columns + column]
                let first = column
                while column < columns, colors[row * columns + column] == color { column += 1 }
                if color.opacity > 0 { body(row, first..<column, color) }
            }
        }
    }
}
