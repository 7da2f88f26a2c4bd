import Foundation

/// Lines and outlines of straight pieces; curves are flattened when they are added.
public struct Path: Sendable, Equatable {
    /// One connected run of points.
    public struct Run: Sendable, Equatable {
        /// The corners, in order.
        public var points: [Point]
        /// Whether the last point is joined to the first.
        public var isClosed: Bool

        /// A run through these points.
        public init(points: [Point], isClosed: Bool) {
            self.points = points
            self.isClosed = isClosed
        }
    }

    /// The connected pieces, in order.
    public var runs: [Run]

    /// A path of these pieces; empty without any.
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

    /// The outline of a box.
    public static func rectangle(_ box: Box) -> Path {
        polygon([
            Point(box.x, box.y), Point(box.maxX, box.y), Point(box.maxX, box.maxY), Point(box.x, box.maxY),
        ])
    }

    /// A circle as a polygon of 32 sides, which looks round at the size of markers.
    public static func circle(center: Point, radius: Double) -> Path {
        polygon(
            (0..<32).map { index in
                let angle = Double(index) / 32 * 2 * Double.pi
                return Point(center.x + radius * cos(angle), center.y + radius * sin(angle))
            })
    }

    /// The path in the words of a page's language, without points that are not finite.
    ///
    /// - Parameters:
    ///   - closesAll: whether runs that are open are closed, as for what is filled.
    ///   - move: begins a run at a point.
    ///   - line: goes on to a point. A dot is a line of no length, with round ends.
    ///   - close: ends a closed run.
    func words(closesAll: Bool, move: (Point) -> String, line: (Point) -> String, close: String) -> String {
        var text = ""
        for run in runs {
            let points = run.points.filter(\.isFinite)
            guard let first = points.first else { continue }
            text += move(first)
            for point in points.count == 1 ? points[...] : points.dropFirst() { text += line(point) }
            if run.isClosed || closesAll { text += close }
        }
        return text
    }

    /// All points of all runs.
    public var points: [Point] { runs.flatMap(\.points) }
}

/// How a line is drawn.
public struct Stroke: Sendable, Equatable {
    /// The end of a line: cut off at its last point, or a half circle around it.
    public enum Cap: String, Sendable {
        case butt, round
    }

    /// Colour of the line.
    public var color: Color
    /// Thickness, in points.
    public var width: Double
    /// The form of its ends.
    public var cap: Cap
    /// Lengths of alternating dashes and gaps, in points; empty for a solid line.
    public var dash: [Double]
    /// Whether horizontal and vertical lines are moved onto whole pixels, so that axes and ticks are sharp.
    public var isCrisp: Bool

    /// A solid line of one point with round ends, unless it is said otherwise.
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
