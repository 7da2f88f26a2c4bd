/// The highest loss on a path, and how much higher the path may rise between the places where it was evaluated.
///
/// Between two neighbouring places a and b the loss is taken to be at most the highest value of the parabola through both losses that bends
/// by −m, where m is twice the larger of the second differences |L″| at a and at b; the factor is ours. The place that may rise highest is
/// halved until no other rises above the highest loss found by more than a share of the path's range. It is an estimate: a rise that is
/// narrower than the first places are apart is not seen.
public struct HighestPoint: Sendable {
    /// Where it is.
    public let t: Double
    /// L there: the highest loss that was evaluated.
    public let loss: Double
    /// How much higher the path may rise elsewhere, as estimated; NaN where a loss is not finite.
    public let error: Double
    /// The standard error of L there as a mean over examples; nil where it is none.
    public var standardError: Double?
    /// Losses that were evaluated beside the profile's.
    public let evaluations: Int

    /// At which share of the range of losses the search ends; 1e-4, ours.
    static let tolerance = 1e-4

    /// - Parameters:
    ///   - profile: losses on the path.
    ///   - corners: where the path turns, so that the loss has a kink there; they are evaluated, too.
    ///   - progress: gets how many losses were evaluated; what it throws ends the search.
    ///   - value: L at t.
    public init(
        on profile: PathProfile, corners: [Double] = [], progress: (Int) throws -> Void = { _ in },
        value: (_ t: Double) throws -> Double
    ) throws {
        var samples = zip(profile.t, profile.loss).map { Sample(t: $0, loss: $1, isCorner: false) }
        // The ends are corners: nothing is known beyond them.
        (samples[0].isCorner, samples[samples.count - 1].isCorner) = (true, true)
        var evaluations = 0
        func add(_ t: Double, isCorner: Bool) throws {
            let place = samples.firstIndex { $0.t >= t } ?? samples.count
            if place < samples.count, samples[place].t == t {
                samples[place].isCorner = samples[place].isCorner || isCorner
                return
            }
            try progress(evaluations)
            samples.insert(Sample(t: t, loss: try value(t), isCorner: isCorner), at: place)
            evaluations += 1
        }
        for corner in corners { try add(corner, isCorner: true) }
        let most = profile.t.count + 2 * corners.count
        var error = Double.nan
        while samples.allSatisfy({ $0.loss.isFinite }) {
            let losses = samples.map(\.loss), highest = losses.max()!
            let bounds = (0..<samples.count - 1).map { Self.bound(samples, $0) }
            let widest = bounds.indices.max { bounds[$0] < bounds[$1] }!
            error = max(0, bounds[widest] - highest)
            let middle = 0.5 * (samples[widest].t + samples[widest + 1].t)
            guard error > Self.tolerance * (highest - losses.min()!), evaluations < most,
                samples[widest].t < middle, middle < samples[widest + 1].t
            else { break }
            try add(middle, isCorner: false)
        }
        let best = samples.max { $1.loss.isNaN && !$0.loss.isNaN || $0.loss < $1.loss }!
        (t, loss, self.evaluations) = (best.t, best.loss, evaluations)
        self.error = samples.allSatisfy { $0.loss.isFinite } ? error : .nan
    }

    private struct Sample {
        let t: Double, loss: Double
        var isCorner: Bool
    }

    /// The highest that the loss may be between a sample and the next; infinite where no second difference is known.
    private static func bound(_ samples: [Sample], _ first: Int) -> Double {
        let (a, b) = (samples[first], samples[first + 1])
        let bends = [first, first + 1].filter { !samples[$0].isCorner }.map { middle in
            let (x, y, z) = (samples[middle - 1], samples[middle], samples[middle + 1])
            let slopes = ((y.loss - x.loss) / (y.t - x.t), (z.loss - y.loss) / (z.t - y.t))
            return (2 * (slopes.1 - slopes.0) / (z.t - x.t)).magnitude
        }
        guard let bend = bends.max() else { return .infinity }
        // ½mw² of m = 2 |L″|.
        let width = b.t - a.t, rise = (b.loss - a.loss).magnitude, sag = bend * width * width
        // Of the parabola's highest point, or of an end where that lies outside.
        guard rise < sag else { return max(a.loss, b.loss) }
        return 0.5 * (a.loss + b.loss) + sag / 4 + rise * rise / (4 * sag)
    }
}
