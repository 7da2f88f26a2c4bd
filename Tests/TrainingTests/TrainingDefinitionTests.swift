import Datasets
import Models
import Networks
import Objectives
import Tensors
import Testing

@testable import Training

/// Sentences of docs/definitions.md about training, each beside the wrong version it excludes.
@Suite struct TrainingDefinitionTests {
    /// The running statistics after a step of SAM are those of a step of SGD from the same weights: the second pass, at θ + ε, is not
    /// seen. A momentum of 0.1 over two passes would leave (1 − 0.1)² of the old value in place of 1 − 0.1.
    @Test(arguments: [OptimizerKind.sam, .asam, .gsam, .looksam, .fsam, .eigensam])
    func statisticsAreThoseOfTheFirstPass(_ optimizer: OptimizerKind) throws {
        func buffers(_ kind: OptimizerKind) throws -> (before: [Double], after: [Double], theta: [Double]) {
            var configuration = digits("resnet8", kind)
            (configuration.examples, configuration.precision, configuration.rho) = (40, .double, 1)
            let trainer = try Trainer(configuration)
            let before = trainer.state.buffers
            try trainer.step(Array(0..<40), 0.1)
            return (before, trainer.state.buffers, trainer.state.theta)
        }
        let plain = try buffers(.sgd), aware = try buffers(optimizer)
        #expect(plain.before != plain.after && plain.theta != aware.theta)
        #expect(aware.after == plain.after)
    }

    /// The loss that is reported is the mean of ½r² at the final weights, without the decay's ½λ‖θ‖², which here is as large.
    @Test func decayIsNoPartOfTheLoss() throws {
        let x = RandomNumbers(seed: 1).normals(60), y = RandomNumbers(seed: 2).normals(20)
        let data = Dataset(
            name: "normal", inputs: .doubles(x), exampleShape: [3], targets: .values(y, width: 1))
        var configuration = TrainingConfiguration(model: "linear", data: .spirals)
        (configuration.loss, configuration.precision) = (.halfMeanSquaredError, .double)
        (configuration.weightDecay, configuration.length) = (1, .steps(5))
        let outcome = try Trainer(configuration, data: try configuration.preparation().prepare(train: data, test: nil))
            .run()
        let theta = outcome.checkpoint.theta
        let half = (0..<20).reduce(0.0) { sum, row in
            let output = (0..<3).reduce(theta[3]) { $0 + theta[$1] * x[row * 3 + $1] }
            return sum + 0.5 * (output - y[row]) * (output - y[row])
        }
        let found = try #require(outcome.trainLoss)
        #expect(abs(found - half / 20) < 1e-14)
        #expect(0.5 * Vectors.dot(theta, theta) > 1e-3, "the decay's term would show")
    }

    /// What is reported after a training with augmentation is the loss of the images as they are.
    @Test func augmentationIsForTrainingAlone() throws {
        var configuration = digits("lenet", epochs: 1)
        (configuration.augmentation, configuration.examples) = (.all, 100)
        let trainer = try Trainer(configuration)
        let outcome = try trainer.run()
        let theta = outcome.checkpoint.theta
        let plain = try NetworkObjective(
            network: trainer.network, data: try DataSpecification.digits.load(.train).prefix(100),
            loss: .crossEntropy(labelSmoothing: 0))
        #expect(outcome.trainLoss == (try plain.value(at: theta)))
        let model = try Model(outcome.checkpoint)
        #expect(try model.objective(model.dataset()).value(at: model.theta) == outcome.trainLoss)
        // What the steps saw was something else.
        #expect(outcome.checkpoint.metadata.history.last?.trainLoss != outcome.trainLoss)
    }
}
