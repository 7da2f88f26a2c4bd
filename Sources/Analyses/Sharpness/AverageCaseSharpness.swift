import Objectives
import Tensors

/// E L(θ+ε) − L(θ) for ε ~ N(0, ρ²T²): ρ is the standard deviation of each weight, not the radius of a ball.
public struct AverageCaseSharpness: Sendable, Codable {
    /// The mean increase over antithetic pairs.
    public let value: Double
    /// Of the mean over antithetic pairs.
    public let standardError: Double
    /// Evaluations: two a pair.
    public let samples: Int

    enum CodingKeys: String, CodingKey {
        case value, samples
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
            increases.append((up + down) / 2 - center)
        }
        let mean = increases.reduce(0, +) / Double(pairs)
        let variance = increases.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(pairs - 1)
        (value, standardError, samples) = (mean, (variance / Double(pairs)).squareRoot(), 2 * pairs)
    }
}
