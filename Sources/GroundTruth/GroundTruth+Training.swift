import Landscape
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

    /// The edge of stability (Cohen et al. 2021, arXiv 2103.00065): full-batch gradient descent on 20 points of a Chebyshev
    /// polynomial with a 1-100-1 tanh network holds λmax at 2/η.
    static func training() -> [Claim] {
        [0.2, 0.4].map { rate in
            Claim("edge of stability", "T4, η = \(rate): λmax η/2 settles at 1", within: 0.02) {
                var configuration = TrainingConfiguration(
                    model: "mlp:1-100-1;activation=tanh", data: .chebyshev(degree: 4), optimizer: .sgd)
                (configuration.momentum, configuration.weightDecay, configuration.learningRate) = (0, 0, rate)
                (configuration.schedule, configuration.length) = (.constant, .steps(10_000))
                // PyTorch's initial values start beyond 2/η.
                configuration.warmup = .steps(2000)
                (configuration.loss, configuration.precision) = (.halfMeanSquaredError, .double)
                let model = try TrainedModel(try Trainer(configuration).run().checkpoint)
                let objective = try model.objective(try model.dataset())
                let top = try lanczos(CurvatureOperator(objective, at: model.theta), tolerance: 1e-4)
                return abs(top.largest[0].value * rate / 2 - 1)
            }
        }
    }
}
