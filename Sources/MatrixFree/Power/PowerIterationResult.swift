/// Which eigenvalue power iteration is to find first.
public enum PowerTarget: String, Codable, Sendable, CaseIterable {
    /// The one of largest magnitude, whatever its sign: what plain power iteration finds.
    case largestMagnitude
    /// The algebraically largest. If the dominant one is negative, the iteration is repeated on H + |λ|I, where the
    /// algebraically largest dominates.
    case largestAlgebraic
    /// The algebraically smallest, by the same shift in the other direction.
    case smallestAlgebraic
}

/// One eigenvalue as power iteration left it.
public struct PowerEigenvalue: Codable, Sendable, Equatable {
    /// λ = xᵀHx of the last product.
    public let value: Double
    /// ‖Hx − λx‖ of the same product, with nothing projected away.
    public let residual: Double
    /// Products made for this value.
    public let iterations: Int
    /// The residual outside the vectors found before is at most tolerance · |λ|. (Inside them it is what their own
    /// residuals leave, which no iteration on this vector can reduce.)
    public let converged: Bool
}

/// What `PowerIteration` found, with its diagnostics.
public struct PowerIterationResult: Codable, Sendable {
    /// The values, in the order found: by descending magnitude of λ, or of the shifted λ, when all have converged.
    public let eigenvalues: [PowerEigenvalue]
    /// As many values were found as asked for, or P, and each has converged.
    public let converged: Bool
    /// All products, including those that found out that a shift was needed.
    public let products: Int
    /// σ of the operator H + σI that was iterated; 0 unless an algebraic end needed it.
    public let shift: Double
    /// Which end was asked for.
    public let target: PowerTarget
    /// Of the residual, relative to |λ|.
    public let tolerance: Double
    /// Of the random starts.
    public let seed: UInt64
    /// Unit vectors, in the order of `eigenvalues`, P numbers each. Not part of the coded form.
    public internal(set) var vectors: [[Double]] = []

    enum CodingKeys: String, CodingKey { case eigenvalues, converged, products, shift, target, tolerance, seed }
}
