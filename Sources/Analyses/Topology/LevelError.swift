import Foundation

/// How far values on a grid may be from those of the function, up to a level: what decides which pairs are certain.
///
/// If ‖f − g‖∞ ≤ ε, diagrams of f and g are at most ε apart (Cohen-Steiner, Edelsbrunner and Harer 2007, Discrete & Computational
/// Geometry 37, 103–120). So a pair of more than 2 ε has a partner in the other function. A pair that ends at a level d depends on
/// nothing above d: it is one of min(f, d), too. So for it only ‖min(f, d) − min(g, d)‖∞ counts, and steep walls far above a
/// basin do not.
public struct LevelError: Sendable {
    /// Where the error is from.
    public enum Source: String, Sendable, Codable, CaseIterable {
        /// It was given.
        case given
        /// Errors of an adaptive slice at points that were held out: with 95 % confidence most interpolated points are not
        /// farther off.
        case adaptive
        /// Every second point of a full grid, interpolated from the others. The values themselves are exact up to rounding. What
        /// the function does between them is not known, so this is an estimate and no bound. Where the function is smooth, the
        /// error of the whole grid is about a quarter of it.
        case estimate
    }

    /// Where the error is from.
    public let source: Source
    /// The largest error at any level.
    public let largest: Double

    /// How far points are off, and below which level that does not count; both ascending.
    private var steps: [(low: Double, difference: Double)] = []
    /// 1 − e^{−L} for an error of L of the logarithm; nil where that is not known.
    private var share: Double?

    /// The same error at all levels, in the units of the values.
    ///
    /// - Precondition: a finite error of at least 0.
    public init(_ error: Double, source: Source = .given) {
        precondition(error >= 0 && error.isFinite, "an error of \(error)")
        (self.source, largest) = (source, error)
    }

    /// The error that an adaptive slice states.
    ///
    /// - Parameters:
    ///   - accuracy: the slice's; nil is returned where it interpolated nothing or its numbers are none.
    ///   - range: of the evaluated values.
    public init?(_ accuracy: AdaptiveSurface.Accuracy, range: ClosedRange<Double>) {
        let error = accuracy.error * (range.upperBound - range.lowerBound)
        guard accuracy.heldOut > 0, error >= 0, error.isFinite else { return nil }
        self.init(error, source: .adaptive)
        if let relative = accuracy.logarithmicError, range.lowerBound > 0, range.upperBound > range.lowerBound {
            let size = relative * log(range.upperBound / range.lowerBound)
            if size >= 0 { share = -expm1(-size) }
        }
    }

    /// Estimates the error of a full grid: points of odd number along any axis are interpolated linearly from those of even
    /// number around them. Points whose neighbours are not finite are left out.
    ///
    /// - Parameters:
    ///   - values: in row-major order.
    ///   - coordinates: along each of one to three axes, ascending, the fastest last.
    /// - Returns: nil where no point can be interpolated.
    /// - Precondition: as many values as coordinates make points.
    public init?(estimating values: [Double], coordinates: [[Double]]) {
        let lattice = GridLattice(coordinates.map(\.count))
        precondition(values.count == lattice.count, "\(values.count) values on a grid of \(lattice.count)")
        let axes = [[Double]](repeating: [0], count: 3 - coordinates.count) + coordinates
        let ends = axes.map(Self.ends)
        var found: [(low: Double, difference: Double)] = [], count = 0
        for layer in 0..<lattice.layers {
            for row in 0..<lattice.rows {
                for column in 0..<lattice.columns where (layer | row | column) & 1 == 1 {
                    guard let z = ends[0][layer], let y = ends[1][row], let x = ends[2][column] else { continue }
                    let value = values[(layer * lattice.rows + row) * lattice.columns + column]
                    var sum = 0.0
                    for (k, u) in z {
                        for (j, v) in y {
                            for (i, w) in x {
                                sum += u * v * w * values[(k * lattice.rows + j) * lattice.columns + i]
                            }
                        }
                    }
                    guard value.isFinite, sum.isFinite else { continue }
                    count += 1
                    if sum != value {
                        found.append((min(value, sum), min(abs(value - sum), .greatestFiniteMagnitude)))
                    }
                }
            }
        }
        guard count > 0 else { return nil }
        // Of two points, the one that counts from a lower level on and is farther off makes the other one idle.
        found.sort { $0.low != $1.low ? $0.low < $1.low : $0.difference > $1.difference }
        var steps: [(low: Double, difference: Double)] = []
        for step in found where step.difference > steps.last?.difference ?? 0 { steps.append(step) }
        (source, largest, self.steps) = (.estimate, steps.last?.difference ?? 0, steps)
    }

    /// Numbers and weights of the points of even number that each point of an axis is interpolated from; nil at the end of an axis
    /// of even length.
    private static func ends(_ axis: [Double]) -> [[(point: Int, weight: Double)]?] {
        axis.indices.map { i in
            guard i % 2 == 1 else { return [(i, 1)] }
            guard i + 1 < axis.count else { return nil }
            let share = (axis[i] - axis[i - 1]) / (axis[i + 1] - axis[i - 1])
            return [(i - 1, 1 - share), (i + 1, share)]
        }
    }

    /// How far min(f, level) may be off anywhere.
    public func error(below level: Double) -> Double {
        if let share, level.isFinite { return min(largest, max(0, level) * share) }
        guard source == .estimate else { return largest }
        // Differences ascend along the steps and level − low descends: the largest of the smaller of both is where they cross.
        var low = 0, high = steps.count
        while low < high {
            let middle = (low + high) / 2
            if steps[middle].difference < level - steps[middle].low { low = middle + 1 } else { high = middle }
        }
        let before = low > 0 ? steps[low - 1].difference : 0
        return max(before, low < steps.count ? level - steps[low].low : 0)
    }

    /// Whether a pair is one of the function, too: its persistence is more than twice the error up to its death.
    public func isCertain(birth: Double, death: Double) -> Bool {
        death == .infinity || death - birth > 2 * error(below: death)
    }
}
