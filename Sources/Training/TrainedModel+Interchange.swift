import Checkpoints
import Datasets
import Interchange
import Networks
import Objectives
import Tensors

/// A checkpoint of a model that came as a graph of operators, and what a user should know of it.
public struct ImportedCheckpoint: Sendable {
    public let checkpoint: Checkpoint
    /// How often each operator occurs.
    public let operators: [(name: String, count: Int)]
    public let notes: [String]
}

extension TrainedModel {
    /// Takes over an ONNX model: its operators, its weights and, where the configuration names none, a loss that suits it.
    ///
    /// - Parameters:
    ///   - configuration: its data, loss, standardisation and seed are used.
    ///   - parameters: patterns of names of what θ is; empty for the rule.
    ///   - frozen: patterns of names that are no part of θ.
    ///   - precision: what tensors are stored in; nil for Float64 where the model has parameters in it, else Float32.
    /// - Throws: `ONNXError` in a `FileError`, `DatasetError`.
    public static func importONNX(
        _ path: String, _ configuration: TrainingConfiguration, parameters: [String] = [], frozen: [String] = [],
        precision: Precision? = nil, tool: String? = nil
    ) throws -> ImportedCheckpoint {
        let data = try TrainingData(configuration, keepsTokens: true)
        var options = ImportOptions(exampleShape: data.train.exampleShape)
        options.takesTokens = data.record.takesTokens ?? false
        options.classes = data.train.classCount
        if case .values(let values, _) = data.train.targets {
            options.hasBinaryTargets = values.allSatisfy { $0 == 0 || $0 == 1 }
        }
        options.loss = configuration.loss
        options.parameters = parameters
        options.frozen = frozen
        let model = try ImportedModel(onnx: path, options)
        var record = data.record
        record.outputs = model.network.outputs
        let metadata = CheckpointMetadata(
            model: model.network.specification, loss: model.loss.specification,
            precision: precision ?? (model.isDouble ? .double : .float), seed: configuration.seed, data: record,
            tool: tool,
            other: [OperatorGraph.metadataKey: try model.graph.encoded()])
        let checkpoint = Self.checkpoint(
            model.network, theta: model.theta, buffers: model.buffers, metadata: metadata)
        // What only the numbers of the data can show is seen here, not at the first analysis.
        try NetworkObjective.check(TrainedModel(checkpoint).dataset(), model.network, model.loss)
        return ImportedCheckpoint(checkpoint: checkpoint, operators: model.graph.operators, notes: model.notes)
    }
}
