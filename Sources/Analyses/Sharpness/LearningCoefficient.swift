import Foundation
import MatrixFree
import Objectives
import Tensors

/// The local learning coefficient at a minimum θ* (Lau et al. 2023, arXiv 2308.12108; Watanabe's real log canonical threshold):
///
///     λ̂ = nβ (E L(θ) − L(θ*)),  θ ~ exp(−nβ L(θ) − ½γ‖θ − θ*‖²),  β = 1/ln n.
///
/// It is P/2 where the loss is a regular quadratic, and less the more degenerate the minimum is: Σ 1/(2pᵢ) for Σ θᵢ^(2pᵢ). The authors draw by
/// stochastic gradient Langevin dynamics on mini-batches. Here gradients are of all examples and each step is accepted or not (the
/// Metropolis-adjusted Langevin algorithm, Roberts, Tweedie 1996, doi:10.2307/3318418), so that steps of finite size make no bias. Several
/// chains start from θ* at different random numbers, and where they do not agree there is no value.
public struct LearningCoefficient: Sendable, Codable {
    /// λ̂; NaN where the chains have not mixed.
    public let value: Double
    /// Of the mean over chains, from their deviation; NaN with the value.
    public let standardError: Double
    /// λ̂ of each chain alone, mixed or not.
    public let chains: [Double]
    /// Split R̂ of the losses (Gelman et al. 2013; Vehtari et al. 2021, arXiv 1903.08008): near 1 where the chains agree.
    public let rhat: Double
    /// How many independent draws the losses of all chains are worth.
    public let effectiveSamples: Double
    /// Share of steps that were accepted; the mean size of a step, which each chain finds before the draws that count; and nβ and γ.
    public let acceptance: Double, step: Double, inverseTemperature: Double, localization: Double
    /// Losses with their gradients.
    public let gradients: Int

    enum CodingKeys: String, CodingKey {
        case value, chains, rhat, acceptance, step, localization, gradients
        case standardError = "standard_error"
        case effectiveSamples = "effective_samples"
        case inverseTemperature = "inverse_temperature"
    }

    /// Whether the chains have mixed: R̂ of at most 1.05, and 25 independent draws a chain. Ours, after Vehtari et al.
    public var hasMixed: Bool { Self.haveMixed(chains.count, rhat, effectiveSamples) }

    private static func haveMixed(_ chains: Int, _ rhat: Double, _ effectiveSamples: Double) -> Bool {
        rhat <= 1.05 && effectiveSamples >= Double(25 * chains)
    }

    /// Share of accepted steps that the size of a step is sought for (Roberts, Rosenthal 1998, doi:10.1111/1467-9868.00123).
    private static let bestAcceptance = 0.574

    /// - Parameters:
    ///   - theta: θ*, P numbers.
    ///   - inverseTemperature: nβ; of n examples n/ln n.
    ///   - localization: γ; 100, as the authors' library has it.
    ///   - chains: at least 2; 4, ours.
    ///   - draws: of each chain that count, at least 100; as many before them find the size of a step and leave θ*. 1000, ours.
    ///   - progress: called before every gradient with those before and how many there will be; what it throws ends the work.
    /// - Throws: what the objective throws.
    public init(
        _ objective: any Objective, at theta: [Double], inverseTemperature: Double, localization: Double = 100,
        chains: Int = 4, draws: Int = 1000, seed: UInt64 = 0, progress: (Int, Int) throws -> Void = { _, _ in }
    ) throws {
        precondition(
            chains >= 2 && draws >= 100 && inverseTemperature > 0 && localization >= 0,
            "\(chains) chains of \(draws) draws at \(inverseTemperature), γ = \(localization)")
        let all = chains * 2 * draws
        var count = 0
        /// The exponent's value and gradient at a place.
        func energy(_ place: [Double]) throws -> Place {
            try progress(count, all)
            count += 1
            let (loss, slope) = try objective.valueAndGradient(at: place)
            let shift = Vectors.sum(place, -1, theta)
            var gradient = slope
            Vectors.scale(&gradient, by: inverseTemperature)
            Vectors.add(localization, shift, to: &gradient)
            let energy = inverseTemperature * loss + 0.5 * localization * Vectors.dot(shift, shift)
            return Place(theta: place, loss: loss, energy: energy, gradient: gradient)
        }
        let start = try energy(theta)
        // Small enough to leave θ*, where nearly every way leads up; acceptance then finds the size.
        let first = 0.1 / (localization + inverseTemperature * max(1e-12, abs(start.loss)))
        var losses: [[Double]] = [], sizes: [Double] = [], accepted = 0
        let random = RandomNumbers(seed: seed).named("learning coefficient")
        for chain in 0..<chains {
            var place = start, own: [Double] = []
            let noise = random.named("chain \(chain)"), chances = noise.named("chances")
            var size = first
            for draw in 0..<2 * draws {
                let normals = noise.named("\(draw)").normals(theta.count)
                var proposal = Vectors.sum(place.theta, -size / 2, place.gradient)
                Vectors.add(size.squareRoot(), normals, to: &proposal)
                let next = try energy(proposal)
                let logarithm =
                    place.energy - next.energy + Self.transition(next, place, size)
                    - Self.transition(place, next, size)
                let probability = logarithm.isNaN ? 0 : min(1, exp(min(0, logarithm)))
                if chances.uniform(at: draw) < probability {
                    place = next
                    if draw >= draws { accepted += 1 }
                }
                if draw < draws {
                    // Robbins and Monro's steps in its logarithm.
                    size *= exp((probability - Self.bestAcceptance) * 3 / Double(draw + 10).squareRoot())
                }
                if draw >= draws { own.append(place.loss) }
            }
            losses.append(own)
            sizes.append(size)
        }
        let means = losses.map { $0.reduce(0, +) / Double(draws) }
        let estimates = means.map { inverseTemperature * ($0 - start.loss) }
        self.chains = estimates
        (rhat, effectiveSamples) = (Self.splitRhat(losses), Self.effectiveSamples(losses))
        acceptance = Double(accepted) / Double(chains * draws)
        (step, gradients) = (sizes.reduce(0, +) / Double(chains), count)
        (self.inverseTemperature, self.localization) = (inverseTemperature, localization)
        let isMixed = Self.haveMixed(chains, rhat, effectiveSamples), mean = StochasticEstimate(samples: estimates)
        (value, standardError) = isMixed ? (mean.value, mean.standardError ?? .nan) : (.nan, .nan)
    }

    private struct Place {
        let theta: [Double], loss: Double, energy: Double, gradient: [Double]
    }

    /// The logarithm of the density with which one place proposes another, up to a constant.
    private static func transition(_ from: Place, _ to: Place, _ size: Double) -> Double {
        var difference = Vectors.sum(to.theta, -1, from.theta)
        Vectors.add(size / 2, from.gradient, to: &difference)
        return -Vectors.dot(difference, difference) / (2 * size)
    }

    /// R̂ of halves of chains: the spread of all draws over that within halves.
    static func splitRhat(_ chains: [[Double]]) -> Double {
        let halves = chains.flatMap { [Array($0[..<($0.count / 2)]), Array($0[($0.count - $0.count / 2)...])] }
        let (between, within) = variances(halves), count = Double(halves[0].count)
        guard within > 0, within.isFinite else { return within == 0 && between == 0 ? 1 : .infinity }
        return (((count - 1) / count * within + between) / within).squareRoot()
    }

    /// The variance of the chains' means, and the mean of their own variances.
    private static func variances(_ chains: [[Double]]) -> (between: Double, within: Double) {
        let means = chains.map { $0.reduce(0, +) / Double($0.count) }
        let all = means.reduce(0, +) / Double(means.count)
        let between = means.reduce(0) { $0 + ($1 - all) * ($1 - all) } / Double(means.count - 1)
        let within =
            zip(chains, means).reduce(0) { sum, chain in
                sum + chain.0.reduce(0) { $0 + ($1 - chain.1) * ($1 - chain.1) } / Double(chain.0.count - 1)
            } / Double(chains.count)
        return (between, within)
    }

    /// By the chains' mean autocorrelation, whose pairs of lags are summed until one is no longer positive (Geyer 1992,
    /// doi:10.1214/ss/1177011137).
    static func effectiveSamples(_ chains: [[Double]]) -> Double {
        let count = chains[0].count, (between, within) = variances(chains)
        let variance = Double(count - 1) / Double(count) * within + between
        guard variance > 0, variance.isFinite else { return 0 }
        let means = chains.map { $0.reduce(0, +) / Double(count) }
        func correlation(_ lag: Int) -> Double {
            let covariance =
                zip(chains, means).reduce(0) { sum, chain in
                    var own = 0.0
                    for i in 0..<count - lag { own += (chain.0[i] - chain.1) * (chain.0[i + lag] - chain.1) }
                    return sum + own / Double(count)
                } / Double(chains.count)
            return 1 - (within - covariance) / variance
        }
        var sum = -1.0, lag = 0
        while lag + 1 < count {
            let pair = (lag == 0 ? 1 : correlation(lag)) + correlation(lag + 1)
            guard pair > 0 else { break }
            sum += 2 * pair
            lag += 2
        }
        let total = Double(count * chains.count)
        return min(total, total / max(sum, 1 / total))
    }
}
