import ArrayFiles
import Datasets
import Foundation
import Models
import Networks
import Objectives
import Tensors
import TestSupport
import Testing

@testable import Training

func digits(_ model: String = "mlp:64-32-10", _ optimizer: OptimizerKind = .sgd, epochs: Double = 3)
    -> TrainingConfiguration
{
    var configuration = TrainingConfiguration(model: model, data: .digits, optimizer: optimizer)
    configuration.length = .epochs(epochs)
    return configuration
}

/// The gradient of a training's first 30 examples, in Float64.
func batchGradient(of trainer: Trainer, at theta: [Double]) throws -> [Double] {
    let batches = try BatchGradient(
        network: trainer.network, data: trainer.data.train, loss: trainer.loss, batchSize: 30, precision: .double)
    var gradient = [Double](repeating: 0, count: theta.count)
    _ = try batches.evaluate(at: theta, examples: Array(0..<30), gradient: &gradient)
    return gradient
}

@Suite struct TrainerTests {
    @Test func learnsDigits() throws {
        var records: [EpochRecord] = [], reports: [TrainingProgress] = []
        let trainer = try Trainer(digits(epochs: 10))
        trainer.onEpoch = { records.append($0) }
        trainer.onProgress = { reports.append($0) }
        let outcome = try trainer.run()
        #expect(outcome.isFinished && outcome.warnings.isEmpty && outcome.files.isEmpty)
        #expect(try #require(outcome.testAccuracy) > 0.9)
        #expect(outcome.seconds < 10)
        #expect(outcome.steps == trainer.totalSteps && outcome.gradientEvaluations == outcome.steps)
        #expect(records.map(\.epoch) == Array(1...10) && records == outcome.checkpoint.metadata.history)
        #expect(records.last?.testAccuracy == outcome.testAccuracy)
        #expect(reports.last?.step == outcome.steps && reports.count <= Int(outcome.seconds * 10) + 2)
        // The checkpoint is the model: its loss is that of the end.
        let model = try Model(outcome.checkpoint)
        #expect(try model.objective(model.dataset()).value(at: model.theta) == outcome.trainLoss)
        #expect(try model.objective(model.dataset(.test)).evaluate(at: model.theta).accuracy == outcome.testAccuracy)
    }

    /// SAM and ASAM take two gradients a step.
    @Test(arguments: [OptimizerKind.sam, .asam, .adam, .adamw, .nesterov, .fsam, .muon]) func everyOptimizerLearns(
        _ kind: OptimizerKind
    ) throws {
        var configuration = digits(kind == .muon ? "mlp:64-32-32-10" : "mlp:64-32-10", kind, epochs: 15)
        // A tenfold rate for Adam: its own is for longer trainings than 180 steps.
        if kind == .adam || kind == .adamw { configuration.learningRate = 0.01 }
        if kind == .muon { configuration.adamRate = 0.01 }
        let outcome = try Trainer(configuration).run()
        #expect(try #require(outcome.testAccuracy) > 0.85)
        #expect(outcome.gradientEvaluations == outcome.steps * (kind.ascends ? 2 : 1))
        #expect(try TrainingConfiguration(outcome.checkpoint.metadata) == configuration)
    }

    /// One SAM step by hand: θ − η ∇L(θ + ρg/‖g‖), decay at θ, from the objective's own gradients.
    @Test func oneStepOfSAM() throws {
        var configuration = digits("mlp:64-32-10", .sam)
        configuration.precision = .double
        configuration.batchSize = 10_000
        configuration.schedule = .constant
        configuration.length = .steps(1)
        let trainer = try Trainer(configuration)
        let start = trainer.state.theta
        let objective = try NetworkObjective(
            network: trainer.network, data: trainer.data.train, loss: trainer.loss, precision: .double
        )
        let g = try objective.valueAndGradient(at: start).gradient
        let climbed = try objective.valueAndGradient(at: Vectors.sum(start, 0.05 / Vectors.norm(g), g)).gradient
        let expected = zip(start, climbed).map { $0 - 0.05 * ($1 + 5e-4 * $0) }
        let found = try trainer.run().checkpoint.theta
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 })
    }

    @Test func batchNormTrains() throws {
        var configuration = digits("resnet8", epochs: 8)
        configuration.examples = 600
        let outcome = try Trainer(configuration).run()
        #expect(try #require(outcome.testAccuracy) > 0.6)
        #expect(
            outcome.checkpoint.buffers.contains {
                $0.name == "bn1.running_mean" && $0.array.doubles.contains { $0 != 0 }
            })
        #expect(try Model(outcome.checkpoint).dataset().count == 600)
    }

    /// Label noise is in the training split alone, label smoothing in the loss.
    @Test func noiseAndSmoothing() throws {
        var configuration = digits(epochs: 1)
        configuration.labelNoise = 0.25
        configuration.labelSmoothing = 0.1
        configuration.standardizes = true
        let outcome = try Trainer(configuration).run()
        let model = try Model(outcome.checkpoint)
        #expect(model.loss == .crossEntropy(labelSmoothing: 0.1) && outcome.checkpoint.metadata.loss.hasSuffix("=0.1"))
        let clean = try DataSpecification.digits.load()
        let noisy = try model.dataset(), test = try model.dataset(.test)
        let changed = zip(try #require(clean.labels), try #require(noisy.labels)).filter { $0 != $1 }.count
        #expect(changed == Int((Double(clean.count) * 0.25).rounded()))
        #expect(test.labels == (try DataSpecification.digits.load(.test)).labels)
        #expect(noisy.inputs != clean.inputs)
        #expect(try model.objective(noisy).value(at: model.theta) == outcome.trainLoss)
        #expect(try model.dataset(examples: 100) == noisy.prefix(100))
    }

    @Test func regression() throws {
        var configuration = TrainingConfiguration(model: "mlp:1-20-1;activation=tanh", data: .chebyshev(degree: 3))
        configuration.length = .steps(300)
        configuration.schedule = .constant
        configuration.loss = .halfMeanSquaredError
        let outcome = try Trainer(configuration).run()
        #expect(outcome.testLoss == nil && outcome.trainAccuracy == nil)
        #expect(try #require(outcome.trainLoss) < outcome.checkpoint.metadata.history[0].trainLoss)
        #expect(outcome.checkpoint.metadata.model == "mlp:1-20-1;activation=tanh")
    }

    /// The same bits for one thread and two.
    @Test(arguments: ["mlp:64-32-10", "resnet8"]) func threads(_ model: String) throws {
        var configuration = digits(model, .sam, epochs: 1)
        configuration.examples = 300
        var checkpoints: [Checkpoint] = []
        for threads in [1, 2] {
            Threads.count = threads
            checkpoints.append(try Trainer(configuration).run().checkpoint)
        }
        #expect(checkpoints[0] == checkpoints[1])
    }

    @Test func savesEveryFewEpochs() throws {
        let folder = try Folder()
        var configuration = digits(epochs: 5)
        configuration.examples = 100
        configuration.saveEvery = 2
        let outcome = try Trainer(configuration).run(to: folder.path("run.bin"))
        let names = ["run.epoch000.bin", "run.epoch002.bin", "run.epoch004.bin", "run.bin"]
        #expect(outcome.files == names.map { folder.path($0) })
        let epochs = try outcome.files.map { try Checkpoint.read($0).metadata.epoch }
        #expect(epochs == [0, 2, 4, 5])
        #expect(try Checkpoint.read(folder.path("run.bin")) == outcome.checkpoint)
        #expect(CheckpointSeries.path("a.b/ckpt", epoch: 12) == "a.b/ckpt.epoch012")
        #expect(CheckpointSeries.path("x.bin", epoch: 1234) == "x.epoch1234.bin")
    }

    /// A loss that overflows stops the training; the last whole epoch stays on disk.
    @Test func divergence() throws {
        let folder = try Folder()
        var configuration = TrainingConfiguration(model: "linear", data: .chebyshev(degree: 2))
        configuration.momentum = 0
        configuration.learningRate = 1e6
        configuration.schedule = .constant
        configuration.length = .epochs(1000)
        let trainer = try Trainer(configuration)
        let error = #expect(throws: TrainingError.self) { try trainer.run(to: folder.path("ckpt.bin")) }
        guard case .diverged(let divergence)? = error else { Issue.record("\(String(describing: error))"); return }
        #expect(divergence.step > 1 && divergence.learningRate == 1e6 && divergence.lastFiniteLoss != nil)
        let kept = try Checkpoint.read(try #require(divergence.lastGood))
        #expect(kept.theta.allSatisfy(\.isFinite) && kept.metadata.epoch > 0)
        let text = try #require(error).description
        #expect(text.contains("--lr") && text.contains("not finite") && text.contains("ckpt.epoch"))
        #expect(!FileManager.default.fileExists(atPath: folder.path("ckpt.bin")))
    }

    /// A batch of one example of a network that normalises over the batch is refused before the work.
    @Test(
        arguments: [
            (60, 59, nil, 1, true), (60, 58, nil, 1, false), (60, 60, nil, 1, false), (60, 1, nil, 1, true),
            (61, 60, nil, 1, true), (61, 20, nil, 1, true), (61, 20, nil, 3, true), (62, 20, nil, 3, false),
            (60, 20, 1, 1, true), (60, 20, 19, 1, true), (60, 20, 18, 1, false), (1, 128, nil, 1, true),
        ] as [(Int, Int, Int?, Int, Bool)])
    func batchesOfOne(_ examples: Int, _ batch: Int, _ m: Int?, _ accumulation: Int, _ isRefused: Bool) throws {
        func configuration(_ model: String) -> TrainingConfiguration {
            var configuration = digits(model, m == nil ? .sgd : .sam, epochs: 1)
            (configuration.examples, configuration.batchSize) = (examples, batch)
            (configuration.m, configuration.accumulation) = (m, accumulation)
            return configuration
        }
        let normalized = configuration("mlp:64-8-10;norm=batch")
        if isRefused {
            let error = #expect(throws: ObjectiveError.self) { try Trainer(normalized) }
            #expect(try #require(error).description.contains("one value a channel"))
        } else {
            _ = try Trainer(normalized)
        }
        for model in ["mlp:64-8-10", "mlp:64-8-10;norm=layer"] { _ = try Trainer(configuration(model)) }
    }

    /// The advice can be followed.
    @Test func adviceOnBatchesOfOne() throws {
        for (examples, batch) in [(60, 59), (61, 60), (61, 20), (3, 2), (3, 1), (127, 126), (60, 1)] {
            var configuration = digits("mlp:64-8-10;norm=batch", epochs: 1)
            (configuration.examples, configuration.batchSize) = (examples, batch)
            let error = #expect(throws: ObjectiveError.self) { try Trainer(configuration) }
            let advice = try #require(error).description
            let size = try #require(advice.firstMatch(of: /--batch-size (\d+)/).flatMap { Int($0.1) })
            configuration.batchSize = size
            #expect(try Trainer(configuration).run().isFinished)
        }
    }

    /// Hints name numbers that can be given, and smaller ones.
    @Test(arguments: [1e300, 1e40, 1e10]) func hintsCanBeFollowed(_ rate: Double) throws {
        for optimizer in [OptimizerKind.sgd, .sam, .adam] {
            var configuration = digits("mlp:64-8-10", optimizer, epochs: 2)
            (configuration.learningRate, configuration.rho) = (rate, rate)
            do {
                _ = try Trainer(configuration).run()
                #expect(rate < 1e40 && optimizer == .adam, "it did not diverge")
            } catch TrainingError.diverged(let divergence) {
                for match in divergence.advice.matches(of: /such as ([^)]*)\)/) {
                    let value = try #require(Double(match.1))
                    #expect(value.isFinite && value > 0 && value < rate / 2, "\(divergence.advice)")
                }
                #expect(divergence.advice.contains("such as"))
            }
        }
    }

    /// Where the first loss is not finite, no smaller step helps.
    @Test func hintsAtTheStart() throws {
        let source = try DataSpecification.digits.load()
        let huge = Dataset(
            name: "huge", inputs: .doubles(source.doubleInputs.map { 1e200 * $0 }), exampleShape: source.exampleShape,
            targets: source.targets)
        let data = try DataPreparation(.digits).prepare(train: huge, test: nil)
        let error = #expect(throws: TrainingError.self) {
            try Trainer(digits("mlp:64-8-10", epochs: 1), data: data).run()
        }
        guard case .diverged(let divergence) = error else { return }
        #expect(divergence.advice.contains("--standardize") && !divergence.advice.contains("--lr"))
    }
}
