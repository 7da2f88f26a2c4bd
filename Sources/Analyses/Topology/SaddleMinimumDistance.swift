/// How far minima lie below the saddles next to them, on average: SMAD, the saddle–minimum average distance of Landscaper
/// (Chen et al. 2026, arXiv 2602.07135; `LossLandscape.smad` of version 1.3.1).
///
/// The distance of a minimum is the value at the first saddle above it minus the value at the minimum. The first saddle is where
/// its component meets another one of positive persistence, older or younger. A minimum that meets none has no distance and is
/// left out; the mean of none is 0, as in Landscaper. Landscaper reads the saddle from a contour tree, whose arcs also end where maxima branch off, and
/// leaves out minima that are no leaves of it: where there are maxima between minima, its number is another one.
public struct SaddleMinimumDistance: Sendable, Codable, Equatable {
    /// The mean distance over the minima that have one, in the units of the values.
    public let mean: Double
    /// The mean over the difference of the highest and the lowest finite value; nil where all are equal.
    public let normalized: Double?
    /// The mean of distance times the share of points whose descent ends in the minimum, in the units of the values.
    public let weighted: Double

    /// The distance for the minima of sublevel sets.
    public init(_ topology: SublevelTopology) {
        let branches = topology.branches
        var first = branches.map(\.death)
        for branch in branches {
            if let parent = branch.parent { first[parent] = min(first[parent], branch.death) }
        }
        let all = Double(topology.shape.reduce(1, *))
        var count = 0.0, sum = 0.0, weightedSum = 0.0
        for (saddle, branch) in zip(first, branches) where saddle < .infinity {
            count += 1
            sum += saddle - branch.birth
            weightedSum += (saddle - branch.birth) * (Double(branch.points) / all)
        }
        (mean, weighted) = (count > 0 ? sum / count : 0, count > 0 ? weightedSum / count : 0)
        let span = topology.range.upperBound - topology.range.lowerBound
        normalized = span > 0 ? mean / span : nil
    }
}
