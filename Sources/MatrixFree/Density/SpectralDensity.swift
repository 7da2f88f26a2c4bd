import Foundation

/// One probe's Gauss quadrature of the spectral measure.
public struct SpectralQuadrature: Codable, Sendable, Equatable {
    /// Ritz values of the probe's Krylov space, ascending.
    public let nodes: [Double]
    /// The squared first components of T's eigenvectors, squared once; they sum to 1.
    public let weights: [Double]
    /// ‖Hx − θx‖ of every node: a node with a small one is an eigenvalue, others stand for many.
    public let residuals: [Double]
}

/// An estimated density of eigenvalues, normalised to ∫ = 1.
public struct SpectralDensity: Codable, Sendable {
    /// One quadrature for every probe.
    public let quadratures: [SpectralQuadrature]
    /// σ of the Gaussian that every node is broadened to.
    public let sigma: Double
    /// Where the density was evaluated, ascending, evenly spaced.
    public let grid: [Double]
    /// (1/k) Σ_probes Σᵢ wᵢ N(x; θᵢ, σ²) at every point of `grid`.
    public let density: [Double]
    /// Standard error over probes at every point; empty with a single probe.
    public let standardError: [Double]
    /// Ends of an interval at every point that covers the broadened density of all eigenvalues with probability 95 % over
    /// seeds.
    ///
    /// A probe's value at x is vᵀf(H)v with f(λ) = N(x; λ, σ²) and v of unit length. Its variance is
    /// 2/(P + 2)·(mean f² − (mean f)²) over all eigenvalues, for v of any direction, and less for signs. Both means come
    /// from the quadratures of all k probes, which tell more of them than the spread of k skewed samples. Where few
    /// eigenvalues count, the variance is proportional to the mean, so that the root of the density is the quantity whose
    /// variance is the same everywhere: with s the deviation of the mean over probes, the ends are
    /// (√density ± 1.96·s/(2√density))².
    public let intervalLow: [Double], intervalHigh: [Double]
    /// Lanczos steps for each probe, at most.
    public let steps: Int
    /// Matrix–vector products made.
    public let products: Int
    /// P.
    public let dimension: Int
    /// Of the probes.
    public let seed: UInt64

    /// All nodes, ascending, those of one probe after the other's merged, with weights that sum to 1.
    public var nodesAndWeights: (nodes: [Double], weights: [Double]) {
        let share = 1 / Double(quadratures.count)
        let all = quadratures.flatMap { zip($0.nodes, $0.weights).map { ($0, $1 * share) } }.sorted { $0.0 < $1.0 }
        return (all.map(\.0), all.map(\.1))
    }

    /// The estimated mean of f over all eigenvalues, tr f(H)/P, with its spread over probes.
    public func mean(of f: (Double) -> Double) -> StochasticEstimate {
        StochasticEstimate(samples: quadratures.map { q in zip(q.nodes, q.weights).reduce(0) { $0 + $1.1 * f($1.0) } })
    }

    /// Σᵢ wᵢ N(x; θᵢ, σ²) of one quadrature at every point.
    static func broadened(_ quadrature: SpectralQuadrature, sigma: Double, at grid: [Double]) -> [Double] {
        let scale = 1 / (sigma * (2 * Double.pi).squareRoot())
        return grid.map { x in
            zip(quadrature.nodes, quadrature.weights).reduce(0) { sum, node in
                let z = (x - node.0) / sigma
                return sum + node.1 * scale * exp(-0.5 * z * z)
            }
        }
    }
}
