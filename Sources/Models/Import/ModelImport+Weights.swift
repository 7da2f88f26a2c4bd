import ArrayFiles
import Datasets
import Networks
import ONNX
import Tensors

extension ModelImport {
    /// Takes over the weights of a state dictionary, as `torch.save(model.state_dict(), …)` or `safetensors.torch.save_file` write
    /// them.
    ///
    /// `WeightMatching` says how tensors are matched with the network's. They keep the precision in which they came, unless another is
    /// chosen; half precision becomes Float32.
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
                return (
                    network,
                    try WeightMatching(
                        architecture: Self.wanted(network), given, isOrdered: file.isInModuleOrder)
                )
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
        if let note = file.keyNote { notes.insert(note, at: 0) }
        if record.outputs != data.record.outputs {
            notes.append("the model has \(record.outputs) outputs, the data show \(data.record.outputs) classes")
        }
        let arrays = Dictionary(given.map { ($0.name, $0.array) }) { first, _ in first }
        let isDouble = matching.places.values.contains { arrays[$0.source]?.type == .float64 }
        let precision = precision ?? (isDouble ? .double : .float)
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
        let (theta, buffers) = (try values(network.parameters), try values(network.buffers))
        if let note = Self.roundingNote(theta, precision) { notes.append(note) }
        let names = matching.places.mapValues(\.source).filter { $0.key != $0.value }
        let other = try Checkpoint.source(names: names, mapping: matching.mapping, origin: origin)
        let metadata = CheckpointMetadata(
            model: network.canonicalSpecification,
            loss: try Loss(
                suiting: data.train, chosen: loss, labelSmoothing: labelSmoothing
            ).specification,
            precision: precision, seed: seed, step: step, data: record, tool: tool, other: other)
        let checkpoint = Model.checkpoint(
            network, theta: theta, buffers: buffers, metadata: metadata)
        return ImportedCheckpoint(checkpoint: checkpoint, operators: [], notes: notes)
    }

    /// What is said of Float64 weights that are stored in Float32; nil where that changes none.
    static func roundingNote(_ theta: [Double], _ precision: Precision) -> String? {
        guard precision == .float, theta.contains(where: { Double(Float($0)) != $0 }) else { return nil }
        return "the weights are Float64 and were rounded to Float32, as --precision float says"
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

extension StateDictionary {
    /// Where in the file the weights were, and what else could be meant.
    var keyNote: String? {
        guard let key else { return nil }
        let taken = "the weights are those under '\(key.shown)' in the file"
        guard let other = others.first else { return taken }
        let access = other.split(separator: ".").map { "['\($0)']" }.joined()
        return taken
            + "; \(others.shown) \(others.count == 1 ? "holds" : "hold") tensors of the same names: torch.save(checkpoint\(access.shown), FILE) makes a file of those"
    }
}
