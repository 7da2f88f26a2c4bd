import Datasets
import Objectives
import Tensors
import Testing

@testable import Training

/// Full-batch descent on a Chebyshev polynomial at 20 points with a 1-100-1 tanh network, ½ mean r² in Float64.
func edgeOfStability(
    degree: Int, _ optimizer: OptimizerKind, rate: Double, steps: Int,
    _ change: (inout TrainingConfiguration) -> Void = { _ in }
) -> TrainingConfiguration {
    var configuration = TrainingConfiguration(
        model: "mlp:1-100-1;activation=tanh", data: .chebyshev(degree: degree), optimizer: optimizer)
    (configuration.momentum, configuration.weightDecay, configuration.learningRate) = (0, 0, rate)
    (configuration.schedule, configuration.length) = (.constant, .steps(steps))
    (configuration.loss, configuration.precision) = (.halfMeanSquaredError, .double)
    change(&configuration)
    return configuration
}

@Suite struct EdgeOfStabilityTests {
    /// λmax settles within 2 % of 2/η (Cohen et al. 2021, arXiv 2103.00065). PyTorch's initial values start at λmax = 22, beyond
    /// 2/η = 10 already, hence the warm-up.
    @Test func sharpnessSettlesAtTwoOverTheRate() throws {
        let outcome = try Trainer(
            edgeOfStability(degree: 4, .sgd, rate: 0.2, steps: 10_000) { $0.warmup = .steps(2000) }
        ).run()
        let model = try TrainedModel(outcome.checkpoint), objective = try model.objective(model.dataset())
        var v = RandomNumbers(seed: 1).normals(model.theta.count), lambda = 0.0
        for _ in 0..<100 {
            Vectors.scale(&v, by: 1 / Vectors.norm(v))
            let product = try objective.hessianVectorProduct(at: model.theta, along: v)
            (lambda, v) = (Vectors.dot(v, product), product)
        }
        #expect(abs(lambda * 0.2 / 2 - 1) < 0.02, "λmax \(lambda)")
    }
}
