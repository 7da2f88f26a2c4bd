import MatrixFree
import Objectives
import Tensors

/// E L(θ+ε) − L(θ) for ε ~ N(0, ρ²T²): ρ is the standard deviation of each weight, not the radius of a ball.
public struct AverageCaseSharpness: Sendable, Codable {
    /// The mean increase over the antithetic pairs whose losses are finite; NaN where there are fewer than two.
    public let value: Double
    /// Of the mean over antithetic pairs.
    public let standardError: Double
    /// Covers the mean over all ε with probability 95 % over seeds (`StochasticEstimate.interval95`); nil where the value
    /// is NaN.
    public let interval95: ClosedRange<Double>?
    /// Evaluations: two a pair.
    public let samples: Int
    /// Of these, evaluations of pairs that were left out because their loss was not finite.
    public let nonfinite: Int

    enum CodingKeys: String, CodingKey {
        case value, interval95, samples, nonfinite
        case standardError = "standard_error"
    }

    /// Averages antithetic pairs (L(θ+ε) + L(θ−ε))/2 − L(θ), which cancels all odd orders of ε.
    ///
    /// - Parameter pairs: at least 2. 50, ours.
    public init(
        _ objective: any Objective, at theta: [Double], deviation: Double, scaling: [Double]? = nil, pairs: Int = 50,
        seed: UInt64 = 0,
        progress: (Int) throws -> Void = { _ in }
    ) throws {
        precondition(pairs >= 2 && deviation > 0, "\(pairs) pairs of deviation \(deviation)")
        let random = RandomNumbers(seed: seed).named("average case")
        let center = try objective.value(at: theta)
        var increases: [Double] = []
        for pair in 0..<pairs {
            try progress(pair)
            let epsilon = Vectors.product(scaling, random.named("pair \(pair)").normals(theta.count))
            let up = try objective.value(at: Vectors.sum(theta, deviation, epsilon))
            let down = try objective.value(at: Vectors.sum(theta, -deviation, epsilon))
            let increase = (up + down) / 2 - center
            if increase.isFinite { increases.append(increase) }
        }
        (samples, nonfinite) = (2 * pairs, 2 * (pairs - increases.count))
        guard increases.count >= 2 else {
            (value, standardError, interval95) = (.nan, .nan, nil)
            return
        }
        let mean = StochasticEstimate(samples: increases)
        (value, standardError, interval95) = (mean.value, mean.standardError ?? .nan, mean.interval95)
    }
}
