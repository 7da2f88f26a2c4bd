import ArrayFiles
import Datasets
import Essentials
import Foundation
import Models
import Networks
import Objectives
import Ranks
import Tensors

/// Trains a network by a configuration: epochs of shuffled batches, a checkpoint at the end and in between, and the same bits
/// whether or not it was interrupted and resumed.
public final class Trainer {
    /// Everything that decides what it does.
    public let configuration: TrainingConfiguration
    /// What is trained.
    public let network: Network
    /// What is minimised, label smoothing included.
    public let loss: Loss
    /// The examples, prepared.
    public let data: PreparedData
    /// Examples a step.
    public let stepSize: Int
    /// Of an epoch, and of the whole training.
    public let stepsPerEpoch: Int, totalSteps: Int
    /// Of every step.
    public let learningRate: LearningRate

    /// Called after steps, at most ten times a second, and after the last.
    public var onProgress: ((TrainingProgress) -> Void)?
    /// Called after every epoch with its record.
    public var onEpoch: ((EpochRecord) -> Void)?
    /// Seconds between the states that are written to the output path while the training goes on, for one that is killed; nil for none.
    public var keepEvery: Double?
    /// Told once that such a state cannot be written. The training goes on.
    public var onUnkept: ((FileError) -> Void)?
    /// Asked before every step; true ends the run with a checkpoint to resume from.
    public var shouldStop: (() -> Bool)?
    /// When λmax of the training loss is measured, which the records of epochs keep; nil for never.
    public var sharpnessTracking: SharpnessTracking?
    /// The program's version, kept in checkpoints.
    public var tool: String?

    let memory: MemoryBudget
    /// What a checkpoint of the network needs beside its tensors: an imported one's operators.
    let carried: [String: String]
    var state: TrainingState
    let batches: BatchGradient
    let ascent: SharpnessAwareAscent?
    let augmentation: Augmentation?
    var gradient: [Double]
    var lastFiniteLoss: Double?
    private var testObjective: NetworkObjective?
    var tracked: NetworkObjective?

    /// Makes a training ready to start.
    ///
    /// - Parameters:
    ///   - data: examples that are loaded already; nil to load what the configuration names.
    ///   - checkpoint: one that this configuration wrote, to continue from; nil to start from the seed's initial values. Length and
    ///     `saveEvery` may differ; with another length, the schedule is that of the new one.
    ///   - start: a network to start from instead of initial values: its θ and buffers, its graph of operators where it was imported.
    ///     The configuration's model is not looked at then.
    ///   - architecture: a network given as code, in place of the one that the configuration names; it goes by the configuration's name.
    ///     Its checkpoints cannot be opened by that name: keep `model` instead.
    ///   - memory: what the process may take for a training's gradients.
    /// - Throws: `TrainingError`, `NetworkError`, `DatasetError`, `DataMismatch`, `ObjectiveError` or `CheckpointError`.
    public init(
        _ configuration: TrainingConfiguration, data: PreparedData? = nil, resuming checkpoint: Checkpoint? = nil,
        startingFrom start: Model? = nil, architecture: Architecture? = nil, memory: MemoryBudget = MemoryBudget()
    ) throws {
        try configuration.validate()
        if let checkpoint {
            let changes = configuration.differences(from: try TrainingConfiguration(checkpoint.metadata))
            guard changes.isEmpty else { throw TrainingError.configurationChanged(changes) }
        }
        let known = try start ?? checkpoint.map { try Model($0) }
        var preparation = configuration.preparation(
            keepsTokens: known?.network.takesTokens ?? architecture.map { $0.vocabulary != nil })
        if let roles = known?.metadata.data.roles { preparation.roles = roles }
        var data = try data ?? preparation.load()
        if !configuration.augmentation.isEmpty, data.train.exampleShape.count != 3 {
            throw TrainingError.augmentationNeedsImages(shape: data.train.exampleShape)
        }
        self.memory = memory
        loss = try configuration.loss(for: data.train)
        if let outputs = known?.network.outputs ?? Network.statedOutputs(of: configuration.model), architecture == nil {
            data = data.takingLabelsAsNumbers(for: loss, outputs: outputs)
        }
        if let known {
            guard data.record.exampleShape.reduce(1, *) == known.network.inputShape.reduce(1, *) else {
                throw ModelError.exampleShapeMismatch(
                    model: known.metadata.model, expected: known.network.inputShape, data: data.train.name,
                    found: data.record.exampleShape)
            }
            try DataMismatch.check(data.train, known.network, loss)
            // A part of the data may not show every class of the network's.
            data.record.outputs = known.network.outputs
            data.record.exampleShape = known.network.inputShape
            data.record.inputs = known.metadata.data.inputs
            network = known.network
        } else if let architecture {
            network = Network(
                architecture, specification: configuration.model, inputShape: data.record.exampleShape,
                takesTokens: data.record.takesTokens ?? false, outputs: data.record.outputs)
        } else {
            network = try Network(
                canonical: configuration.model, inputShape: data.record.exampleShape,
                takesTokens: data.record.takesTokens ?? false, outputs: data.record.outputs)
        }
        self.data = data
        var carried = known?.metadata.other ?? [:]
        // Initial values that no seed gives again.
        if start != nil { carried[Self.startKey] = "weights of a checkpoint" }
        self.carried = carried
        batches = try BatchGradient(
            network: network, data: data.train, loss: loss, batchSize: configuration.batchSize,
            precision: configuration.precision, memory: memory)
        // The gradients of several batches make a step where they are accumulated.
        let (examples, most) = (data.train.count, batches.batchSize)
        stepSize = min(loss.fixedBatch == nil ? examples : examples / most * most, most * configuration.accumulation)
        try ObjectiveError.checkSingleExample(
            network, examples: examples, batchSize: most, m: configuration.m
        ) {
            Self.smallestPart(configuration, examples: examples, batchSize: $0)
        }
        if let m = configuration.m, loss.fixedBatch != nil {
            for size in [min(m, most), most % m] where size > 0 && !network.canBuild(batch: size) {
                throw ObjectiveError.batchUnbuildable(batch: size, only: network.onlyBatch)
            }
        }
        let order = Self.order(examples, stepSize, loss, seed: 0, epoch: 0)
        stepsPerEpoch = order.count
        var configuration = configuration
        if let gradients = configuration.gradients {
            func batches(_ step: Int) -> Int { Self.batches(order[step].count, of: most) }
            configuration.length = .steps(
                try configuration.steps(
                    gradients, perEpoch: order.count, whole: batches(0), last: batches(order.count - 1)))
            configuration.gradients = nil
        }
        self.configuration = configuration
        totalSteps = max(1, configuration.length.steps(perEpoch: stepsPerEpoch))
        if let start = configuration.swaStart, start > totalSteps / stepsPerEpoch {
            throw TrainingError.invalidSetting(
                name: "swa-start", found: "\(start)",
                expected: "one of the \(totalSteps / stepsPerEpoch) whole epochs of this training")
        }
        learningRate = LearningRate(
            peak: configuration.learningRate, schedule: configuration.schedule,
            warmupSteps: configuration.warmup.steps(perEpoch: stepsPerEpoch), totalSteps: totalSteps)
        ascent = try configuration.ascent(of: network)
        augmentation =
            configuration.augmentation.isEmpty
            ? nil : Augmentation(configuration.augmentation, shape: data.train.exampleShape, seed: configuration.seed)
        gradient = [Double](repeating: 0, count: network.parameters.count)
        if let checkpoint {
            // That it is the same data was seen above; from another folder they have another name.
            var recorded = checkpoint.metadata.data
            recorded.specification = data.record.specification
            guard recorded == data.record else {
                throw ModelError.dataChanged(
                    data: data.train.name, expected: checkpoint.metadata.data.trainingExamples, found: data.train.count)
            }
            state = try TrainingState(checkpoint, network, configuration)
            let expected = state.epoch.multipliedReportingOverflow(by: stepsPerEpoch)
            guard state.stepInEpoch < stepsPerEpoch || state.isUnrecorded && state.stepInEpoch == stepsPerEpoch,
                !expected.overflow,
                expected.partialValue.addingReportingOverflow(state.stepInEpoch) == (state.step, false)
            else { throw ModelError.damagedCheckpoint("step \(state.step) does not lie in epoch \(state.epoch)") }
        } else {
            let precision = configuration.precision
            state = TrainingState(
                theta: (start?.theta ?? network.parameters.initialValues(seed: configuration.seed)).map(
                    precision.rounded),
                buffers: start?.buffers.map(precision.rounded)
                    ?? network.buffers.initialValues(seed: configuration.seed),
                optimizer: try configuration.baseOptimizer(for: network.parameters))
        }
        try confirm()
    }

    /// Makes sure that all ranks train the same network on the same data.
    private func confirm() throws {
        guard let team = Team.current else { return }
        var key = ContentKey()
        key.add(state.theta)
        key.add(state.buffers)
        key.add(data.train)
        if let test = data.test { key.add(test) }
        try team.confirm("network or data", key.hexadecimal(16))
        try team.confirm("batch size", "\(batches.partSize)")
    }

    /// Trains to the end, or until it is told to stop.
    ///
    /// - Parameter output: where the final checkpoint goes. `saveEvery` writes `NAME.epochNNN.bin` beside it, from epoch 000, the
    ///   initial values; nil writes nothing.
    /// - Throws: `TrainingError.diverged` when a number stops being finite; `FileError` when a checkpoint cannot be written.
    public func run(to output: String? = nil) throws -> TrainingOutcome {
        let clock = ContinuousClock(), start = clock.now
        func elapsed() -> Double { (clock.now - start) / .seconds(1) }
        var files = CheckpointSeries(output: output)
        do {
            if let evaluation = try trainAll(&files, keptAt: output, elapsed) {
                let averages = try writeAverages(&files), checkpoint = checkpoint()
                try files.writeFinal(checkpoint)
                return outcome(checkpoint, files, elapsed(), evaluation, averages, isFinished: true)
            }
        } catch is Interruption {
            // While ranks waited for each other: what they computed then is not part of the state.
        } catch let failure as RankError {
            let kept = try unfinished(&files, elapsed())
            throw TrainingError.rankLost("\(failure)", step: kept.steps, of: totalSteps, kept: output)
        }
        return try unfinished(&files, elapsed())
    }

    /// Trains to the end and evaluates what was trained; nil where it was told to stop before.
    private func trainAll(
        _ files: inout CheckpointSeries, keptAt output: String?, _ elapsed: () -> Double
    ) throws -> FinalEvaluation? {
        let firstStep = state.step
        var lastReport = -1.0, lastKept = 0.0
        if state.step == 0, configuration.saveEvery != nil { try files.write(checkpoint(), epoch: 0) }
        var lastGood = state.epoch > 0 && state.stepInEpoch == 0 ? state : nil

        while state.step < totalSteps || state.isUnrecorded {
            let order = epochOrder(state.epoch)
            while state.stepInEpoch < order.count, state.step < totalSteps {
                if shouldStop?() == true { return nil }
                // Here, as the state behind an epoch's last step is that of the next epoch only once the epoch has ended.
                if let keepEvery, let output, state.step > firstStep, elapsed() - lastKept >= keepEvery {
                    keepState(at: output)
                    lastKept = elapsed()
                }
                let rate = learningRate(step: state.step)
                do {
                    try step(Array(order[state.stepInEpoch]), rate)
                } catch let failure as NotFinite {
                    throw TrainingError.diverged(try divergence(failure, rate, lastGood, &files))
                }
                let seconds = elapsed()
                if let onProgress, seconds - lastReport >= 0.1 || state.step == totalSteps {
                    lastReport = seconds
                    onProgress(progress(seconds, since: firstStep, order.count, rate))
                }
            }
            let isWhole = state.stepInEpoch == order.count
            try endEpoch(isWhole: isWhole)
            if isWhole {
                lastGood = state
                if let every = configuration.saveEvery, state.epoch % every == 0 {
                    try files.write(checkpoint(), epoch: state.epoch)
                }
            }
        }
        return try finalEvaluation()
    }

    /// Writes the state of a training that was interrupted.
    private func unfinished(_ files: inout CheckpointSeries, _ seconds: Double) throws -> TrainingOutcome {
        let checkpoint = checkpoint()
        try files.writeFinal(checkpoint)
        return outcome(checkpoint, files, seconds, FinalEvaluation(), [], isFinished: false)
    }

    /// The newest of the checkpoints that `saveEvery` leaves beside an output path; nil where there is none.
    public static func newestCheckpoint(beside output: String) -> String? { CheckpointSeries.newest(beside: output) }

    private func keepState(at output: String) {
        do throws(FileError) {
            try checkpoint().write(to: output)
        } catch {
            onUnkept?(error)
            onUnkept = nil
        }
    }

    /// The model as it is now.
    public var model: Model {
        Model(
            network, theta: state.theta, buffers: state.buffers, loss: loss, metadata: checkpoint().metadata)
    }

    /// What keeps the model as it is now, and the training's state.
    public func checkpoint() -> Checkpoint {
        state.checkpoint(configuration, network, data, loss: loss.specification, tool: tool, other: carried)
    }

    private func epochOrder(_ epoch: Int) -> BatchOrder {
        Self.order(data.train.count, stepSize, loss, seed: configuration.seed, epoch: epoch)
    }

    /// A batch of everything needs no shuffle, and stays loaded without one. Where the loss is one of batches, one that is not full has
    /// another, and is left out.
    private static func order(_ count: Int, _ stepSize: Int, _ loss: Loss, seed: UInt64, epoch: Int) -> BatchOrder {
        guard count > stepSize else { return BatchOrder(count: count, batchSize: stepSize) }
        return BatchOrder(
            count: count, batchSize: stepSize, seed: seed, epoch: epoch, dropsLast: loss.fixedBatch != nil)
    }

    private func divergence(
        _ failure: NotFinite, _ rate: Double, _ lastGood: TrainingState?, _ files: inout CheckpointSeries
    ) throws -> TrainingError.Divergence {
        var step = state.step
        if failure.quantity.hasPrefix("updated") { step -= 1 }
        let epoch = state.epoch
        if let lastGood {
            state = lastGood
            try files.write(checkpoint(), epoch: lastGood.epoch)
        }
        // Where nothing has moved yet, no smaller step helps.
        let isStart = step == 0 && lastFiniteLoss == nil
        return TrainingError.Divergence(
            quantity: failure.quantity, step: step, epoch: epoch, learningRate: rate, lastFiniteLoss: lastFiniteLoss,
            lastGood: files.files.last, advice: isStart ? Self.adviceAtStart : adviceOnSteps)
    }

    private static let adviceAtStart =
        "That is so before the first step. Bring the inputs to a common scale with --standardize, or use --precision double"

    /// Settings that are likely to help.
    private var adviceOnSteps: String {
        let rate = Format.short(configuration.smallerRate)
        guard ascent != nil else { return "Try a smaller --lr (such as \(rate)), --warmup 1 or --grad-clip 1" }
        let radius = Format.short(configuration.smallerRadius)
        return "Try a smaller --lr (such as \(rate)) or --rho (such as \(radius)), or --grad-clip 1"
    }

    private func progress(_ seconds: Double, since first: Int, _ perEpoch: Int, _ rate: Double) -> TrainingProgress {
        let done = state.step - first
        return TrainingProgress(
            epoch: state.epoch + 1, epochs: (totalSteps + perEpoch - 1) / perEpoch, step: state.step,
            totalSteps: totalSteps, loss: state.runningLoss, accuracy: loss.takesClasses ? state.runningAccuracy : nil,
            learningRate: rate, elapsed: seconds,
            left: done > 0 ? seconds / Double(done) * Double(totalSteps - state.step) : nil)
    }

    /// Records an epoch, or the part of one that a training of so many steps ends with.
    private func endEpoch(isWhole: Bool) throws {
        var record = EpochRecord(
            epoch: state.epoch + 1, step: state.step, trainLoss: state.runningLoss,
            trainAccuracy: loss.takesClasses ? state.runningAccuracy : nil)
        if let test = data.test {
            let objective = try testObjective ?? objective(on: test)
            testObjective = objective
            let evaluation = try objective.with(statistics: state.buffers).evaluate(at: state.theta)
            (record.testLoss, record.testAccuracy) = (evaluation.loss, evaluation.accuracy)
        }
        record.measures = try trackedSharpness(epoch: state.epoch + 1)?.measures
        state.history.append(record)
        if isWhole {
            state.epoch += 1
            state.averageEpoch(configuration)
            state.beginEpoch()
        }
        onEpoch?(record)
    }
}
