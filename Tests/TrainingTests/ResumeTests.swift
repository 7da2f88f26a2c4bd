import Datasets
import Foundation
import Models
import Networks
import TestSupport
import Testing

@testable import Training

/// A training that was stopped and resumed from its file ends in the same bits as one that was not.
@Suite struct ResumeTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let model: String, optimizer: OptimizerKind
        let examples: Int?, stop: Int
        var precision = "float", perturbs = PerturbedParameters.all, base = BaseOptimizerKind.sgd
        var averages = false
        var testDescription: String { "\(model) \(optimizer.rawValue) stopped at \(stop) \(precision)" }
    }

    /// In batches of 128, 1000 examples are 8 steps an epoch and 300 are 3: stops at 8, 16 and 3 lie between epochs.
    static let cases = [
        Case(model: "mlp:64-16-10", optimizer: .sgd, examples: 1000, stop: 8),
        Case(model: "mlp:64-16-10", optimizer: .sgd, examples: 1000, stop: 11),
        Case(model: "mlp:64-16-10", optimizer: .adam, examples: 1000, stop: 5, precision: "double"),
        Case(model: "mlp:64-16-10", optimizer: .adamw, examples: 1000, stop: 16),
        Case(model: "mlp:64-16-10", optimizer: .sam, examples: 1000, stop: 13),
        Case(model: "mlp:64-16-10", optimizer: .asam, examples: 1000, stop: 1),
        Case(model: "resnet8", optimizer: .sgd, examples: 300, stop: 4),
        Case(model: "resnet8", optimizer: .sam, examples: 300, stop: 3),
        Case(model: "mlp:64-16-10", optimizer: .fsam, examples: 1000, stop: 11),
        Case(model: "resnet8", optimizer: .fsam, examples: 300, stop: 4, precision: "double"),
        Case(model: "resnet8", optimizer: .fsam, examples: 300, stop: 5, perturbs: .norm),
        Case(model: "mlp:64-16-16-10", optimizer: .muon, examples: 1000, stop: 11),
        Case(model: "resnet8", optimizer: .sam, examples: 300, stop: 4, base: .muon),
        Case(model: "mlp:64-16-16-10", optimizer: .fsam, examples: 1000, stop: 8, precision: "double", base: .muon),
        Case(model: "mlp:64-16-10", optimizer: .looksam, examples: 1000, stop: 7, base: .adamw),
        Case(model: "lenet", optimizer: .nesterov, examples: 300, stop: 2),
        Case(model: "resnet8", optimizer: .eigensam, examples: 300, stop: 4, averages: true),
        Case(model: "mlp:64-16-10", optimizer: .sgd, examples: 1000, stop: 8, precision: "double", averages: true),
    ]

    @Test(arguments: cases) func sameBits(_ test: Case) throws {
        let folder = try Folder()
        var configuration = TrainingConfiguration(
            model: test.model, data: .digits, optimizer: test.optimizer, base: test.base)
        configuration.length = .epochs(2.5)
        configuration.examples = test.examples
        configuration.precision = test.precision == "double" ? .double : .float
        configuration.perturbs = test.perturbs
        configuration.augmentation = test.model == "lenet" ? .all : []
        configuration.warmup = .epochs(0.5)
        configuration.eigenEvery = 3
        if test.averages { (configuration.ema, configuration.swaStart) = (0.9, 1) }
        let whole = try Trainer(configuration).run(to: folder.path("whole.bin"))

        let first = try Trainer(configuration)
        var polls = 0
        first.shouldStop = {
            polls += 1
            return polls > test.stop
        }
        let part = try first.run(to: folder.path("part.bin"))
        #expect(!part.isFinished && part.steps == test.stop && part.trainLoss == nil)
        let second = try Trainer(configuration, resuming: Checkpoint.read(folder.path("part.bin")))
        let resumed = try second.run(to: folder.path("resumed.bin"))
        #expect(resumed.checkpoint == whole.checkpoint)
        #expect(resumed.gradientEvaluations == whole.gradientEvaluations)
        let files = try ["whole", "resumed"].map {
            try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0).bin")))
        }
        #expect(files[0] == files[1])
        for average in test.averages ? ["ema", "swa"] : [] {
            let files = try ["whole", "resumed"].map {
                try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0).\(average).bin")))
            }
            #expect(files[0] == files[1])
        }
    }

    /// Whatever state is kept along the way, also behind the last step of an epoch, training goes on from it.
    @Test func everyKeptState() throws {
        let folder = try Folder(), path = folder.path("kept.bin")
        let configuration = digits(epochs: 2)
        let whole = try Trainer(configuration).run().checkpoint
        let trainer = try Trainer(configuration)
        trainer.keepEvery = 0
        var kept: [Checkpoint] = []
        trainer.shouldStop = {
            if let checkpoint = try? Checkpoint.read(path) { kept.append(checkpoint) }
            return false
        }
        _ = try trainer.run(to: path)
        let perEpoch = trainer.totalSteps / 2
        // Seen before the step after it.
        #expect(kept.map(\.metadata.step) == Array(1..<trainer.totalSteps - 1) && kept.count > perEpoch)
        for checkpoint in kept.dropFirst(perEpoch - 2).prefix(3) {
            #expect(try Trainer(configuration, resuming: checkpoint).run().checkpoint == whole)
        }
    }

    /// A state whose epoch has taken its last step and has no record yet, as ranks leave it that are lost while it is evaluated.
    @Test(arguments: [1, 2]) func unrecordedEpoch(_ epochs: Int) throws {
        let configuration = digits(epochs: 2)
        var records: [Int] = []
        let whole = try Trainer(configuration)
        whole.onEpoch = { records.append($0.epoch) }
        let expected = try whole.run().checkpoint
        #expect(records == [1, 2])

        let first = try Trainer(configuration), last = epochs * first.stepsPerEpoch
        first.shouldStop = { first.step == last - 1 }
        _ = try first.run()
        let order = BatchOrder(
            count: first.data.train.count, batchSize: first.stepSize, seed: configuration.seed, epoch: epochs - 1)
        try first.step(Array(order[first.stepsPerEpoch - 1]), first.learningRate(step: last - 1))
        let second = try Trainer(configuration, resuming: first.checkpoint())
        records = []
        second.onEpoch = { records.append($0.epoch) }
        #expect(try second.run().checkpoint == expected)
        #expect(records == Array(epochs...2))
    }

    /// A longer training goes on from a finished one; with a constant schedule it is the uninterrupted one.
    @Test func longer() throws {
        var short = digits(epochs: 2)
        short.schedule = .constant
        var long = short
        long.length = .epochs(4)
        let resumed = try Trainer(long, resuming: try Trainer(short).run().checkpoint).run().checkpoint
        #expect(resumed == (try Trainer(long).run().checkpoint))
    }

    @Test func otherSettings() throws {
        let configuration = digits(epochs: 1)
        let checkpoint = try Trainer(configuration).run().checkpoint
        var other = configuration
        other.learningRate = 0.2
        other.seed = 3
        #expect(throws: TrainingError.configurationChanged(["seed was 0, is now 3", "lr was 0.05, is now 0.2"])) {
            try Trainer(other, resuming: checkpoint)
        }
        var damaged = checkpoint
        damaged.metadata.training?.settings["progress-step-in-epoch"] = 1e9
        #expect(throws: ModelError.self) { try Trainer(configuration, resuming: damaged) }
        damaged = checkpoint
        damaged.optimizerState.removeLast()
        #expect(throws: CheckpointError.self) { try Trainer(configuration, resuming: damaged) }
        damaged = checkpoint
        damaged.metadata.training = nil
        #expect(throws: TrainingError.notTrained) { try Trainer(configuration, resuming: damaged) }
    }
}
