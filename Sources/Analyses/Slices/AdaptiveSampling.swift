import Foundation
import Tensors

/// Evaluates a function where it matters and interpolates it elsewhere, until values that were held out are predicted within a
/// tolerance.
///
/// From a coarse grid it goes on in rounds. Every point has an expected error: how far the neighbours' known values were from what
/// their own neighbours say of them (leave-one-out), times the square of the distance to the nearest of them relative to theirs.
/// The points with the largest are predicted, evaluated and compared. When the expectations and the last three rounds' errors are
/// within the tolerance, points drawn at random are predicted and evaluated: they decide, and their largest error is the one
/// reported. Cliffs and kinks keep their leave-one-out errors at any spacing, so they are refined down to the grid; so is the edge
/// of a region that is not finite.
public struct AdaptiveSampling {
    /// How a channel's errors are measured.
    public enum Channel: Sendable, Equatable {
        /// Its errors count, relative to its range. Where its values are positive and span more than `logarithmicSpan` (or wherever
        /// they are positive, if forced), it is interpolated in the logarithm, and errors of that count by half, too: relative to
        /// the logarithm's range they may be twice the tolerance.
        case controlled(forcesLogarithm: Bool)
        /// It is interpolated along with the others.
        case carried
    }

    /// Share of the range.
    public let tolerance: Double
    /// Of the points that are held out.
    public let seed: UInt64
    let grid: SliceGrid
    let channels: [Channel]

    /// Values that span more are shown on a logarithmic scale.
    static let logarithmicSpan = 30.0
    /// Expected errors must be below this share of the tolerance: some are larger than expected.
    static let margin = 0.7
    /// Points drawn at random: if all are within the tolerance, 95 % of the grid is, with 95 % confidence (0.95⁵⁹ < 0.05).
    static let mostHeldOut = 59
    /// Points along each axis of the first, coarse grid.
    static let initial = (line: 9, plane: 7)
    static let neighbors = 3
    /// Evaluations spent on finding the minimum's place.
    static let mostMinima = 10

    // What is known so far.
    var values: [[Double]]
    var isMeasured: [Bool]
    var predicted: [[Double]]
    var interpolation: LocalInterpolation
    var measured: [Int] = []
    var recent: [Double] = []
    var ranges: [Range] = []

    /// Of a channel: the lowest and highest finite measured value.
    struct Range: Equatable {
        var low = Double.infinity, high = -Double.infinity
        var isLogarithmic = false
    }

    /// - Parameters:
    ///   - channels: how errors of each value at a point are measured.
    ///   - tolerance: share of the range.
    /// - Precondition: a positive tolerance, at least one channel, and a grid of one or two axes.
    public init(_ grid: SliceGrid, channels: [Channel], tolerance: Double, seed: UInt64 = 0) {
        precondition(tolerance > 0 && !channels.isEmpty, "a tolerance of \(tolerance) for \(channels.count) channels")
        precondition(grid.dimension < 3, "a grid of \(grid.dimension) axes")
        (self.grid, self.channels, self.tolerance, self.seed) = (grid, channels, tolerance, seed)
        let nothing = [Double](repeating: .nan, count: grid.count)
        values = channels.map { _ in nothing }
        predicted = values
        isMeasured = [Bool](repeating: false, count: grid.count)
        interpolation = LocalInterpolation(grid)
        ranges = channels.map { _ in Range() }
    }

    /// Evaluates and interpolates.
    ///
    /// - Parameters:
    ///   - evaluate: the channels' values at each of some points of the grid, by their numbers; what it throws ends the work.
    ///   - progress: gets the number of measured points and the largest expected error, relative to the tolerance.
    public mutating func run(
        progress: (Int, Double) throws -> Void = { _, _ in }, evaluate: ([Int]) throws -> [[Double]]
    ) throws -> AdaptiveSurface {
        try measure(coarsePoints(), evaluate)
        let batch = grid.rows > 1 && grid.columns > 1 ? 8 : 2
        var attempt = 0
        while true {
            predict()
            let (chosen, largest) = choose(batch)
            try progress(measured.count, largest / tolerance)
            if chosen.isEmpty
                || (largest <= Self.margin * tolerance && recent.suffix(3 * batch).allSatisfy { $0 <= tolerance })
            {
                let heldOut = draw(attempt)
                attempt += 1
                let errors = heldOut.isEmpty ? [] : try certify(heldOut, evaluate)
                if errors.allSatisfy({ $0.total <= tolerance }) {
                    try measureMinimum(evaluate)
                    return surface(errors)
                }
                recent += errors.map(\.total)
            } else {
                for error in try certify(chosen, evaluate) { recent.append(error.total) }
            }
        }
    }

    /// A grid of few points with the corners, the origin, and its neighbours for the second differences of the audit.
    private func coarsePoints() -> [Int] {
        let isPlane = grid.rows > 1 && grid.columns > 1
        func places(_ count: Int) -> [Int] {
            let wanted = min(count, isPlane ? Self.initial.plane : Self.initial.line)
            guard wanted > 1 else { return [0] }
            return (0..<wanted).map { Int((Double($0) * Double(count - 1) / Double(wanted - 1)).rounded()) }
        }
        var points: [Int] = []
        for row in places(grid.rows) {
            for column in places(grid.columns) { points.append(grid.index(row: row, column: column)) }
        }
        if let origin = grid.origin {
            let (row, column) = (grid.row(origin), grid.column(origin))
            for step in -2...2 {
                if (0..<grid.columns).contains(column + step) {
                    points.append(grid.index(row: row, column: column + step))
                }
                if (0..<grid.rows).contains(row + step) { points.append(grid.index(row: row + step, column: column)) }
            }
        }
        var seen = Set<Int>()
        return points.filter { seen.insert($0).inserted }
    }

    private mutating func measure(_ points: [Int], _ evaluate: ([Int]) throws -> [[Double]]) throws {
        let unknown = points.filter { !isMeasured[$0] }
        guard !unknown.isEmpty else { return }
        for (point, found) in zip(unknown, try evaluate(unknown)) {
            precondition(found.count == channels.count, "\(found.count) values for \(channels.count) channels")
            for (channel, value) in found.enumerated() { values[channel][point] = value }
            isMeasured[point] = true
            measured.append(point)
            interpolation.add(point)
        }
    }

    /// Points that were not evaluated, at random.
    private func draw(_ attempt: Int) -> [Int] {
        let left = isMeasured.indices.filter { !isMeasured[$0] }
        let count = min(Self.mostHeldOut, max(min(left.count, 8), left.count / 8))
        let order = RandomNumbers(seed: seed).named("held out \(attempt)").permutation(left.count)
        return order.prefix(count).map { left[$0] }
    }

    /// Evaluates points whose values have been predicted, and compares.
    private mutating func certify(_ points: [Int], _ evaluate: ([Int]) throws -> [[Double]]) throws -> [PredictionError]
    {
        let said = points.map { point in predicted.map { $0[point] } }
        try measure(points, evaluate)
        updateRanges()
        return zip(points, said).map { point, said in
            var result = PredictionError()
            for channel in channels.indices {
                result.include(error(channel, said[channel], values[channel][point]), channels[channel])
            }
            return result
        }
    }

    /// Evaluates where the first channel is predicted to be lowest, until it is lowest at an evaluated point: the minimum is a
    /// number that people quote.
    private mutating func measureMinimum(_ evaluate: ([Int]) throws -> [[Double]]) throws {
        for _ in 0..<Self.mostMinima {
            predict()
            func value(_ point: Int) -> Double { isMeasured[point] ? values[0][point] : predicted[0][point] }
            guard let lowest = isMeasured.indices.filter({ value($0).isFinite }).min(by: { value($0) < value($1) }),
                !isMeasured[lowest]
            else { return }
            try measure([lowest], evaluate)
        }
    }

    private func surface(_ errors: [PredictionError]) -> AdaptiveSurface {
        var final = self
        final.predict()
        var complete = values
        for channel in channels.indices {
            // The lowest value is one that was evaluated: an interpolation falls below it where it swings.
            let range = final.ranges[channel]
            let least = channel == 0 && range.high > range.low ? range.low.nextUp : range.low
            for point in isMeasured.indices where !isMeasured[point] {
                let value = final.predicted[channel][point]
                complete[channel][point] = value < least ? least : value
            }
        }
        let isLogarithmic = zip(channels, ranges).contains { $0 != .carried && $1.isLogarithmic }
        return AdaptiveSurface(
            values: complete, isMeasured: isMeasured,
            accuracy: AdaptiveSurface.Accuracy(
                tolerance: tolerance, heldOut: errors.count, error: errors.map(\.linear).max() ?? 0,
                logarithmicError: isLogarithmic ? errors.map(\.logarithmic).max() ?? 0 : nil,
                carriedError: channels.contains(.carried) ? errors.map(\.carried).max() ?? 0 : nil,
                coverage: errors.isEmpty ? 1 : pow(0.05, 1 / Double(errors.count))))
    }
}
