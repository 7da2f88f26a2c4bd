import ArrayFiles
import Datasets
import Networks
import ONNX
import Tensors

extension ModelImport {
    /// Takes over the weights of a state dictionary, as `torch.save(model.state_dict(), …)` or `safetensors.torch.save_file` write
    /// them.
    ///
    /// Names are matched with the network's, without a prefix such as `module.` where that helps, by a table of what other
    /// programs call the same layers, and without `num_batches_tracked`; where they do not fit, tensors are matched by order if
    /// every shape fits.
    func importWeights(_ path: String, of model: String, _ prepared: PreparedData?) throws -> ImportedCheckpoint {
        let file = try StateDictionary.read(path)
        let data = try prepared ?? preparation(keepsTokens: Network.takesTokens(model)).load()
        var record = data.record
        let given = Self.weights(of: file)
        func match() throws -> (Network, WeightMatching) {
            let network = try Network(
                canonical: model, inputShape: record.exampleShape, takesTokens: record.takesTokens ?? false,
                outputs: record.outputs)
            do throws(WeightMatching.Failure) {
                return (network, try WeightMatching(architecture: Self.wanted(network), given))
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
        var notes = data.remarks + matching.notes
        if let key = file.key { notes.insert("the weights are those under '\(key)' in the file", at: 0) }
        if record.outputs != data.record.outputs {
            notes.append("the model has \(record.outputs) outputs, the data show \(data.record.outputs) classes")
        }
        let precision = precision ?? .float
        let arrays = Dictionary(given.map { ($0.name, $0.array) }) { first, _ in first }
        func values(_ layout: ParameterLayout) throws -> [Double] {
            try layout.tensors.flatMap { tensor in
                let name = matching.places[tensor.name]?.source ?? tensor.name
                guard let array = arrays[name] else {
                    throw ModelError.tensorsUnmatched(
                        file: path, missing: [name], unexpected: [], reason: "It was not found")
                }
                let values = array.doubles
                guard values.allSatisfy({ precision.rounded($0).isFinite }) else {
                    throw ModelError.nonFiniteTensor(file: path, name: name)
                }
                return values
            }
        }
        let names = matching.places.mapValues(\.source).filter { $0.key != $0.value }
        let metadata = CheckpointMetadata(
            model: network.canonicalSpecification, loss: try Loss(suiting: data.train, chosen: loss).specification,
            precision: precision, seed: seed, data: record, tool: tool, other: try Checkpoint.source(names: names))
        let checkpoint = Model.checkpoint(
            network, theta: try values(network.parameters), buffers: try values(network.buffers), metadata: metadata)
        return ImportedCheckpoint(checkpoint: checkpoint, operators: [], notes: notes)
    }

    /// All tensors of a network; its buffers are statistics.
    private static func wanted(_ network: Network) -> [WantedTensor] {
        let parameters = network.parameters.tensors.map { WantedTensor(name: $0.name, shape: $0.shape) }
        return parameters
            + network.buffers.tensors.map {
                var tensor = WantedTensor(name: $0.name, shape: $0.shape)
                tensor.isStatistic = true
                return tensor
            }
    }
}
