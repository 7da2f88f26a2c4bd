/// How far minima lie below the saddles next to them, on average: SMAD, the saddle–minimum average distance of Landscaper
/// (Chen et al. 2026, arXiv 2602.07135; `LossLandscape.smad` of version 1.3.1).
///
/// The distance of a minimum is the value at the first saddle above it minus the value at the minimum. The first saddle is where
/// its component meets another one of positive persistence, older or younger. For a minimum that meets none, the highest finite
/// value stands for the saddle. Landscaper reads the saddle from a contour tree, whose arcs also end where maxima branch off, and
/// leaves out minima that are no leaves of it: where there are maxima between minima, its number is another one.
public struct SaddleMinimumDistance: Sendable, Codable, Equatable {
    /// The mean distance over all minima, in the units of the values.
    public let mean: Double
    /// The mean over the difference of the highest and the lowest finite value; nil where all are equal.
    public let normalized: Double?
    /// The mean of distance times the share of points whose descent ends in the minimum, in the units of the values.
    public let weighted: Double

    /// The distance for the minima of sublevel sets.
    public init(_ topology: SublevelTopology) {
        let branches = topology.branches
        var first = branches.map { min($0.death, topology.range.upperBound) }
        for branch in branches {
            if let parent = branch.parent { first[parent] = min(first[parent], branch.death) }
        }
        let distances = zip(first, branches).map { $0 - $1.birth }
        let all = Double(topology.shape.reduce(1, *))
        mean = distances.reduce(0, +) / Double(branches.count)
        weighted =
            zip(distances, branches).reduce(0) { $0 + $1.0 * (Double($1.1.points) / all) } / Double(branches.count)
        let span = topology.range.upperBound - topology.range.lowerBound
        normalized = span > 0 ? mean / span : nil
    }
}
