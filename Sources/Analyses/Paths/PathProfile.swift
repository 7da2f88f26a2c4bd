import Objectives
import Tensors

/// Loss along a path between two networks, from t = 0 to t = 1, and how high it rises between them.
public struct PathProfile: Sendable, Codable {
    /// Ascending, from 0 to 1.
    public let t: [Double]
    /// L at every place.
    public let loss: [Double]
    /// Nil for regression.
    public let accuracy: [Double]?
    /// The largest rise over the straight line between the losses of the ends: max_t L(t) − ((1 − t) L(0) + t L(1)), at least 0
    /// (Entezari et al. 2022, arXiv 2110.06296; Frankle et al. 2020, arXiv 1912.05671, take the mean of the ends). Infinite where
    /// a value between is; NaN where an end's loss is not finite, so that there is no line to rise over.
    public let barrier: Double
    /// Where that is.
    public let barrierAt: Double

    /// Evaluates a path.
    ///
    /// - Parameters:
    ///   - count: points with the ends, evenly spaced; at least 2.
    ///   - point: θ at t; the networks themselves at 0 and 1, so that their losses have the same bits.
    public init(
        _ objective: any Objective, count: Int, progress: (Int) throws -> Void = { _ in },
        point: (Double) throws -> [Double]
    ) throws {
        precondition(count >= 2, "\(count) points on a path")
        let t = (0..<count).map { Double($0) / Double(count - 1) }
        var values: [Evaluation] = []
        for place in t {
            try progress(values.count)
            values.append(try objective.evaluate(at: point(place)))
        }
        try progress(count)
        self.init(
            t: t, loss: values.map(\.loss),
            accuracy: values.allSatisfy { $0.accuracy != nil } ? values.map { $0.accuracy! } : nil)
    }

    /// Losses that are known already.
    ///
    /// - Parameters:
    ///   - t: ascending, from 0 to 1.
    ///   - accuracy: in [0, 1]; nil for regression.
    /// - Precondition: as many losses as places, two at least.
    public init(t: [Double], loss: [Double], accuracy: [Double]? = nil) {
        precondition(t.count == loss.count && t.count >= 2, "\(loss.count) values at \(t.count) places")
        (self.t, self.loss, self.accuracy) = (t, loss, accuracy)
        let (first, last) = (loss[0], loss[loss.count - 1])
        guard first.isFinite, last.isFinite else {
            (barrier, barrierAt) = (.nan, .nan)
            return
        }
        let rises = zip(t, loss).map { place, value in
            value.isFinite ? value - Self.chord((first, last), at: place) : .infinity
        }
        // At the ends the rise is 0.
        let highest = rises.indices.max { rises[$0] < rises[$1] } ?? 0
        (barrier, barrierAt) = rises[highest] > 0 ? (rises[highest], t[highest]) : (0, t[0])
    }

    /// The straight line between two losses at a share t of the way, which a barrier rises over.
    static func chord(_ ends: (Double, Double), at t: Double) -> Double { (1 - t) * ends.0 + t * ends.1 }

    /// The straight line from a to b, with both ends exact.
    public static func line(from a: [Double], to b: [Double]) -> (Double) -> [Double] {
        { t in
            if t == 0 { return a }
            if t == 1 { return b }
            var point = a
            Vectors.scale(&point, by: 1 - t)
            Vectors.add(t, b, to: &point)
            return point
        }
    }

    /// Where a point of that line lies: t, exactly 0 and 1 at the ends.
    public static func place(from a: [Double], to b: [Double]) -> ([Double]) -> Double {
        let way = Vectors.sum(b, -1, a)
        let square = Vectors.dot(way, way)
        return { point in square > 0 ? Vectors.dot(Vectors.sum(point, -1, a), way) / square : 0 }
    }
}
