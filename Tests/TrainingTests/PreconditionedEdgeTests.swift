import Datasets
import Foundation
import MatrixFree
import Models
import Objectives
import Tensors
import Testing

@testable import Training

/// The edge of stability of Adam and AdamW with P as it is.
@Suite struct PreconditionedEdgeTests {
    /// On a quadratic with v held, the rule shrinks θ below the edge and blows it up above.
    @Test(arguments: [(0.9, 0.0, false), (0.5, 0.0, false), (0.9, 0.3, false), (0.9, 0.3, true)])
    func quadratic(_ beta: Double, _ decay: Double, _ isDecoupled: Bool) throws {
        let rate = 0.01, root = 0.25
        for (factor, grows) in [(0.98, false), (1.02, true)] {
            // β₂ of almost 1 holds v.
            var adam = Adam(beta1: beta, beta2: 1 - 1e-12, weightDecay: decay, decouplesDecay: isDecoupled)
            // After many steps nothing is left of the bias corrections.
            let step = 1_000_000_000_000_000
            adam.state = [Adam.meanName: [0], Adam.squareName: [root * root]]
            let rule = try #require(Preconditioner(adam, step: step, learningRate: rate))
            let p = rule.diagonal[0]
            // λ + w of P⁻¹(H + w) where the decay is part of the gradient.
            let curvature = factor * rule.edge * p - rule.weightDecay
            var theta = [1.0], most = 0.0
            for i in 0..<3000 {
                adam.update(&theta, gradient: [curvature * theta[0]], learningRate: rate, step: step)
                adam.state[Adam.squareName] = [root * root]
                // Far out, the gradients of one step count in v.
                if i >= 2900 { most = max(most, abs(theta[0])) }
            }
            #expect(grows ? most > 10 : most < 1e-3, "\(factor): \(most)")
        }
    }

    /// What a training records is λmax of P^(−½)(H + w)P^(−½) with P of the checkpoint's own state.
    @Test(arguments: [OptimizerKind.adam, .adamw]) func tracked(_ optimizer: OptimizerKind) throws {
        var configuration = digits("mlp:64-6-10", optimizer, epochs: 1)
        (configuration.examples, configuration.batchSize, configuration.weightDecay) = (100, 100, 0.01)
        (configuration.precision, configuration.length) = (.double, .steps(7))
        let trainer = try Trainer(configuration)
        trainer.sharpnessTracking = SharpnessTracking(every: 1)
        let outcome = try trainer.run()
        let record = try #require(outcome.checkpoint.metadata.history.last)
        let found = try #require(TrackedSharpness(step: record.step, measures: record.measures ?? [:]))
        let scaled = try #require(found.preconditioned)
        let squares = try #require(trainer.state.optimizer.state["exp_avg_sq"])
        let scale: Double = 1 - pow(0.9, 7.0), root: Double = (1 - pow(0.999, 7.0)).squareRoot()
        let d = squares.map { 1 / (scale * ($0.squareRoot() / root + 1e-8)).squareRoot() }
        let objective = try trainer.objective(on: trainer.data.train), n = trainer.state.theta.count
        let w = optimizer == .adam ? 0.01 : 0
        let rows = try (0..<n).map { i in
            var row = try objective.hessianVectorProduct(
                at: trainer.state.theta, along: (0..<n).map { $0 == i ? 1 : 0 })
            row[i] += w
            for j in 0..<n { row[j] *= d[i] * d[j] }
            return row
        }
        let exact = try SymmetricMatrix(dimension: n, elements: rows.flatMap { $0 }).eigendecomposition().values.last!
        #expect(abs(scaled.largestEigenvalue - exact) < 1e-3 * exact && scaled.residual < 2e-3 * exact)
        let rate = trainer.learningRate(step: 6)
        let edge = optimizer == .adam ? 2 * 1.9 / (0.1 * rate) : 1.9 / 0.1 * (2 / rate - 0.01)
        #expect(abs(scaled.edge - edge) < 1e-9 * edge && found.edge == nil)
        // A record keeps it.
        #expect(TrackedSharpness(step: found.step, measures: found.measures) == found)
    }

    /// A training at its end, the gradient of all its examples there, and how far one more step by them moves θ.
    private static func stepped(
        _ configuration: TrainingConfiguration
    ) throws -> (checkpoint: Checkpoint, gradient: [Double], moved: [Double]) {
        let trainer = try Trainer(configuration)
        _ = try trainer.run()
        let checkpoint = trainer.checkpoint(), theta = trainer.state.theta
        let gradient = try trainer.objective(on: trainer.data.train).valueAndGradient(at: theta).gradient
        try trainer.step(Array(0..<100), configuration.learningRate)
        return (checkpoint, gradient, Vectors.sum(trainer.state.theta, -1, theta))
    }

    /// The next step at rate 1: a training's own next step divided by its rate; and −P⁻¹(g + wθ).
    @Test(arguments: [OptimizerKind.sgd, .adam, .adamw, .muon]) func nextStep(_ optimizer: OptimizerKind) throws {
        var configuration = digits("mlp:64-6-6-10", optimizer, epochs: 1)
        (configuration.examples, configuration.batchSize, configuration.weightDecay) = (100, 100, 0.01)
        (configuration.precision, configuration.length, configuration.schedule) = (.double, .steps(7), .constant)
        let (checkpoint, gradient, moved) = try Self.stepped(configuration), theta = checkpoint.theta
        let step = try OptimizerStep.update.direction(of: checkpoint, gradient: gradient)
        let size = Vectors.norm(moved)
        #expect(Vectors.norm(Vectors.sum(moved, -configuration.learningRate, step)) < 1e-9 * size)
        guard optimizer == .adam || optimizer == .adamw else {
            #expect(throws: OptimizerStep.Failure.self) {
                try OptimizerStep.preconditioned.direction(of: checkpoint, gradient: gradient)
            }
            return
        }
        let found = try OptimizerStep.preconditioned.direction(of: checkpoint, gradient: gradient)
        let adam = try Trainer(configuration, resuming: checkpoint).state.optimizer
        let squares = try #require(adam.state["exp_avg_sq"])
        let scale: Double = 1 - pow(0.9, 7.0), root: Double = (1 - pow(0.999, 7.0)).squareRoot()
        for (i, square) in squares.enumerated() {
            let decay = optimizer == .adam ? 0.01 * theta[i] : 0
            let exact = -(gradient[i] + decay) / (scale * (square.squareRoot() / root + 1e-8))
            #expect(abs(found[i] - exact) <= 1e-12 * abs(exact))
        }
    }

    /// Clipped gradients, and rules whose step a gradient at θ does not tell.
    @Test func clippedAndAscending() throws {
        var configuration = digits("mlp:64-6-6-10", .sgd, epochs: 1)
        (configuration.examples, configuration.batchSize, configuration.gradientClip) = (100, 100, 0.01)
        (configuration.precision, configuration.length, configuration.schedule) = (.double, .steps(7), .constant)
        let (checkpoint, gradient, moved) = try Self.stepped(configuration)
        let step = try OptimizerStep.update.direction(of: checkpoint, gradient: gradient)
        #expect(
            Vectors.norm(Vectors.sum(moved, -configuration.learningRate, step)) < 1e-9 * Vectors.norm(moved))
        configuration.optimizer = .sam
        let aware = try Trainer(configuration)
        _ = try aware.run()
        #expect(throws: OptimizerStep.Failure.self) {
            try OptimizerStep.update.direction(of: aware.checkpoint(), gradient: gradient)
        }
    }

    /// A training that diverges says so, whether its sharpness is tracked or not.
    @Test func divergesWhileTracked() throws {
        var configuration = digits("mlp:64-8-10", .sgd, epochs: 4)
        (configuration.examples, configuration.learningRate) = (50, 1e10)
        let trainer = try Trainer(configuration)
        trainer.sharpnessTracking = SharpnessTracking(every: 1)
        let failure = #expect(throws: TrainingError.self) { try trainer.run() }
        guard case .diverged = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func others() throws {
        var configuration = digits("mlp:64-6-10", .sgd, epochs: 1)
        configuration.examples = 100
        let trainer = try Trainer(configuration)
        trainer.sharpnessTracking = SharpnessTracking(every: 1)
        let record = try #require(try trainer.run().checkpoint.metadata.history.last)
        #expect(TrackedSharpness(step: 1, measures: record.measures ?? [:])?.preconditioned == nil)
        #expect(Preconditioner(Adam(), step: 0, learningRate: 0.1) == nil)
    }
}
