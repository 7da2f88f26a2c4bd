/// An estimated trace and, from the same products, an estimated Frobenius norm.
public struct TraceEstimate: Codable, Sendable, Equatable {
    /// The estimator that was used.
    public enum Method: String, Codable, Sendable {
        /// `Hutchinson`.
        case hutchinson
        /// `HutchPlusPlus`.
        case hutchPlusPlus
    }

    /// The estimator that was used.
    public let method: Method
    /// tr H = Σλ. With Hutch++ the standard error is that of the part outside the sketch; the part inside is exact.
    public let trace: StochasticEstimate
    /// ‖H‖_F = √Σλ².
    public let frobeniusNorm: StochasticEstimate
    /// Random probes averaged: the samples behind the standard errors.
    public let probes: Int
    /// Dimension of the subspace whose part of the trace was computed exactly; 0 with Hutchinson's estimator.
    public let sketchRank: Int
    /// Matrix–vector products made.
    public let products: Int
    /// Of the probes and the sketch.
    public let seed: UInt64
}
