import Tensors

/// The plane through three networks A, B and C: an orthonormal pair of axes, A at the origin, B on the first axis (Garipov et al.
/// 2018, arXiv 1802.10026, appendix A.1).
public struct CheckpointPlane: Sendable {
    /// A, P numbers.
    public let origin: [Double]
    /// Orthonormal, P numbers each.
    public let directions: [[Double]]
    /// (x, y) of A, B and C.
    public let corners: [(x: Double, y: Double)]

    /// Nil where the three lie on one line.
    public init?(_ a: [Double], _ b: [Double], _ c: [Double]) {
        var u = Vectors.sum(b, -1, a), v = Vectors.sum(c, -1, a)
        let width = Vectors.norm(u), length = Vectors.norm(v)
        guard width > 0, length > 0 else { return nil }
        Vectors.scale(&u, by: 1 / width)
        let along = Vectors.dot(u, v)
        for _ in 0..<2 { Vectors.add(-Vectors.dot(u, v), u, to: &v) }
        let height = Vectors.norm(v)
        // Weights in Float32 are rounded by 6e-8 of each.
        guard height > max(1e-9 * length, 3e-7 * Vectors.norm(c)) else { return nil }
        Vectors.scale(&v, by: 1 / height)
        origin = a
        directions = [u, v]
        corners = [(0, 0), (width, 0), (along, height)]
    }

    /// How much of A, B and C a point of the plane is made of (barycentric coordinates); none negative, their sum 1: beyond the
    /// triangle, those of the nearest in that sense.
    public func weights(at theta: [Double]) -> [Double] {
        let offset = Vectors.sum(theta, -1, origin)
        let (x, y) = (Vectors.dot(offset, directions[0]), Vectors.dot(offset, directions[1]))
        let c = y / corners[2].y, b = (x - c * corners[2].x) / corners[1].x
        let clamped = [1 - b - c, b, c].map { max(0, $0) }
        let sum = clamped.reduce(0, +)
        return clamped.map { $0 / sum }
    }

    /// A range along an axis with room for all three.
    public func range(axis: Int, margin: Double = 0.25) -> ClosedRange<Double> {
        let values = corners.map { axis == 0 ? $0.x : $0.y }
        let (low, high) = (values.min()!, values.max()!)
        return (low - margin * (high - low))...(high + margin * (high - low))
    }
}
