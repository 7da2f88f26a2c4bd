import Essentials
import MatrixFree
import Tensors

/// The plane in which a training's path moves most: principal components of θ_t − θ_T around the final point, not around the
/// mean, so that the plane holds the trained network (Li et al. 2018, arXiv 1712.09913, section 7).
///
/// With a scaling s they are those of s ∘ (θ_t − θ_T). Lengths, coordinates and distances are then of scaled differences.
public struct TrajectoryPCA: Sendable {
    /// θ_T.
    public let center: [Double]
    /// Orthonormal, P numbers each, the one of most variance first; the path's start has positive coordinates. With a scaling, orthonormal times s.
    public let directions: [[Double]]
    /// λᵢ / Σλ for all axes there are, descending: how much of Σ‖θ_t − θ_T‖² lies along each.
    public let explainedVariance: [Double]
    /// Of every point of the path: coordinates along the directions, distance from the final point, and distance from the plane.
    public let points: [Point]

    /// Where a point of the path lies.
    public struct Point: Sendable, Codable, Equatable {
        /// Along each direction, in units of the weights.
        public let coordinates: [Double]
        /// ‖θ_t − θ_T‖₂.
        public let distance: Double
        /// ‖θ_t − its projection‖₂.
        public let distanceToPlane: Double
    }

    /// Why a path has no such plane.
    public enum Failure: DescribedError {
        case tooFewAxes(points: Int, axes: Int, wanted: Int)

        /// One line: what was found, what was expected, what to do.
        public var description: String {
            switch self {
            case .tooFewAxes(let points, let axes, let wanted):
                "found \(points) checkpoint\(points == 1 ? "" : "s") whose weights span \(axes) direction\(axes == 1 ? "" : "s"), expected at least \(wanted) directions; keep more with train --save-every, or import more"
            }
        }
    }

    /// - Parameters:
    ///   - path: θ_t in order, P numbers each; points equal to the final one say nothing and do no harm.
    ///   - final: θ_T; the last of the path by default.
    ///   - axes: directions wanted.
    ///   - scaling: s, positive, a number for each parameter; nil for 1.
    /// - Throws: `Failure`; `MatrixFreeError` where LAPACK fails.
    public init(
        _ path: [[Double]], around final: [Double]? = nil, axes: Int = 2, scaling: [Double]? = nil
    ) throws {
        guard let center = final ?? path.last else { throw Failure.tooFewAxes(points: 0, axes: 0, wanted: axes) }
        let differences = path.map { point in
            let difference = Vectors.sum(point, -1, center)
            return scaling.map { Vectors.product($0, difference) } ?? difference
        }
        let count = differences.count
        // AᵀA is as large as the parameters; AAᵀ, of the same eigenvalues, as the path.
        var gram = [Double](repeating: 0, count: count * count)
        for i in 0..<count {
            for j in 0...i {
                gram[i * count + j] = Vectors.dot(differences[i], differences[j])
                gram[j * count + i] = gram[i * count + j]
            }
        }
        let (ascending, vectors) = try SymmetricMatrix(dimension: count, elements: gram).eigendecomposition()
        let values = ascending.reversed().map { max($0, 0) }
        let total = values.reduce(0, +)
        // Rounding leaves eigenvalues of about 1e-16 of the largest where there should be none.
        let rank = values.count { $0 > 1e-13 * (values.first ?? 0) }
        guard rank >= axes else { throw Failure.tooFewAxes(points: count, axes: rank, wanted: axes) }
        var directions: [[Double]] = []
        for k in 0..<axes {
            let weights = vectors[count - 1 - k]
            var direction = [Double](repeating: 0, count: center.count)
            for (weight, difference) in zip(weights, differences) { Vectors.add(weight, difference, to: &direction) }
            // Squared in the Gram matrix, small components come out less than orthogonal.
            for _ in 0..<2 {
                for other in directions { Vectors.add(-Vectors.dot(other, direction), other, to: &direction) }
            }
            Vectors.scale(&direction, by: 1 / Vectors.norm(direction))
            if let start = differences.first(where: { Vectors.norm($0) > 0 }), Vectors.dot(start, direction) < 0 {
                Vectors.scale(&direction, by: -1)
            }
            directions.append(direction)
        }
        self.center = center
        self.directions = directions.map { direction in
            scaling.map { zip(direction, $0).map { $0 / $1 } } ?? direction
        }
        explainedVariance = values.prefix(rank).map { $0 / total }
        points = differences.map { difference in
            let coordinates = directions.map { Vectors.dot($0, difference) }
            var rest = difference
            for (coordinate, direction) in zip(coordinates, directions) {
                Vectors.add(-coordinate, direction, to: &rest)
            }
            return Point(
                coordinates: coordinates, distance: Vectors.norm(difference), distanceToPlane: Vectors.norm(rest))
        }
    }

    /// The directions as long as the path reaches along them from the centre, to 1 or −1: P numbers each.
    public var reachingDirections: [[Double]] {
        directions.enumerated().map { axis, direction in
            let reach = points.map { abs($0.coordinates[axis]) }.max() ?? 1
            return direction.map { $0 * reach }
        }
    }

    /// Where a point of the path falls in the plane: θ_T + Σ cᵢ dᵢ.
    public func projection(_ index: Int) -> [Double] {
        var point = center
        for (coordinate, direction) in zip(points[index].coordinates, directions) {
            Vectors.add(coordinate, direction, to: &point)
        }
        return point
    }

    /// A range along an axis with room for the whole path and the origin.
    public func range(axis: Int, margin: Double = 0.15) -> ClosedRange<Double> {
        let values = points.map { $0.coordinates[axis] } + [0]
        let (low, high) = (values.min()!, values.max()!)
        return (low - margin * (high - low))...(high + margin * (high - low))
    }
}
