/// Loss and accuracy at every point of a slice, in the order of its grid.
public struct SliceValues: Sendable, Codable, Equatable {
    public let loss: [Double]
    /// Nil for regression.
    public let accuracy: [Double]?

    public init(loss: [Double], accuracy: [Double]?) { (self.loss, self.accuracy) = (loss, accuracy) }
}

/// L(θ + α d₁ + β d₂) on a grid, with the checks by which it can be trusted.
public struct Slice: Sendable, Codable {
    /// Coordinates along d₁ and d₂, ascending; `beta` is [0] for a 1-D slice.
    public let alpha: [Double], beta: [Double]
    /// Row by row, row = β: the value at (alpha[i], beta[j]) is number `j * alpha.count + i`.
    public let values: SliceValues
    /// On the other split of the data.
    public let other: SliceValues?
    /// Which points were evaluated; nil where all were. The others are interpolated, or NaN in a shard.
    public let isMeasured: [Bool]?
    /// How far interpolated values may be off; nil where nothing was interpolated.
    public let interpolation: AdaptiveSurface.Accuracy?
    /// L(θ), computed apart from the grid.
    public let center: Double
    /// Of the two directions as used; nil for one.
    public let cosine: Double?
    public let audit: Audit

    public var loss: [Double] { values.loss }
    public var accuracy: [Double]? { values.accuracy }

    /// How the slice agrees with what can be computed about it in another way.
    public struct Audit: Sendable, Codable {
        /// Whether the grid's value at the origin has the bits of `center`; nil where the grid has no origin.
        public let centerIsExact: Bool?
        /// dᵀHd for each direction, from an exact Hessian product.
        public let curvatureFromProduct: [Double]
        /// The same from the grid's second difference at 0; nil where the origin has no neighbours. On networks with kinks (ReLU,
        /// maximum pooling) the two may differ: differences cross kinks, products do not see them.
        public let curvatureFromGrid: [Double?]
        /// Values that are infinite or NaN.
        public let nonfinite: Int
        public let evaluations: Int
        /// ‖α d‖/‖θ‖ at the end of each axis: the share of the weights that the slice moves.
        public let relativeReach: [Double]
    }

    /// Audits values on a grid.
    ///
    /// - Parameters:
    ///   - isMeasured: nil where all points were evaluated.
    ///   - curvature: dᵀHd for each direction.
    public init(
        grid: SliceGrid, values: SliceValues, other: SliceValues? = nil, isMeasured: [Bool]? = nil,
        accuracyOfInterpolation: AdaptiveSurface.Accuracy? = nil, center: Double, cosine: Double?, curvature: [Double],
        relativeReach: [Double]
    ) {
        precondition(values.loss.count == grid.count, "\(values.loss.count) values on a grid of \(grid.count)")
        alpha = grid.alpha.values
        beta = grid.beta?.values ?? [0]
        self.values = values
        self.other = other
        self.isMeasured = isMeasured
        interpolation = accuracyOfInterpolation
        self.center = center
        self.cosine = cosine
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
            return loss[origin].bitPattern == center.bitPattern || (center.isNaN && loss[origin].isNaN)
        }
        audit = Audit(
            centerIsExact: exact, curvatureFromProduct: curvature, curvatureFromGrid: fromGrid,
            nonfinite: loss.indices.count {
                (isMeasured?[$0] ?? true || accuracyOfInterpolation != nil) && !loss[$0].isFinite
            },
            evaluations: isMeasured?.count { $0 } ?? grid.count, relativeReach: relativeReach)
    }

    /// Where the smallest finite loss lies: indices along alpha and beta.
    public var minimum: (alpha: Int, beta: Int)? {
        let finite = loss.indices.filter { loss[$0].isFinite }
        return finite.min { loss[$0] < loss[$1] }.map { ($0 % alpha.count, $0 / alpha.count) }
    }
}
