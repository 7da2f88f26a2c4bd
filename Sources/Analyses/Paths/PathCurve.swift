import Tensors

/// A curve between two networks that is made of points: φ(t) = Σ w_k(t) θ_k, whose first and last point are the networks.
///
/// Its kind says how φ(t) is read off the points, and how training moves the points between the ends.
public struct PathCurve: Sendable {
    /// What weighs the points, and what moves them.
    public enum Kind: String, Sendable, CaseIterable {
        /// Bernstein's polynomials; inner points minimise E_t L(φ(t)), t uniform in [0, 1] (Garipov et al. 2018, arXiv 1802.10026,
        /// algorithm 1).
        case bezier
        /// Straight pieces from point to point; inner points minimise the same.
        case polygon
        /// Straight pieces, too; inner points are the pivots of a nudged elastic band (Draxler et al. 2018, arXiv 1803.00885).
        case neb

        /// Inner points of a training that is told of no number: 1, as Garipov et al. have it, and 3, as AutoNEB begins.
        public var usualBends: Int { self == .neb ? 3 : 1 }
        /// Runs between which pivots are inserted: 4, ours, where Draxler et al. take 14; the other kinds have one.
        public var usualCycles: Int { self == .neb ? 4 : 1 }
    }

    /// Which kind.
    public let kind: Kind
    /// The first network, the inner points, the second network: P numbers each.
    public internal(set) var points: [[Double]]
    /// t of each point, ascending from 0 to 1: where a chain passes it, and where it begins on the straight line.
    public internal(set) var places: [Double]

    /// Inner points evenly spaced on the straight line.
    ///
    /// - Precondition: at least one inner point; networks of equal length.
    public init(_ kind: Kind, from a: [Double], to b: [Double], bends: Int = 1) {
        precondition(bends >= 1 && a.count == b.count, "\(bends) bends between \(a.count) and \(b.count) parameters")
        self.kind = kind
        places = (0...(bends + 1)).map { Double($0) / Double(bends + 1) }
        points = places.map(PathProfile.line(from: a, to: b))
    }

    /// Whether it is made of straight pieces from point to point.
    public var isChain: Bool { kind != .bezier }

    /// B_k(t) = (n over k) t^k (1 − t)^(n−k), k = 0...n.
    public static func bernstein(_ degree: Int, _ t: Double) -> [Double] {
        // By de Casteljau's recurrence: no binomials, no cancellation.
        var values = [1.0]
        for _ in 0..<degree {
            var next = [Double](repeating: 0, count: values.count + 1)
            for (k, value) in values.enumerated() {
                next[k] += (1 - t) * value
                next[k + 1] += t * value
            }
            values = next
        }
        return values
    }

    /// The piece of the chain that holds t, and the share of it that lies before.
    private func piece(_ t: Double) -> (first: Int, share: Double) {
        let first = min(places.lastIndex { $0 <= t } ?? 0, places.count - 2)
        return (first, (t - places[first]) / (places[first + 1] - places[first]))
    }

    /// w_k(t), one for each point; they sum to 1. ∂L(φ(t))/∂θ_k = w_k(t) ∇L(φ(t)).
    public func weights(at t: Double) -> [Double] {
        guard isChain else { return Self.bernstein(points.count - 1, t) }
        var weights = [Double](repeating: 0, count: points.count)
        let (first, share) = piece(t)
        (weights[first], weights[first + 1]) = (1 - share, share)
        return weights
    }

    /// φ(t), P numbers; the networks themselves at 0 and 1.
    public func point(_ t: Double) -> [Double] {
        if t == 0 { return points[0] }
        if t == 1 { return points[points.count - 1] }
        if isChain {
            let (first, share) = piece(t)
            return PathProfile.line(from: points[first], to: points[first + 1])(share)
        }
        var result = [Double](repeating: 0, count: points[0].count)
        for (weight, point) in zip(weights(at: t), points) { Vectors.add(weight, point, to: &result) }
        return result
    }

    /// The distance of each point from the next.
    var distances: [Double] { zip(points, points.dropFirst()).map { Vectors.norm(Vectors.sum($1, -1, $0)) } }

    /// The length of the curve over the distance of its ends; of a Bezier curve by `segments` chords.
    public func relativeLength(segments: Int = 64) -> Double {
        let distance = Vectors.norm(Vectors.sum(points[points.count - 1], -1, points[0]))
        var length = 0.0
        if isChain {
            length = distances.reduce(0, +)
        } else {
            var last = points[0]
            for i in 1...segments {
                let next = point(Double(i) / Double(segments))
                length += Vectors.norm(Vectors.sum(next, -1, last))
                last = next
            }
        }
        return distance > 0 ? length / distance : 1
    }
}
