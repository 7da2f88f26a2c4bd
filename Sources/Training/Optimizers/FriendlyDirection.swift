import Tensors

/// The direction d in which Friendly-SAM climbs (Li et al. 2024, arXiv 2403.12350): the gradient g of a batch without what an exponential
/// moving average m of the gradients tells of the gradient of all examples,
///
///     m ← λm + (1−λ)g,  d = g − σm,  ε = ρ d/‖d‖₂,
///
/// with m = 0 before the first step. So the first step climbs along g.
///
/// The authors' code (nblt/F-SAM) climbs along g − σm with the m before it is updated, and starts with m = g after a first step along
/// g. For σ = 1 that is the same direction for the same m: g − (λm + (1−λ)g) = λ(g − m).
public struct FriendlyDirection: Sendable, Hashable {
    /// σ: how much of the average is taken away; 1 in the paper, 0 is SAM.
    public let sigma: Double
    /// λ: the share of the average that a step keeps; 0.9 in the authors' code.
    public let averaging: Double

    /// The direction for σ and λ.
    public init(sigma: Double = 1, averaging: Double = 0.9) { (self.sigma, self.averaging) = (sigma, averaging) }

    /// λm + (1−λ)g; nil for an m of zeros.
    ///
    /// - Precondition: vectors of the same length.
    public func average(_ kept: [Double]?, _ gradient: [Double]) -> [Double] {
        var average = kept ?? Vectors.zeros(gradient.count)
        Vectors.scale(&average, by: averaging)
        Vectors.add(1 - averaging, gradient, to: &average)
        return average
    }

    /// g − σm, for the m that has g in it.
    ///
    /// - Precondition: vectors of the same length.
    public func direction(_ gradient: [Double], average: [Double]) -> [Double] {
        Vectors.sum(gradient, -sigma, average)
    }
}
