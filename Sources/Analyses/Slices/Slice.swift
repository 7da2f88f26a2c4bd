import Objectives

/// Loss and accuracy at every point of a slice, in the order of its grid.
public struct SliceValues: Sendable, Equatable {
    /// L at every point.
    public let loss: [Double]
    /// In [0, 1]; nil for regression.
    public let accuracy: [Double]?

    /// - Parameter accuracy: in [0, 1]; nil for regression.
    public init(loss: [Double], accuracy: [Double]?) { (self.loss, self.accuracy) = (loss, accuracy) }
}

/// L(θ + α d₁ + β d₂) on a grid, with the checks by which it can be trusted.
///
/// Everything that shows a slice reads the grid and the directions that it keeps.
public struct Slice: Sendable {
    /// The points, row by row (row = β).
    public let grid: SliceGrid
    /// d₁, and d₂ over a plane. Of the slices of further seeds their kind alone is kept: their vectors can be drawn again.
    public internal(set) var directions: SliceDirections
    /// The value at a point is number `grid.index(row:column:)`.
    public let values: SliceValues
    /// On the other split of the data; nil where that was not asked for.
    public let other: SliceValues?
    /// Which points were evaluated; nil where all were. The others are interpolated, or NaN in a shard.
    public let isMeasured: [Bool]?
    /// How far interpolated values may be off; nil where nothing was interpolated.
    public let interpolation: AdaptiveSurface.Accuracy?
    /// L(θ) and the accuracy there, computed apart from the grid.
    public let centerEvaluation: Evaluation
    /// Of the two directions as used; nil for one.
    public let cosine: Double?
    /// How the slice agrees with what can be computed about it in another way.
    public let audit: Audit

    /// Losses in the order of the grid.
    public var loss: [Double] { values.loss }
    /// Accuracies in the order of the grid, in [0, 1]; nil for regression.
    public var accuracy: [Double]? { values.accuracy }
    /// L(θ).
    public var center: Double { centerEvaluation.loss }
    /// Coordinates along d₁, ascending.
    public var alpha: [Double] { grid.alpha.values }
    /// Coordinates along d₂, ascending; [0] for a slice along one direction.
    public var beta: [Double] { grid.beta?.values ?? [0] }
    /// Whether it is over a plane.
    public var isPlane: Bool { grid.beta != nil }
    /// Whether points are still to come from other shards.
    public var isPartial: Bool { isMeasured != nil && interpolation == nil }

    /// How the slice agrees with what can be computed about it in another way.
    public struct Audit: Sendable {
        /// Whether the grid's value at the origin has the bits of `center`; nil where the grid has no origin.
        public let centerIsExact: Bool?
        /// dᵀHd for each direction, from an exact Hessian product; nil where the objective has none.
        public let curvatureFromProduct: [Double?]
        /// The same from the grid's second difference at 0; nil where the origin has no neighbours. On networks with kinks (ReLU,
        /// maximum pooling) the two may differ: differences cross kinks, products do not see them.
        public let curvatureFromGrid: [Double?]
        /// Values that are infinite or NaN.
        public let nonfinite: Int
        /// Points that were evaluated.
        public let evaluations: Int
        /// ‖α d‖/‖θ‖ at the end of each axis: the share of the weights that the slice moves.
        public let relativeReach: [Double]
    }

    /// Audits values on a grid.
    ///
    /// - Parameters:
    ///   - isMeasured: which points were evaluated; nil where all were.
    ///   - center: L(θ), computed apart from the grid.
    ///   - cosine: of the directions; nil takes that of the vectors.
    ///   - curvature: dᵀHd for each direction; nil where it is not known.
    ///   - relativeReach: ‖α d‖/‖θ‖ at the end of each axis.
    /// - Precondition: as many values as the grid has points.
    public init(
        grid: SliceGrid, directions: SliceDirections, values: SliceValues, other: SliceValues? = nil,
        isMeasured: [Bool]? = nil, accuracyOfInterpolation: AdaptiveSurface.Accuracy? = nil, center: Evaluation,
        cosine: Double? = nil, curvature: [Double?], relativeReach: [Double]
    ) {
        precondition(values.loss.count == grid.count, "\(values.loss.count) values on a grid of \(grid.count)")
        (self.grid, self.directions) = (grid, directions)
        self.values = values
        self.other = other
        self.isMeasured = isMeasured
        interpolation = accuracyOfInterpolation
        centerEvaluation = center
        self.cosine = cosine ?? directions.cosine
        let loss = values.loss
        func value(_ row: Int, _ column: Int) -> Double { loss[grid.index(row: row, column: column)] }
        var fromGrid = [grid.beta.map(\.zero) ?? 0].map { row in
            row.flatMap { row in grid.alpha.secondDifference { value(row, $0) } }
        }
        if let beta = grid.beta {
            fromGrid.append(grid.alpha.zero.flatMap { column in beta.secondDifference { value($0, column) } })
        }
        // In a shard, differences of points that others evaluate are not known yet.
        fromGrid = fromGrid.map { isMeasured != nil && $0?.isFinite == false ? nil : $0 }
        let exact = grid.origin.flatMap { origin -> Bool? in
            guard isMeasured?[origin] ?? true else { return nil }
            return loss[origin].bitPattern == center.loss.bitPattern || (center.loss.isNaN && loss[origin].isNaN)
        }
        audit = Audit(
            centerIsExact: exact, curvatureFromProduct: curvature, curvatureFromGrid: fromGrid,
            nonfinite: loss.indices.count {
                (isMeasured?[$0] ?? true || accuracyOfInterpolation != nil) && !loss[$0].isFinite
            },
            evaluations: isMeasured?.count { $0 } ?? grid.count, relativeReach: relativeReach)
    }

    /// Where the smallest finite loss lies that was evaluated: indices along alpha and beta; nil where no loss is finite.
    public var minimum: (alpha: Int, beta: Int)? {
        let finite = loss.indices.filter { loss[$0].isFinite && (isMeasured?[$0] ?? true) }
        return finite.min { loss[$0] < loss[$1] }.map { (grid.column($0), grid.row($0)) }
    }
}
