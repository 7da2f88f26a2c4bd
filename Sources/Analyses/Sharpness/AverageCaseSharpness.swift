import Objectives
import Tensors

/// E L(θ+ε) − L(θ) for ε ~ N(0, ρ²T²): ρ is the standard deviation of each weight, not the radius of a ball.
public struct AverageCaseSharpness: Sendable, Codable {
    /// The mean increase over the antithetic pairs whose losses are finite; NaN where there are fewer than two.
    public let value: Double
    /// Of the mean over antithetic pairs.
    public let standardError: Double
    /// Evaluations: two a pair.
    public let samples: Int
    /// Of these, evaluations of pairs that were left out because their loss was not finite.
    public let nonfinite: Int

    enum CodingKeys: String, CodingKey {
        case value, samples, nonfinite
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
            (value, standardError) = (.nan, .nan)
            return
        }
        let count = Double(increases.count)
        let mean = increases.reduce(0) { $0 + $1 / count }
        // Of numbers near the largest that there are, squares would overflow.
        let scale = max(increases.reduce(0) { max($0, abs($1 - mean)) }, .leastNormalMagnitude)
        let variance = increases.reduce(0) { $0 + (($1 - mean) / scale) * (($1 - mean) / scale) } / (count - 1)
        (value, standardError) = (mean, scale * (variance / count).squareRoot())
    }
}
