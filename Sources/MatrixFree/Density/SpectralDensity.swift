import Foundation

/// One probe's Gauss quadrature of the spectral measure.
public struct SpectralQuadrature: Codable, Sendable, Equatable {
    /// Ritz values of the probe's Krylov space, ascending, with the eigenvalues that were taken out of it.
    public let nodes: [Double]
    /// The squared first components of T's eigenvectors, squared once, and 1/P for what was taken out; they sum to 1.
    public let weights: [Double]
    /// ‖Hx − θx‖ of every node: a node with a small one is an eigenvalue, others stand for many.
    public let residuals: [Double]

    /// Σᵢ wᵢ f(θᵢ).
    func mean(of f: (Double) -> Double) -> Double { zip(nodes, weights).reduce(0) { $0 + $1.1 * f($1.0) } }
}

/// An estimated density of eigenvalues, normalised to ∫ = 1.
public struct SpectralDensity: Codable, Sendable {
    /// One quadrature for every probe.
    public let quadratures: [SpectralQuadrature]
    /// The eigenvalues that were taken out of every probe's space, ascending: they have their exact weight of 1/P.
    public let deflated: [Double]
    /// The quadrature of the run that found them, with them at their exact weight; nil where it saw nothing else.
    public let survey: SpectralQuadrature?
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
    /// What was taken out is exact. Of the rest, n eigenvalues, a probe's value at x is vᵀf(H)v with f(λ) = N(x; λ, σ²)
    /// and v of unit length. Its variance is 2/(n + 2)·(mean f² − (mean f)²) over these eigenvalues, for v of any
    /// direction, and less for signs. Both means come from the quadratures of all k probes, which tell more of them than
    /// the spread of k skewed samples. Where few eigenvalues count, the variance is proportional to the mean, so that the
    /// root of the density is the quantity whose variance is the same everywhere: with s the deviation of the mean over
    /// probes, the ends are (√mean ± 1.96·s/(2√mean))², times n/P.
    public let intervalLow: [Double], intervalHigh: [Double]
    /// Lanczos steps that a probe took at most.
    public let steps: Int
    /// Matrix–vector products made, with those of the survey.
    public let products: Int
    /// P.
    public let dimension: Int
    /// Of the survey and the probes.
    public let seed: UInt64

    /// All nodes, ascending, those of one probe after the other's merged, with weights that sum to 1.
    public var nodesAndWeights: (nodes: [Double], weights: [Double]) {
        let share = 1 / Double(quadratures.count)
        let all = quadratures.flatMap { zip($0.nodes, $0.weights).map { ($0, $1 * share) } }.sorted { $0.0 < $1.0 }
        var nodes: [Double] = [], weights: [Double] = []
        for (node, weight) in all {
            // What was taken out is a node of every probe.
            if node == nodes.last {
                weights[weights.count - 1] += weight
            } else {
                nodes.append(node)
                weights.append(weight)
            }
        }
        return (nodes, weights)
    }

    /// The estimated mean of f over all eigenvalues, tr f(H)/P, with its spread over probes.
    public func mean(of f: (Double) -> Double) -> StochasticEstimate {
        StochasticEstimate(samples: quadratures.map { $0.mean(of: f) })
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

    /// Σᵢ wᵢ N(x; θᵢ, σ²)² of one quadrature at every point.
    static func broadenedSquares(_ quadrature: SpectralQuadrature, sigma: Double, at grid: [Double]) -> [Double] {
        // The square of a Gaussian is one of σ/√2, over 2σ√π.
        broadened(quadrature, sigma: sigma / 2.0.squareRoot(), at: grid).map {
            $0 / (2 * sigma * Double.pi.squareRoot())
        }
    }
}

extension SpectralDensity {
    /// The mean of the broadened quadratures on a grid around their nodes.
    ///
    /// - Parameters:
    ///   - probes: quadratures of the space that is left, of weight 1 each.
    ///   - ends: what was taken out.
    init(
        _ probes: [SpectralQuadrature], _ ends: SpectrumEnds, _ settings: StochasticLanczosQuadrature, products: Int
    ) {
        let completed = probes.map(ends.completed)
        let extremes =
            (completed.flatMap { [$0.nodes.first, $0.nodes.last] } + [ends.range?.lowerBound, ends.range?.upperBound])
            .compactMap { $0 }
        let low = extremes.min() ?? 0, high = extremes.max() ?? 0
        let width = settings.sigma ?? SpectralDensity.sigma(low, high)
        let spacing = (high - low + 8 * width) / Double(settings.points - 1)
        let grid = (0..<settings.points).map { low - 4 * width + spacing * Double($0) }

        let curves = completed.map { Self.broadened($0, sigma: width, at: grid) }
        let estimates = grid.indices.map { i in StochasticEstimate(samples: curves.map { $0[i] }) }
        // Means over all probes of f and f², of the eigenvalues that are left.
        func mean(_ curves: [[Double]]) -> [Double] {
            grid.indices.map { i in curves.reduce(0) { $0 + $1[i] } / Double(curves.count) }
        }
        let means = mean(probes.map { Self.broadened($0, sigma: width, at: grid) })
        let squares = mean(probes.map { Self.broadenedSquares($0, sigma: width, at: grid) })
        let halves = zip(means, squares).map { mean, square in
            let variance = 2 / Double(ends.dimension - ends.values.count + 2) * max(0, square - mean * mean)
            // Far from all nodes a density is 0 by underflow, and so are the ends.
            return mean > 0 ? 0.5 * 1.96 * (variance / Double(probes.count) / mean).squareRoot() : 0
        }
        func end(_ sign: Double) -> [Double] {
            grid.indices.map { i in
                let root = max(0, means[i].squareRoot() + sign * halves[i])
                return max(0, estimates[i].value + ends.rest * (root * root - means[i]))
            }
        }
        self.init(
            quadratures: completed, deflated: ends.values, survey: ends.survey, sigma: width, grid: grid,
            density: estimates.map(\.value), standardError: estimates.compactMap(\.standardError),
            intervalLow: end(-1), intervalHigh: end(1), steps: probes.map(\.nodes.count).max() ?? 0,
            products: products, dimension: ends.dimension, seed: settings.seed)
    }

    /// σ for nodes between two ends: 1 % of their distance. A spectrum of one value has no range to take a share of.
    static func sigma(_ low: Double, _ high: Double) -> Double { 0.01 * (high > low ? high - low : max(abs(high), 1)) }
}
