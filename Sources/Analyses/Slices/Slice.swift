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

/// L(θ + α d₁ + β d₂ + γ d₃) on a grid of one to three axes, with the checks by which it can be trusted.
///
/// Everything that shows a slice reads the grid and the directions that it keeps.
public struct Slice: Sendable {
    /// The points, row by row (row = β), layer by layer (layer = γ).
    public let grid: SliceGrid
    /// d₁, d₂ over a plane, and d₃ through space. Of the slices of further seeds their kind alone is kept: their vectors can be
    /// drawn again.
    public internal(set) var directions: SliceDirections
    /// The value at a point is number `grid.index(row:column:layer:)`.
    public let values: SliceValues
    /// On the other split of the data; nil where that was not asked for.
    public let other: SliceValues?
    /// Which points were evaluated; nil where all were. The others are interpolated, or NaN in a shard.
    public let isMeasured: [Bool]?
    /// How far interpolated values may be off; nil where nothing was interpolated.
    public let interpolation: AdaptiveSurface.Accuracy?
    /// L(θ) and the accuracy there, computed apart from the grid.
    public let centerEvaluation: Evaluation
    /// Of the two directions as used, of three the pair that is nearest to parallel; nil for one.
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
    /// Coordinates along d₃, ascending; [0] for a slice along one or two directions.
    public var gamma: [Double] { grid.gamma?.values ?? [0] }
    /// Whether it is over a plane, along two directions.
    public var isPlane: Bool { grid.dimension == 2 }
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
        let zeros = grid.axes.map(\.zero), strides = [1, grid.columns, grid.columns * grid.rows]
        var fromGrid = grid.axes.indices.map { axis -> Double? in
            let others = zeros.indices.filter { $0 != axis }
            guard others.allSatisfy({ zeros[$0] != nil }) else { return nil }
            let line = others.reduce(0) { $0 + zeros[$1]! * strides[$1] }
            return grid.axes[axis].secondDifference { loss[line + $0 * strides[axis]] }
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

    /// Where the smallest finite loss lies that was evaluated: indices along alpha and beta, in the layer of `minimumPoint`; nil
    /// where no loss is finite.
    public var minimum: (alpha: Int, beta: Int)? { minimumPoint.map { (grid.column($0), grid.row($0)) } }

    /// The number of the point with the smallest finite loss that was evaluated; nil where no loss is finite.
    public var minimumPoint: Int? {
        let finite = loss.indices.filter { loss[$0].isFinite && (isMeasured?[$0] ?? true) }
        return finite.min { loss[$0] < loss[$1] }
    }
}
