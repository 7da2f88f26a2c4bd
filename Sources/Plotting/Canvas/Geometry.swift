/// A position in a drawing, in points (1/72 inch), with x to the right and y downwards from the top left corner.
public struct Point: Sendable, Equatable, Codable {
    /// Distance from the left.
    public var x: Double
    /// Distance from the top.
    public var y: Double

    /// The point with these coordinates.
    public init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }

    static func + (a: Point, b: Point) -> Point { Point(a.x + b.x, a.y + b.y) }
    static func - (a: Point, b: Point) -> Point { Point(a.x - b.x, a.y - b.y) }
    static func * (s: Double, a: Point) -> Point { Point(s * a.x, s * a.y) }

    /// The Euclidean length of the vector from the origin.
    var length: Double { (x * x + y * y).squareRoot() }

    var isFinite: Bool { x.isFinite && y.isFinite }
}

/// Width and height, in points.
public struct Size: Sendable, Equatable, Codable {
    /// Extent along x.
    public var width: Double
    /// Extent along y.
    public var height: Double

    /// A size, width first.
    public init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }
}

/// A rectangle with sides along the axes, in points.
public struct Box: Sendable, Equatable {
    /// The left edge.
    public var x: Double
    /// The top edge.
    public var y: Double
    /// Extent along x.
    public var width: Double
    /// Extent along y.
    public var height: Double

    /// The rectangle with this top left corner and size.
    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The right edge.
    public var maxX: Double { x + width }
    /// The bottom edge.
    public var maxY: Double { y + height }
    /// The middle.
    public var center: Point { Point(x + width / 2, y + height / 2) }

    /// Whether the point lies inside or on the edge.
    public func contains(_ p: Point) -> Bool {
        p.x >= x && p.x <= maxX && p.y >= y && p.y <= maxY
    }

    /// The box made smaller by the given margins.
    func inset(left: Double = 0, top: Double = 0, right: Double = 0, bottom: Double = 0) -> Box {
        Box(x: x + left, y: y + top, width: max(1, width - left - right), height: max(1, height - top - bottom))
    }

    func intersection(_ other: Box) -> Box {
        let left = max(x, other.x)
        let top = max(y, other.y)
        return Box(
            x: left, y: top, width: max(0, min(maxX, other.maxX) - left), height: max(0, min(maxY, other.maxY) - top))
    }

    func overlaps(_ other: Box) -> Bool {
        x < other.maxX && other.x < maxX && y < other.maxY && other.y < maxY
    }
}
