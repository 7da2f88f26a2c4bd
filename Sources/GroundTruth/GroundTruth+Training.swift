import Analyses
import MatrixFree
import Training

extension GroundTruth {
    /// Rank correlations that can be counted by hand.
    static func statistics() -> [Claim] {
        [
            Claim("statistics", "Kendall's τ-b: 3 of 4 ranks in order, and with ties", within: 1e-15) {
                // 6 pairs, 5 in order and 1 not.
                let plain = KendallTau.value([1, 2, 3, 4], [1, 2, 4, 3]) ?? .nan
                // 6 pairs, one of them tied in y: 2 in order, 3 not.
                let tied = KendallTau.value([1, 2, 3, 4], [1, 1, 2, 0]) ?? .nan
                return relativeDifference([plain, tied], [4.0 / 6, -1 / 30.0.squareRoot()])
            }
        ]
    }

    /// A training on 20 points of a Chebyshev polynomial: a 1-100-1 tanh network, full batches, ½ mean r², in Float64. PyTorch's
    /// initial values start beyond 2/η, so the rate rises slowly; where it rises within 4000 steps, T5 at η = 0.4 is thrown off again
    /// and again (docs/explanation/science.md).
    private static func chebyshev(
        _ degree: Int, rate: Double, warmup: Int, steps: Int, _ optimizer: OptimizerKind = .sgd, rho: Double = 0.05
    ) throws -> Trainer {
        var configuration = TrainingConfiguration(
            model: "mlp:1-100-1;activation=tanh", data: .chebyshev(degree: degree), optimizer: optimizer)
        (configuration.momentum, configuration.weightDecay, configuration.learningRate) = (0, 0, rate)
        (configuration.schedule, configuration.length) = (.constant, .steps(steps))
        (configuration.warmup, configuration.rho) = (.steps(warmup), rho)
        (configuration.loss, configuration.precision) = (.halfMeanSquaredError, .double)
        return try Trainer(configuration)
    }

    /// λmax over the edge: the mean over the last 2000 steps, measured at every 99th because iterates beyond the edge alternate from
    /// step to step.
    private static func settledRatio(_ trainer: Trainer) throws -> Double {
        let tracking = SharpnessTracking(every: 99, after: trainer.totalSteps - 2000)
        trainer.sharpnessTracking = tracking
        // An epoch is a step here. The last one is measured in any case.
        let ratios = try trainer.run().checkpoint.metadata.history.filter { $0.step % tracking.every == 0 }.compactMap {
            TrackedSharpness(step: $0.step, measures: $0.measures ?? [:]).map {
                $0.largestEigenvalue / ($0.edge ?? .nan)
            }
        }
        return ratios.reduce(0, +) / Double(ratios.count)
    }

    /// The edge of stability (Cohen et al. 2021, arXiv 2103.00065): full-batch gradient descent holds λmax at 2/η; SAM at its own edge
    /// (Long & Bartlett 2023, arXiv 2309.12488), and with too large a radius it ends at the trivial solution.
    static func training() -> [Claim] {
        var claims: [Claim] = []
        for (degree, warmup) in [(4, 4000), (5, 20_000)] {
            for rate in [0.2, 0.4] {
                claims.append(
                    Claim("edge of stability", "T\(degree), η = \(rate): λmax η/2 settles at 1", within: 0.02) {
                        let trainer = try chebyshev(degree, rate: rate, warmup: warmup, steps: warmup + 6000)
                        return abs(try settledRatio(trainer) - 1)
                    })
            }
        }
        for degree in [4, 5] {
            claims.append(
                Claim(
                    "edge of stability", "T\(degree), SAM, ρ = 0.05, η = 0.1: λmax settles at SAM's edge", within: 0.03
                ) {
                    let trainer = try chebyshev(degree, rate: 0.1, warmup: 2000, steps: 8000, .sam)
                    return abs(try settledRatio(trainer) - 1)
                })
        }
        claims.append(
            Claim(
                "edge of stability", "T5, SAM, ρ = 0.3, η = 0.1: collapses, and says so (0 yes); ρ = 0.05 does not",
                within: 0
            ) {
                let warnings = try [0.3, 0.05].map { rho in
                    try chebyshev(5, rate: 0.1, warmup: 2000, steps: 5000, .sam, rho: rho).run().warnings
                }
                return warnings[0].contains { $0.contains("trivial solution") } && warnings[1].isEmpty ? 0 : .infinity
            })
        return claims
    }
}
