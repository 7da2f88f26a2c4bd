import Datasets
import Foundation
import Objectives
import Tensors
import Testing

@testable import Training

/// Labels 0 and 1 with one output: logistic regression, whose gradient is Σ (σ(z) − y) x̃/n and whose Hessian is Σ σ(1 − σ) x̃x̃ᵀ/n, with
/// x̃ = (x, 1).
@Suite struct YesOrNoLabelTests {
    let x: [[Double]] = [[1, 2, -1], [0.5, -1, 3], [-2, 0.25, 1], [1.5, 1, 0.5], [0, -0.5, 2], [1, 1, 1]]
    let labels: [Int32] = [1, 0, 0, 1, 1, 0]

    func trainer(_ loss: String) throws -> Trainer {
        var configuration = TrainingConfiguration(model: "mlp:3-1", data: .spirals, optimizer: .sgd)
        (configuration.loss, configuration.precision) = (try .init(specification: loss), .double)
        (configuration.momentum, configuration.weightDecay, configuration.learningRate) = (0, 0, 0.1)
        (configuration.schedule, configuration.length) = (.constant, .steps(3))
        let data = Dataset(
            name: "yes or no", inputs: .doubles(x.flatMap { $0 }), exampleShape: [3],
            targets: .classes(labels, count: 2))
        return try Trainer(configuration, data: try configuration.preparation().prepare(train: data, test: data))
    }

    /// Each example's (σ(z), x̃, y).
    func rows(_ theta: [Double]) -> [(sigma: Double, input: [Double], label: Double)] {
        zip(x, labels).map { row, label in
            let input = row + [1]
            return (1 / (1 + exp(-Vectors.dot(input, theta))), input, Double(label))
        }
    }

    @Test func logisticRegression() throws {
        let trainer = try trainer("bce")
        #expect(trainer.network.outputs == 1 && trainer.data.record.outputs == 1)
        var theta = trainer.state.theta
        for _ in 0..<3 {
            var gradient = [Double](repeating: 0, count: 4)
            for row in rows(theta) { Vectors.add((row.sigma - row.label) / 6, row.input, to: &gradient) }
            Vectors.add(-0.1, gradient, to: &theta)
        }
        let outcome = try trainer.run()
        #expect(zip(trainer.state.theta, theta).allSatisfy { abs($0 - $1) < 1e-13 })
        let loss = rows(theta).reduce(0) { $0 - log($1.label == 1 ? $1.sigma : 1 - $1.sigma) / 6 }
        #expect(abs(try #require(outcome.trainLoss) - loss) < 1e-13 && outcome.testLoss == outcome.trainLoss)
        // An analysis of the checkpoint looks at the same loss.
        let model = trainer.model, v = [0.3, -1, 0.2, 0.7]
        let objective = try ModelLoss(model, on: trainer.data.train)
        #expect(objective.classes == [[1, 2, 5], [0, 3, 4]])
        var product = [Double](repeating: 0, count: 4)
        for row in rows(theta) {
            Vectors.add(row.sigma * (1 - row.sigma) * Vectors.dot(row.input, v) / 6, row.input, to: &product)
        }
        let found = try objective.hessianVectorProduct(at: model.theta, along: v)
        #expect(zip(found, product).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    /// A regression takes them for numbers as well; classes need an output each.
    @Test func otherLosses() throws {
        let trainer = try trainer("half-mse")
        let theta = trainer.state.theta
        let loss = zip(x, labels).reduce(0) { $0 + pow(Vectors.dot($1.0 + [1], theta) - Double($1.1), 2) / 12 }
        #expect(abs(try trainer.objective(on: trainer.data.train).value(at: theta) - loss) < 1e-13)
        #expect(throws: (any Error).self) { try self.trainer("cross-entropy") }
    }
}
