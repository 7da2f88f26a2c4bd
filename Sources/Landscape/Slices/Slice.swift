/// L(θ + α d₁ + β d₂) on a grid, with the checks by which it can be trusted.
public struct Slice: Sendable, Codable {
    /// Coordinates along d₁ and d₂, ascending; `beta` is [0] for a 1-D slice.
    public let alpha: [Double], beta: [Double]
    /// Row by row, row = β: the value at (alpha[i], beta[j]) is `loss[j * alpha.count + i]`.
    public let loss: [Double]
    /// In the same order; nil for regression.
    public let accuracy: [Double]?
    /// L(θ), computed apart from the grid.
    public let center: Double
    /// Of the two directions as used; nil for one.
    public let cosine: Double?
    public let audit: Audit

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

    /// Where the smallest finite loss lies: indices along alpha and beta.
    public var minimum: (alpha: Int, beta: Int)? {
        let finite = loss.indices.filter { loss[$0].isFinite }
        return finite.min { loss[$0] < loss[$1] }.map { ($0 % alpha.count, $0 / alpha.count) }
    }
}
