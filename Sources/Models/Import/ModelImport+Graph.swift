import ArrayFiles
import Datasets
import Essentials
import Networks
import ONNX
import Tensors

extension ModelImport {
    /// Takes over an ONNX model: its operators, its weights or those of another file and, where none is chosen, a loss that suits it.
    func importGraph(
        _ path: String, _ read: ONNXFile? = nil, weights: String?, _ prepared: PreparedData?
    ) throws -> ImportedCheckpoint {
        let weightsFile = try weights.map { path in
            let file = try StateDictionary.read(path)
            return try adapter.map { file.overlaid(by: try StateDictionary.read($0)) } ?? file
        }
        if let own = weightsFile?.safetensors.flatMap({ try? Checkpoint($0) }),
            own.metadata.other[OperatorGraph.metadataKey] != nil
        {
            throw ModelError.alreadyImported(file: weights ?? "")
        }
        var graph = try read ?? self.graph(path)
        if let weights { try checkAdapter(adapter ?? weights, graph) }
        let mapping = try Self.inFile(weights ?? path) { try weightsFile.map { try take($0, graph: &graph) } ?? [] }
        let data = try prepared ?? preparation(for: graph).load()
        var record = data.record
        let inputs = zip(graph.inputKinds, data.train.arrays).map { kind, array in
            NetworkInput(name: kind.name, shape: array.shape, takesTokens: array.values.areTokens)
        }
        var options = ImportOptions(inputs: inputs)
        options.isLoss = loss?.outputLoss != nil
        options.parameters = parameters
        options.frozen = frozen
        options.isStrict = isStrict
        options.sample = Self.sample(of: data.train)
        var model = try Self.inFile(path) { try ImportedModel(graph, options) }
        let settled = try Self.inFile(path) {
            try ImportedLoss(
                &model, data.train, chosen: loss, labelSmoothing: labelSmoothing, sample: options.sample,
                batchSize: batchSize)
        }
        var notes = data.remarks + model.notes + settled.notes
        if let note = weightsFile?.keyNote { notes.insert(note, at: 0) }
        record.outputs = model.network.outputs
        if inputs.count > 1 || inputs[0].shape.isEmpty { record.inputs = inputs }
        let description = try model.graph.encoded()
        let checked = TrialBuilds(of: description, inputs: inputs, outputs: model.network.outputs)
        var other = try Checkpoint.source(
            names: model.source.names, filterAxes: model.source.filterAxes, mapping: mapping, origin: origin)
        other[OperatorGraph.metadataKey] = description
        other[TrialBuilds.metadataKey] = checked.encoded
        if model.isDouble, let note = Self.roundingNote(model.theta, precision ?? .double) { notes.append(note) }
        let metadata = CheckpointMetadata(
            model: model.network.specification, loss: settled.loss.specification,
            precision: precision ?? (model.isDouble ? .double : .float), seed: seed, step: step, data: record,
            tool: tool,
            other: other)
        let checkpoint = Model.checkpoint(
            model.network, theta: model.theta, buffers: model.buffers, metadata: metadata)
        // What only the numbers of the data can show is seen here, not at the first analysis.
        try DataMismatch.check(Model(checkpoint).dataset(), model.network, settled.loss)
        return ImportedCheckpoint(checkpoint: checkpoint, operators: model.graph.operators, notes: notes)
    }

    /// What of a graph is looked at.
    private var choice: OutputChoice {
        var choice = OutputChoice()
        if let output = loss?.outputLoss { (choice.isLoss, choice.loss) = (true, output.name) }
        choice.prediction = prediction
        return choice
    }

    /// The data under the names of a graph's inputs.
    func preparation(for graph: ONNXFile) -> DataPreparation {
        var preparation = preparation(keepsTokens: true)
        preparation.roles.inputs = graph.inputKinds.map { DataRoles.Input(name: $0.name, isInteger: $0.isInteger) }
        preparation.roles.hasTarget = loss?.outputLoss == nil
        return preparation
    }

    /// Some examples, spread over the data.
    private static func sample(of data: Dataset) -> ExampleSample? {
        let count = min(data.count, ImportedLoss.sampleSize)
        let places = (0..<count).map { $0 * data.count / count }
        let part = data.subset(places)
        return ExampleSample(
            count: places.count,
            inputs: part.arrays.indices.map { array in
                [Double](unsafeUninitializedCapacity: part.arrays[array].values.count) { buffer, count in
                    count = part.arrays[array].values.count
                    part.copyInputs(
                        of: 0..<places.count, array: array, to: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
                }
            })
    }

    /// Errors of what is in a file, with its path.
    private static func inFile<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as ONNXError {
            throw FileError.malformed(path: path, problem: error)
        } catch let failure as WeightMatching.Failure {
            let error = ModelError.weightsUnmatched(
                missing: failure.missing, unexpected: failure.unexpected, advice: failure.reason)
            throw FileError.malformed(path: path, problem: error)
        }
    }

    /// The graph of a file, with its own weights.
    func graph(_ path: String) throws -> ONNXFile { try Self.inFile(path) { try ONNXFile(path, choice) } }

    /// Refuses an adapter that is scaled otherwise than in the graph, as far as its configuration says.
    private func checkAdapter(_ path: String, _ graph: ONNXFile) throws {
        let folder = RandomAccessFile.isFolder(path) ? path : FilePath.folder(of: path)
        guard
            let configuration = try StateDictionary.configuration(
                in: folder.isEmpty ? "." : folder, "adapter_config.json"),
            let rank = configuration["r"]?.double, let alpha = configuration["lora_alpha"]?.double, rank > 0,
            // Patterns give some layers others.
            ["rank_pattern", "alpha_pattern"].allSatisfy({ [nil, .null, .object([])].contains(configuration[$0]) })
        else { return }
        let isRoot = configuration["use_rslora"] == .bool(true)
        let scale = alpha / (isRoot ? rank.squareRoot() : rank)
        if let found = try graph.adapterScales().first(where: { abs($0 - scale) > 1e-6 * abs(scale) }) {
            throw FileError.malformed(
                path: path, problem: ModelError.adapterScale(found: found, configuration: scale, isRoot: isRoot))
        }
    }

    private func take(_ weights: StateDictionary, graph: inout ONNXFile) throws -> [TensorMapping] {
        let tensors = Self.weights(of: weights)
        var wanted = try graph.wantedTensors(frozen: frozen)
        if weights.isAdapter {
            for index in wanted.indices where !StateNames.isOfAdapter(wanted[index].name) {
                wanted[index].isNeeded = false
            }
        }
        let matching = try WeightMatching(
            graph: wanted, tensors,
            isOrdered: weights.isInModuleOrder)
        if weights.isAdapter {
            graph.notes.append("the file is an adapter: what it does not hold keeps the graph's values")
        }
        let arrays = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
        for (name, place) in matching.places {
            guard let array = arrays[place.source] else { continue }
            try graph.replace(name, by: array, isTransposed: place.isTransposed)
        }
        graph.notes += matching.notes
        return matching.mapping
    }
}
