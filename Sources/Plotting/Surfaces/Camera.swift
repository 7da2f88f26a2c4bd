import Foundation

/// A place in the box around a surface: `u` and `v` run from 0 to 1 along the axes, `w` is the height, 0 for the lowest
/// value of the scale and 1 for the highest.
struct BoxPoint: Equatable {
    var u: Double
    var v: Double
    var w: Double

    init(_ u: Double, _ v: Double, _ w: Double) { (self.u, self.v, self.w) = (u, v, w) }
}

/// A camera that looks at the middle of the box from a distance, so that what is nearer is a little larger.
struct Camera {
    /// Height of the scale over the width of an axis.
    static let height = 0.62
    /// The height of the floor: some space lies between it and the surface, so that it can be seen.
    static let floor = -0.25
    /// Points on the page per width of an axis, in the plane through the middle of the box.
    var scale = 1.0
    /// The place of the middle of the box on the page.
    var center = Point(0, 0)
    /// From the middle of the box to the eye, in widths of an axis.
    private let distance: Double
    private let toEye: Vector
    private let right: Vector
    private let up: Vector

    init(_ view: SurfaceFigure.View) {
        // Straight from above, no side of the box would face the eye.
        let (azimuth, elevation) = (view.azimuth * .pi / 180, min(89.9, view.elevation) * .pi / 180)
        toEye = Vector(cos(azimuth) * cos(elevation), sin(azimuth) * cos(elevation), sin(elevation))
        // Perspective is weak, and from above there is none: the surface would hang over the axes.
        distance = 4.5 / cos(elevation)
        right = Vector(-sin(azimuth), cos(azimuth), 0)
        up = Vector(-cos(azimuth) * sin(elevation), -sin(azimuth) * sin(elevation), cos(elevation))
    }

    /// The place on the page.
    func point(_ p: BoxPoint) -> Point {
        let p = Camera.vector(p)
        let size = scale * distance / (distance - p.dot(toEye))
        return Point(center.x + size * p.dot(right), center.y - size * p.dot(up))
    }

    func point(_ u: Double, _ v: Double, _ w: Double) -> Point { point(BoxPoint(u, v, w)) }

    /// The place of the eye.
    var eye: BoxPoint {
        BoxPoint(
            0.5 + distance * toEye.x, 0.5 + distance * toEye.y,
            Camera.middle + distance * toEye.z / Camera.height)
    }

    /// The corner of the floor, 0 or 1 along each axis, whose sides face the eye.
    ///
    /// Where the eye is between two corners, it is the right one, as the height axis stands at the left.
    var nearCorner: (u: Double, v: Double) {
        func side(_ eye: Double, right: Double) -> Double { eye > 1 || eye >= 0 && right > 0 ? 1 : 0 }
        return (side(eye.u, right: right.x), side(eye.v, right: right.y))
    }

    /// The corners of the box on the page: those of the floor, then those of the top.
    var corners: [Point] {
        [Camera.floor, 1].flatMap { w in
            [(0.0, 0.0), (1, 0), (1, 1), (0, 1)].map { point($0.0, $0.1, w) }
        }
    }

    /// The direction of the light in the box's proportions, of length 1: from above, behind the left shoulder.
    var light: Vector { (toEye + 0.6 * up - 0.8 * right).normalized }

    private static var middle: Double { (1 + floor) / 2 }

    private static func vector(_ p: BoxPoint) -> Vector { Vector(p.u - 0.5, p.v - 0.5, (p.w - middle) * height) }
}

/// Three numbers.
struct Vector {
    var x: Double
    var y: Double
    var z: Double

    init(_ x: Double, _ y: Double, _ z: Double) { (self.x, self.y, self.z) = (x, y, z) }

    func dot(_ other: Vector) -> Double { x * other.x + y * other.y + z * other.z }

    var normalized: Vector { (1 / dot(self).squareRoot()) * self }

    static func + (a: Vector, b: Vector) -> Vector { Vector(a.x + b.x, a.y + b.y, a.z + b.z) }
    static func - (a: Vector, b: Vector) -> Vector { a + -1 * b }
    static func * (s: Double, a: Vector) -> Vector { Vector(s * a.x, s * a.y, s * a.z) }
}
