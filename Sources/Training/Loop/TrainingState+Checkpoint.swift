import ArrayFiles
import Models
import Networks
import Tensors

/// A training's state in a checkpoint: θ and buffers in the training's precision, moments in Float64 under names such as
/// `momentum.fc1.weight`, counts among the settings.
extension TrainingState {
    private static let progress = (
        stepInEpoch: "progress-step-in-epoch", loss: "progress-loss-sum", correct: "progress-correct",
        examples: "progress-examples", weight: "progress-weight",
        classified: "progress-classified", evaluations: "progress-gradient-evaluations"
    )

    func checkpoint(
        _ configuration: TrainingConfiguration, _ network: Network, _ data: PreparedData, loss: String, tool: String?,
        other: [String: String]
    ) -> Checkpoint {
        var record = configuration.record
        record.settings[Self.progress.stepInEpoch] = Double(stepInEpoch)
        record.settings[Self.progress.loss] = lossSum
        record.settings[Self.progress.correct] = correct
        record.settings[Self.progress.examples] = Double(examples)
        // Where every example counts 1, that says it all.
        if weight != Double(examples) { record.settings[Self.progress.weight] = weight }
        if classified != Double(examples) { record.settings[Self.progress.classified] = classified }
        record.settings[Self.progress.evaluations] = Double(gradientEvaluations)
        let metadata = CheckpointMetadata(
            model: network.canonicalSpecification, loss: loss, precision: configuration.precision,
            seed: configuration.seed, step: step, epoch: epoch, data: data.record, training: record, history: history,
            tool: tool, other: other)
        var checkpoint = Model.checkpoint(network, theta: theta, buffers: buffers, metadata: metadata)
        for (moment, values) in optimizer.state.sorted(by: { $0.key < $1.key }) {
            checkpoint.optimizerState += network.parameters.tensors.enumerated().map { index, tensor in
                let part = Array(values[network.parameters.range(index)])
                return NamedArray(
                    name: moment + "." + tensor.name, array: NumericArray(part, shape: tensor.shape))
            }
        }
        return checkpoint
    }

    /// The state that a checkpoint was written in.
    init(_ checkpoint: Checkpoint, _ network: Network, _ configuration: TrainingConfiguration) throws {
        let model = try Model(checkpoint)
        guard let record = checkpoint.metadata.training else { throw TrainingError.notTrained }
        let settings = record.settings
        if let average = record.derivation { throw TrainingError.averaged(average) }
        func count(_ key: String) throws -> Int {
            guard let value = settings[key].flatMap(Int.init(exactly:)), value >= 0 else {
                throw ModelError.damagedCheckpoint("'\(key)' of its training is missing or damaged")
            }
            return value
        }
        self.init(
            theta: model.theta, buffers: model.buffers,
            optimizer: try configuration.baseOptimizer(for: network.parameters))
        let averages = configuration.averages(step: checkpoint.metadata.step, epoch: checkpoint.metadata.epoch)
        let names = optimizer.names + configuration.keptDirections + averages.map(\.average.key)
        for moment in names where checkpoint.metadata.step > 0 {
            optimizer.state[moment] = try network.parameters.tensors.flatMap { tensor in
                let name = moment + "." + tensor.name
                guard let values = try checkpoint.optimizerTensor(name, shape: tensor.shape) else {
                    throw CheckpointError.tensorMissing(
                        "optimizer." + name, found: checkpoint.optimizerState.map(\.name))
                }
                return values
            }
        }
        step = checkpoint.metadata.step
        epoch = checkpoint.metadata.epoch
        stepInEpoch = try count(Self.progress.stepInEpoch)
        lossSum = settings[Self.progress.loss] ?? 0
        correct = settings[Self.progress.correct] ?? 0
        examples = try count(Self.progress.examples)
        weight = settings[Self.progress.weight] ?? Double(examples)
        classified = settings[Self.progress.classified] ?? Double(examples)
        gradientEvaluations = try count(Self.progress.evaluations)
        // A training of so many steps may have ended with the record of a part of an epoch.
        history = checkpoint.metadata.history.filter { $0.epoch <= checkpoint.metadata.epoch }
    }
}
