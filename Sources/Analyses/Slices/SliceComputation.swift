import Objectives
import Tensors

/// Computes a slice point by point.
public struct SliceComputation {
    /// What the slice runs along.
    public let directions: SliceDirections
    /// The points of the slice.
    public let grid: SliceGrid
    /// What is evaluated already, by the points' numbers in the grid.
    public private(set) var finished: [Int: SlicePoint] = [:]
    /// How points between the evaluated ones were filled in, if they were.
    private var surface: AdaptiveSurface?

    /// - Precondition: an axis for each direction.
    public init(_ directions: SliceDirections, alpha: SliceAxis, beta: SliceAxis? = nil) {
        self.init(directions, SliceGrid(alpha, beta))
    }

    /// A slice on the points of a grid.
    ///
    /// - Precondition: an axis for each direction.
    public init(_ directions: SliceDirections, _ grid: SliceGrid) {
        precondition(
            grid.dimension == directions.vectors.count,
            "\(directions.vectors.count) directions for \(grid.dimension) axes")
        (self.directions, self.grid) = (directions, grid)
    }

    /// How many points the grid has.
    public var points: Int { grid.count }

    /// Points that are evaluated together, which costs less than one by one.
    static let pointsAtOnce = 16

    /// Evaluates the points, row by row. `progress` gets the number of finished points; what it throws ends the computation.
    ///
    /// - Parameters:
    ///   - other: the same network's objective on other data, evaluated at the same points.
    ///   - shard: only a part of the points.
    public mutating func run(
        _ objective: any Objective, other: (any Objective)? = nil, at theta: [Double], shard: SliceShard? = nil,
        progress: (Int) throws -> Void = { _ in }
    ) throws {
        let wanted = (0..<points).filter { shard?.contains($0) ?? true }
        for first in stride(from: 0, to: wanted.count, by: Self.pointsAtOnce) {
            try progress(finished.count)
            try evaluate(
                Array(wanted[first..<min(first + Self.pointsAtOnce, wanted.count)]), objective, other, at: theta)
        }
        try progress(finished.count)
    }

    /// Evaluates points where that is needed to interpolate the others within a tolerance (see `AdaptiveSampling`).
    ///
    /// - Parameters:
    ///   - tolerance: share of the range.
    ///   - controlsAccuracy: whether the tolerance is of the accuracy; the loss is interpolated along.
    ///   - forcesLogarithm: whether the loss is judged by its logarithm, too, however small its range.
    ///   - progress: gets the number of points used and the largest expected error relative to the tolerance.
    /// - Precondition: one or two directions.
    public mutating func refine(
        _ objective: any Objective, other: (any Objective)? = nil, at theta: [Double], tolerance: Double,
        controlsAccuracy: Bool = false, forcesLogarithm: Bool = false, seed: UInt64 = 0,
        progress: (Int, Double) throws -> Void = { _, _ in }
    ) throws {
        precondition(grid.dimension < 3, "points of a plane at most are chosen")
        let start = grid.origin ?? 0
        try evaluate([start], objective, other, at: theta)
        guard let first = finished[start] else { return }
        let hasAccuracy = first.evaluation.accuracy != nil
        let loss =
            controlsAccuracy && hasAccuracy
            ? AdaptiveSampling.Channel.carried : .controlled(forcesLogarithm: forcesLogarithm)
        let accuracy = controlsAccuracy ? AdaptiveSampling.Channel.controlled(forcesLogarithm: false) : .carried
        let channels = (hasAccuracy ? [loss, accuracy] : [loss])
        var sampling = AdaptiveSampling(
            grid, channels: other == nil ? channels : channels + channels, tolerance: tolerance, seed: seed)
        surface = try sampling.run(progress: progress) { indices in
            let missing = indices.filter { finished[$0] == nil }
            for first in stride(from: 0, to: missing.count, by: Self.pointsAtOnce) {
                try evaluate(
                    Array(missing[first..<min(first + Self.pointsAtOnce, missing.count)]), objective, other, at: theta)
            }
            return indices.map { index in
                let point = finished[index]!
                return ([point.evaluation] + (point.other.map { [$0] } ?? [])).flatMap {
                    [$0.loss] + ($0.accuracy.map { [$0] } ?? [])
                }
            }
        }
    }

    private mutating func evaluate(
        _ indices: [Int], _ objective: any Objective, _ other: (any Objective)?, at theta: [Double]
    ) throws {
        guard !indices.isEmpty else { return }
        let coordinates = indices.map(grid.place)
        let own = try objective.evaluate(at: theta, along: directions.vectors, coordinates: coordinates)
        let others = try other?.evaluate(at: theta, along: directions.vectors, coordinates: coordinates)
        for (i, index) in indices.enumerated() { finished[index] = SlicePoint(own[i], other: others?[i]) }
    }

    /// The finished slice with its audit: a Hessian product for each direction. Points that were not evaluated are interpolated
    /// after `refine`, NaN otherwise.
    ///
    /// - Parameter center: L(θ), where it is known already; else it is evaluated.
    public func result(_ objective: any Objective, at theta: [Double], center: Evaluation? = nil) throws -> Slice {
        let isMeasured = (0..<points).map { surface?.isMeasured[$0] ?? (finished[$0] != nil) }
        func values(_ other: Bool) -> SliceValues? {
            let evaluations = (0..<points).map { index -> Evaluation? in
                isMeasured[index] ? finished[index].flatMap { other ? $0.other : $0.evaluation } : nil
            }
            guard let first = evaluations.compactMap({ $0 }).first else { return nil }
            let hasAccuracy = first.accuracy != nil
            if let surface {
                let start = other ? (hasAccuracy ? 2 : 1) : 0
                return SliceValues(loss: surface.values[start], accuracy: hasAccuracy ? surface.values[start + 1] : nil)
            }
            return SliceValues(
                loss: evaluations.map { $0?.loss ?? .nan },
                accuracy: hasAccuracy ? evaluations.map { $0?.accuracy ?? .nan } : nil)
        }
        let center = try center ?? objective.evaluate(at: theta)
        let own = values(false) ?? SliceValues(loss: [Double](repeating: .nan, count: points), accuracy: nil)
        let weightNorm = Vectors.norm(theta)
        return Slice(
            grid: grid, directions: directions, values: own, other: values(true),
            isMeasured: isMeasured.allSatisfy { $0 } ? nil : isMeasured, accuracyOfInterpolation: surface?.accuracy,
            center: center, curvature: try curvature(objective, at: theta),
            relativeReach: zip(directions.vectors, grid.axes).map { vector, axis in
                Vectors.norm(vector) * axis.values.reduce(0) { max($0, abs($1)) } / weightNorm
            })
    }

    /// dᵀHd for each direction; nil where the objective has no Hessian products.
    private func curvature(_ objective: any Objective, at theta: [Double]) throws -> [Double?] {
        do {
            let products = try objective.hessianVectorProducts(at: theta, along: directions.vectors)
            return zip(directions.vectors, products).map { Vectors.dot($0, $1) }
        } catch ObjectiveError.noHessian {
            return directions.vectors.map { _ in nil }
        }
    }
}
