import ArrayFiles
import Models
import Datasets
import Networks
import Tensors

extension Model {
    /// Takes over the weights of a state dictionary, as `torch.save(model.state_dict(), …)` or `safetensors.torch.save_file` write
    /// them, into a checkpoint.
    ///
    /// Names are matched with the network's, without a prefix such as `module.` where that helps, by a table of what other
    /// programs call the same layers, and without `num_batches_tracked`; where they do not fit, tensors are matched by order if
    /// every shape fits.
    ///
    /// - Parameters:
    ///   - configuration: its model, data, loss (label smoothing included), standardisation and precision are used.
    ///   - data: where it is loaded already.
    /// - Returns: the checkpoint, without a training record, and notes on how tensors were matched.
    /// - Throws: `ModelError.tensorsUnmatched` with what is missing and unexpected, `FileError`, `NetworkError`, `DatasetError`.
    public static func importWeights(
        _ path: String, _ configuration: TrainingConfiguration, data: TrainingData? = nil, tool: String? = nil
    ) throws -> (checkpoint: Checkpoint, notes: [String]) {
        let file = try StateDictionary.read(path)
        let data = try data ?? TrainingData(configuration)
        var record = data.record
        let given = weights(of: file)
        func match() throws -> (Network, WeightMatching) {
            let network = try Network(
                canonical: configuration.model, inputShape: record.exampleShape,
                takesTokens: record.takesTokens ?? false, outputs: record.outputs)
            let entries: ([TensorSpecification]) -> [WeightMatching.Entry] = { $0.map { ($0.name, $0.shape) } }
            do {
                let matching = try WeightMatching(
                    parameters: entries(network.parameters.tensors), buffers: entries(network.buffers.tensors),
                    file: given.map { ($0.name, $0.array.shape) })
                return (network, matching)
            } catch {
                throw ModelError.tensorsUnmatched(
                    file: path, missing: error.missing, unexpected: error.unexpected, reason: error.reason)
            }
        }
        var found: (network: Network, matching: WeightMatching)
        do {
            found = try match()
        } catch let failure {
            // A part of the data may not show every class: the weights tell how many there are.
            let shown = record.outputs
            let widths = Set(given.filter { $0.array.shape.count == 2 }.map { $0.array.shape[0] })
            var other: (Network, WeightMatching)?
            for outputs in widths.sorted() where data.train.classCount != nil && outputs > shown && other == nil {
                record.outputs = min(outputs, Dataset.maximalClasses)
                other = try? match()
            }
            guard let other else { throw failure }
            found = other
        }
        let (network, matching) = found
        var notes = matching.notes
        if let key = file.key { notes.insert("the weights are those under '\(key)' in the file", at: 0) }
        if record.outputs != data.record.outputs {
            notes.append("the model has \(record.outputs) outputs, the data show \(data.record.outputs) classes")
        }
        let arrays = Dictionary(given.map { ($0.name, $0.array) }) { first, _ in first }
        func values(_ layout: ParameterLayout) throws -> [Double] {
            try layout.tensors.flatMap { tensor in
                let name = matching.places[tensor.name] ?? tensor.name
                guard let array = arrays[name] else {
                    throw ModelError.tensorsUnmatched(
                        file: path, missing: [name], unexpected: [], reason: "It was not found")
                }
                let values = array.doubles
                guard TrainingState.isFinite(values.map(configuration.precision.rounded)) else {
                    throw ModelError.nonFiniteTensor(file: path, name: name)
                }
                return values
            }
        }
        let loss = try configuration.loss(for: data.train)
        let metadata = CheckpointMetadata(
            model: network.canonicalSpecification, loss: loss.specification, precision: configuration.precision,
            seed: configuration.seed, data: record, tool: tool,
            other: try Checkpoint.source(names: matching.places.filter { $0.key != $0.value }))
        let checkpoint = Self.checkpoint(
            network, theta: try values(network.parameters), buffers: try values(network.buffers), metadata: metadata)
        return (checkpoint, notes)
    }

    /// A checkpoint of this program can be imported, too; its optimiser's moments are no weights.
    static func weights(of file: StateDictionary) -> [StateDictionary.Tensor] {
        guard let container = file.safetensors, let own = try? Checkpoint(container) else { return file.tensors }
        return own.parameters + own.buffers
    }
}
