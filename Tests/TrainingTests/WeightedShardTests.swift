import Datasets
import Networks
import Tensors
import Testing

@testable import Training

/// m-SAM where elements have weights: the gradients of shards are averaged as the loss of the batch is, Σ wℓ by Σ w.
@Suite struct WeightedShardTests {
    /// Without a climb, it is SGD's step, however the weights lie in the shards.
    @Test(arguments: [1, 2, 4, 5]) func withoutAClimb(_ m: Int) throws {
        let x = (0..<18).map { Double($0 * $0 % 7) / 3 - 1 }
        func step(_ optimizer: OptimizerKind) throws -> [Double] {
            var configuration = TrainingConfiguration(model: "mlp:3-3", data: .spirals, optimizer: optimizer)
            configuration.loss = Loss.crossEntropy(labelSmoothing: 0)
            configuration.loss?.classWeights = [0.2, 3, 0]
            (configuration.precision, configuration.momentum, configuration.weightDecay) = (.double, 0, 0)
            (configuration.schedule, configuration.length) = (.constant, .steps(1))
            if optimizer == .sam { (configuration.rho, configuration.m) = (1e-12, m) }
            let data = Dataset(
                name: "weighted", inputs: .doubles(x), exampleShape: [3],
                targets: .classes([0, 1, 1, 2, 2, 0], count: 3))
            let trainer = try Trainer(
                configuration, data: try configuration.preparation().prepare(train: data, test: nil))
            _ = try trainer.run()
            return trainer.state.theta
        }
        let sgd = try step(.sgd), sam = try step(.sam)
        #expect(Vectors.norm(Vectors.sum(sgd, -1, sam)) < 1e-10)
    }
}
