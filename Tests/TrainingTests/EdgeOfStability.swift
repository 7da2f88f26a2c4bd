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
