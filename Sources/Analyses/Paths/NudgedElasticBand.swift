import Tensors

/// The rule by which the pivots of a nudged elastic band move, and are inserted (Draxler et al. 2018, arXiv 1803.00885).
extension PathCurve {
    /// Places between two pivots at which the loss is evaluated before pivots are inserted; 9, as Draxler et al. have it.
    static let placesBetween = 9
    /// A pivot is inserted where the loss rises above the straight line between the losses of its neighbours by more than this share of
    /// the range of the pivots' losses; 0.2, as Draxler et al. have it.
    static let rise = 0.2
    /// Pivots that are inserted at once, at most; 2, as in their program.
    public static let mostInserted = 2

    /// What moves the pivots: of each gradient the part across the band, after they were spread along the band again.
    ///
    /// That is their algorithm with infinitely stiff springs, which act along the band alone.
    ///
    /// - Parameters:
    ///   - ends: the losses of the two networks.
    ///   - gradient: the loss and its gradient at a pivot, all of one batch.
    mutating func bandForces(
        _ ends: (Double, Double), _ gradient: (_ point: [Double]) throws -> (loss: Double, gradient: [Double])
    ) throws -> Forces {
        spread()
        let found = try points[1..<points.count - 1].map(gradient)
        let losses = [ends.0] + found.map(\.loss) + [ends.1]
        var parts: [(weight: Double, vector: [Double])] = []
        for (inner, one) in found.enumerated() {
            let tangent = tangent(inner + 1, losses)
            parts.append((1, Vectors.sum(one.gradient, -Vectors.dot(one.gradient, tangent), tangent)))
        }
        let highest = found.map(\.loss).max()!
        return Forces(
            loss: found.allSatisfy { $0.loss.isFinite } ? highest : .nan,
            size: found.map { Vectors.norm($0.gradient) }.reduce(0, +), parts: parts, gradients: found.count)
    }

    /// The unit tangent of the band at a pivot: towards the neighbour of the higher loss; at a highest or lowest pivot both, weighted by
    /// their differences (Henkelman & Jónsson 2000, doi 10.1063/1.1323224, equations 8–11). 0 where neighbours coincide.
    func tangent(_ pivot: Int, _ losses: [Double]) -> [Double] {
        let rises = (before: losses[pivot - 1] - losses[pivot], after: losses[pivot + 1] - losses[pivot])
        let back = Vectors.sum(points[pivot], -1, points[pivot - 1])
        let ahead = Vectors.sum(points[pivot + 1], -1, points[pivot])
        var tangent = rises.after > rises.before ? ahead : back
        if rises.before > 0 && rises.after > 0 || rises.before < 0 && rises.after < 0 {
            let sizes = [rises.before.magnitude, rises.after.magnitude]
            let (more, less) = (sizes.max()!, sizes.min()!)
            let isAhead = rises.after > rises.before
            tangent = ahead
            Vectors.scale(&tangent, by: isAhead ? more : less)
            Vectors.add(isAhead ? less : more, back, to: &tangent)
        }
        let size = Vectors.norm(tangent)
        if size > 0 { Vectors.scale(&tangent, by: 1 / size) }
        return tangent
    }

    /// Moves the pivots along the band so that their shares of its length are their places.
    mutating func spread() {
        let distances = distances, length = distances.reduce(0, +)
        guard length > 0, length.isFinite else { return }
        let old = points
        var piece = 0, before = 0.0
        for pivot in 1..<points.count - 1 {
            let target = places[pivot] * length
            while piece < distances.count - 1, before + distances[piece] < target {
                before += distances[piece]
                piece += 1
            }
            let share = distances[piece] > 0 ? min(1, max(0, (target - before) / distances[piece])) : 0
            points[pivot] = PathProfile.line(from: old[piece], to: old[piece + 1])(share)
        }
    }

    /// Inserts pivots where the loss between two rises most, and enough, above the straight line between theirs.
    ///
    /// - Parameter value: the whole loss at a point.
    mutating func insertPivots(_ value: (_ point: [Double]) throws -> Double) throws {
        spread()
        let losses = try points.map(value), range = losses.max()! - losses.min()!
        var found: [(rise: Double, t: Double)] = []
        for first in 0..<points.count - 1 {
            var best = (rise: Self.rise * range, t: -1.0)
            for number in 1...Self.placesBetween {
                let share = Double(number) / Double(Self.placesBetween + 1)
                let loss = try value(PathProfile.line(from: points[first], to: points[first + 1])(share))
                let rise = loss - PathProfile.chord((losses[first], losses[first + 1]), at: share)
                if rise > best.rise { best = (rise, places[first] + share * (places[first + 1] - places[first])) }
            }
            if best.t > 0 { found.append(best) }
        }
        let inserted = found.sorted { ($1.rise, $0.t) < ($0.rise, $1.t) }.prefix(Self.mostInserted).map(\.t)
        let all = (places + inserted).sorted()
        points = all.map(point)
        places = all
    }
}
