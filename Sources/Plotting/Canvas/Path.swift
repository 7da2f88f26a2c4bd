import Foundation

/// Straight-sided lines and outlines; curves are flattened when they are added.
public struct Path: Sendable, Equatable {
    /// One connected run of points.
    public struct Run: Sendable, Equatable {
        public var points: [Point]
        public var isClosed: Bool

        public init(points: [Point], isClosed: Bool) {
            self.points = points
            self.isClosed = isClosed
        }
    }

    public var runs: [Run]

    public init(runs: [Run] = []) {
        self.runs = runs
    }

    /// An open line through the points.
    public static func line(_ points: [Point]) -> Path {
        Path(runs: [Run(points: points, isClosed: false)])
    }

    /// The straight line between two points.
    public static func line(_ a: Point, _ b: Point) -> Path {
        line([a, b])
    }

    /// A closed outline through the points.
    public static func polygon(_ points: [Point]) -> Path {
        Path(runs: [Run(points: points, isClosed: true)])
    }

    public static func rectangle(_ box: Box) -> Path {
        polygon([
            Point(box.x, box.y), Point(box.maxX, box.y), Point(box.maxX, box.maxY), Point(box.x, box.maxY),
        ])
    }

    /// A circle as a polygon of 32 sides, which is round at marker sizes.
    public static func circle(center: Point, radius: Double) -> Path {
        polygon(
            (0..<32).map { index in
                let angle = Double(index) / 32 * 2 * Double.pi
                return Point(center.x + radius * cos(angle), center.y + radius * sin(angle))
            })
    }

    /// All points of all runs.
    public var points: [Point] { runs.flatMap(\.points) }
}

/// How a line is drawn.
public struct Stroke: Sendable, Equatable {
    public enum Cap: String, Sendable {
        case butt, round
    }

    public var color: Color
    /// In points.
    public var width: Double
    public var cap: Cap
    /// Lengths of alternating dashes and gaps in points; empty for a solid line.
    public var dash: [Double]
    /// Moves horizontal and vertical lines onto whole pixels, so that axes and ticks are sharp.
    public var isCrisp: Bool

    public init(_ color: Color, width: Double = 1, cap: Cap = .round, dash: [Double] = [], isCrisp: Bool = false) {
        self.color = color
        self.width = width
        self.cap = cap
        self.dash = dash
        self.isCrisp = isCrisp
    }

    static func crisp(_ color: Color, width: Double) -> Stroke {
        Stroke(color, width: width, cap: .butt, isCrisp: true)
    }
}
