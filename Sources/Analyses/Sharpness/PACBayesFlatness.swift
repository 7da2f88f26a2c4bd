import Foundation
import Objectives
import Tensors

/// The deviation σ of noise on the weights that costs so much loss: E L(θ + σTξ) − L(θ) = increase for ξ ~ N(0, I) (Jiang et al. 2020, arXiv
/// 1912.02178, who bound the rise of the error rate; Dziugaite et al. 2020, arXiv 2010.09610). With T = |θ| + η it is their magnitude-aware
/// form. A flat minimum has a large σ: the bound on generalisation that they are named after falls with 1/σ².
///
/// The same noise serves every σ, so that the mean is a smooth function of it.
public struct PACBayesFlatness: Sendable, Codable, Equatable {
    /// σ; infinite where no noise costs that much, NaN where not even θ has a finite loss.
    public let sigma: Double
    /// Of σ over draws of noise: that of the mean increase, over its slope.
    public let standardError: Double
    /// What σ costs; 0.1, the papers'.
    public let increase: Double
    /// Losses that it took.
    public let evaluations: Int

    enum CodingKeys: String, CodingKey {
        case sigma, increase, evaluations
        case standardError = "standard_error"
    }

    /// Relative tolerance of σ, far below its standard error; and σ that are tried at most. Ours.
    private static let tolerance = 1e-3, mostTries = 60

    /// - Parameters:
    ///   - increase: positive.
    ///   - scaling: the diagonal of T; nil for the identity.
    ///   - pairs: antithetic pairs of noise, at least 2; 50, ours.
    ///   - progress: called before every pair with how many were before; what it throws ends the work.
    /// - Throws: what the objective throws.
    public init(
        _ objective: any Objective, at theta: [Double], increase: Double = 0.1, scaling: [Double]? = nil,
        pairs: Int = 50, seed: UInt64 = 0, progress: (Int) throws -> Void = { _ in }
    ) throws {
        precondition(increase > 0 && increase.isFinite, "an increase of \(increase)")
        self.increase = increase
        guard try objective.value(at: theta).isFinite else {
            (sigma, standardError, evaluations) = (.nan, .nan, 1)
            return
        }
        var tries = 0, done = 0
        /// Of the loss, with its standard error; infinite where some of the losses are.
        func rise(_ sigma: Double) throws -> (value: Double, error: Double) {
            let found = try AverageCaseSharpness(
                objective, at: theta, deviation: sigma, scaling: scaling, pairs: pairs, seed: seed
            ) { try progress(done + $0) }
            (tries, done) = (tries + 1, done + pairs)
            return found.nonfinite == 0 ? (found.value, found.standardError) : (.infinity, .nan)
        }
        var low: Try?, high: Try?, all: [Try] = []
        // A small part of a weight, or of its size.
        var next = scaling == nil ? 0.01 : 0.1
        while tries < Self.mostTries, next.isFinite, next > 0 {
            let found = try rise(next)
            let new = (sigma: next, value: found.value, error: found.error)
            all.append(new)
            if found.value < increase { low = new } else { high = new }
            if let low, let high {
                if high.sigma - low.sigma <= Self.tolerance * high.sigma { break }
                next = Self.between(low, high, increase, halves: tries % 3 == 0)
            } else {
                // The rise is quadratic in small noise.
                let root = found.value > 0 ? next * (increase / found.value).squareRoot() : .infinity
                next =
                    low != nil
                    ? min(max(root * 1.01, next * 1.1), 8 * next) : max(min(root * 0.99, next / 1.1), next / 8)
            }
        }
        evaluations = tries * (2 * pairs + 1) + 1
        guard let low, let high else {
            // Noise without end that costs nothing, or that costs too much however little it is.
            (sigma, standardError) = (low != nil ? .infinity : 0, .nan)
            return
        }
        let share =
            high.value.isFinite && high.value > low.value ? (increase - low.value) / (high.value - low.value) : 0.5
        sigma = low.sigma + share * (high.sigma - low.sigma)
        // Over a piece as short as the bracket the slope is lost in rounding.
        let near = low, far = all.filter { $0.value > 0 && $0.value.isFinite && abs($0.sigma / near.sigma - 1) > 0.05 }
        let other = far.min { abs(log($0.sigma / near.sigma)) < abs(log($1.sigma / near.sigma)) }
        let power = other.map { log($0.value / near.value) / log($0.sigma / near.sigma) } ?? 2
        standardError = low.error * sigma / (power * increase)
    }

    /// A σ, what it costs, and the error of that.
    private typealias Try = (sigma: Double, value: Double, error: Double)

    /// Where the line through two points, in logarithms, has the increase, a little to the side that has to move; or their middle.
    private static func between(_ low: Try, _ high: Try, _ increase: Double, halves: Bool) -> Double {
        let middle = (low.sigma * high.sigma).squareRoot()
        guard !halves, low.value > 0, high.value.isFinite, high.value > low.value else { return middle }
        let share = log(increase / low.value) / log(high.value / low.value)
        // The end that is farther moves.
        let root = low.sigma * pow(high.sigma / low.sigma, share)
        let next = root * (share > 0.5 ? 1 - tolerance / 2 : 1 + tolerance / 2)
        return low.sigma < next && next < high.sigma ? next : middle
    }
}
