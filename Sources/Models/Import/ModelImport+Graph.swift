import ArrayFiles
import Datasets
import Networks
import ONNX
import Tensors

extension ModelImport {
    /// Takes over an ONNX model: its operators, its weights or those of another file and, where none is chosen, a loss that suits it.
    func importGraph(_ path: String, weights: String?, _ prepared: PreparedData?) throws -> ImportedCheckpoint {
        let data = try prepared ?? preparation(keepsTokens: true).load()
        var options = ImportOptions(exampleShape: data.train.exampleShape)
        options.takesTokens = data.record.takesTokens ?? false
        options.classes = data.train.classCount
        if case .values(let values, _) = data.train.targets {
            options.hasBinaryTargets = values.allSatisfy { $0 == 0 || $0 == 1 }
        }
        options.loss = loss
        options.parameters = parameters
        options.frozen = frozen
        let file = try weights.map { try StateDictionary.read($0) }
        if let own = file?.safetensors.flatMap({ try? Checkpoint($0) }),
            own.metadata.other[OperatorGraph.metadataKey] != nil
        {
            throw ModelError.alreadyImported(file: weights ?? "")
        }
        let model = try Self.model(path, file, options)
        var notes = data.remarks + model.notes
        if let key = file?.key { notes.insert("the weights are those under '\(key)' in the file", at: 0) }
        var record = data.record
        record.outputs = model.network.outputs
        let description = try model.graph.encoded()
        let checked = TrialBuilds(
            of: description, inputShape: record.exampleShape, takesTokens: options.takesTokens,
            outputs: model.network.outputs)
        var other = try Checkpoint.source(names: model.source.names, filterAxes: model.source.filterAxes)
        other[OperatorGraph.metadataKey] = description
        other[TrialBuilds.metadataKey] = checked.encoded
        let metadata = CheckpointMetadata(
            model: model.network.specification, loss: model.loss.specification,
            precision: precision ?? (model.isDouble ? .double : .float), seed: seed, data: record, tool: tool,
            other: other)
        let checkpoint = Model.checkpoint(
            model.network, theta: model.theta, buffers: model.buffers, metadata: metadata)
        // What only the numbers of the data can show is seen here, not at the first analysis.
        try DataMismatch.check(Model(checkpoint).dataset(), model.network, model.loss)
        return ImportedCheckpoint(checkpoint: checkpoint, operators: model.graph.operators, notes: notes)
    }

    /// The graph of a file, with other weights in place of its own where there are any.
    private static func model(
        _ path: String, _ weights: StateDictionary?, _ options: ImportOptions
    ) throws -> ImportedModel {
        do {
            var graph = try ONNXFile(path)
            if let weights { try take(weights, graph: &graph, frozen: options.frozen) }
            return try ImportedModel(graph, options)
        } catch let error as ONNXError {
            throw FileError.malformed(path: path, problem: error)
        } catch let failure as WeightMatching.Failure {
            let error = ModelError.weightsUnmatched(
                missing: failure.missing, unexpected: failure.unexpected, advice: failure.reason)
            throw FileError.malformed(path: path, problem: error)
        }
    }

    private static func take(_ weights: StateDictionary, graph: inout ONNXFile, frozen: [String]) throws {
        let tensors = Self.weights(of: weights)
        let matching = try WeightMatching(
            graph: try graph.wantedTensors(frozen: frozen), tensors, isOrdered: weights.isInModuleOrder)
        let arrays = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
        for (name, place) in matching.places {
            guard let array = arrays[place.source] else { continue }
            try graph.replace(name, by: array, isTransposed: place.isTransposed)
        }
        graph.notes += matching.notes
    }
}
