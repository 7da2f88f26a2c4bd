import ArrayFiles
import Models
import Datasets
import ONNX
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

extension Model {
    /// Takes over an ONNX model: its operators, its weights and, where the configuration names none, a loss that suits it.
    ///
    /// - Parameters:
    ///   - weights: the path of a state dictionary whose tensors take the place of the model's; nil for its own.
    ///   - configuration: its data, loss, standardisation and seed are used.
    ///   - parameters: patterns of names of what θ is; empty for the rule.
    ///   - frozen: patterns of names that are no part of θ.
    ///   - precision: what tensors are stored in; nil for Float64 where the model has parameters in it, else Float32.
    /// - Throws: `ONNXError` in a `FileError`, `DatasetError`, `TrainingError`.
    public static func importONNX(
        _ path: String, weights: String? = nil, _ configuration: TrainingConfiguration, parameters: [String] = [],
        frozen: [String] = [],
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
        let file = try weights.map { try StateDictionary.read($0) }
        options.weights = try file.map { file in
            if let own = file.safetensors.flatMap({ try? Checkpoint($0) }),
                own.metadata.other[OperatorGraph.metadataKey] != nil
            {
                throw ModelError.alreadyImported(file: weights ?? "")
            }
            return GraphWeights(Self.weights(of: file), isOrdered: file.safetensors == nil)
        }
        let model = try ImportedModel(onnx: path, options)
        var notes = model.notes
        if let key = file?.key { notes.insert("the weights are those under '\(key)' in the file", at: 0) }
        var record = data.record
        record.outputs = model.network.outputs
        let metadata = CheckpointMetadata(
            model: model.network.specification, loss: model.loss.specification,
            precision: precision ?? (model.isDouble ? .double : .float), seed: configuration.seed, data: record,
            tool: tool,
            other: [OperatorGraph.metadataKey: try model.graph.encoded()].merging(
                try Checkpoint.source(names: model.source.names, filterAxes: model.source.filterAxes)
            ) { first, _ in first })
        let checkpoint = Self.checkpoint(
            model.network, theta: model.theta, buffers: model.buffers, metadata: metadata)
        // What only the numbers of the data can show is seen here, not at the first analysis.
        try NetworkObjective.check(Model(checkpoint).dataset(), model.network, model.loss)
        return ImportedCheckpoint(checkpoint: checkpoint, operators: model.graph.operators, notes: notes)
    }
}
