import ArrayFiles
import Essentials
import Networks
import ONNX

extension Model {
    /// The same network, loss and data with the weights of another file, such as those of another epoch.
    ///
    /// Tensors are found by name: by the names that the checkpoint's came with and in their layout (`Checkpoint.exchangedTensors`), or by
    /// its own where the file is a checkpoint of this program. Prefixes and wrappers' parts may differ, as in an import. Parameters and
    /// running statistics have to be there; other buffers keep their numbers where the file has none.
    ///
    /// - Parameter path: a file or folder that `StateDictionary.read` reads.
    /// - Returns: the model, and what a user should know of how tensors were matched, one line each.
    /// - Throws: `FileError` where the file cannot be read; `ModelError` where a tensor is missing, left over, of another shape or not
    ///   finite, or where a constant of an imported graph has other numbers in the file.
    public func withWeights(of path: String) throws -> (model: Model, notes: [String]) {
        let file = try StateDictionary.read(path)
        let isCheckpoint = file.safetensors.map { (try? Checkpoint($0)) != nil } ?? false
        let own = checkpoint
        let places = isCheckpoint ? own.ownPlaces : try own.exchangePlaces()
        var given = ModelImport.weights(of: file)
        let graph = try metadata.other[OperatorGraph.metadataKey].map { try OperatorGraph(encoded: $0) }
        if let graph { given = try Self.withoutConstants(of: graph, given, path) }
        // An architecture's buffers are all statistics.
        let others = Set(graph?.buffers.filter { !$0.isStatistic }.map(\.name) ?? [])
        let wanted = zip(own.parameters + own.buffers, places).map { tensor, place in
            var entry = WantedTensor(name: place.name, shape: place.shape)
            entry.isStatistic = StateNames.isStatistic(place.name)
            entry.isNeeded = !others.contains(tensor.name) && (!file.isAdapter || StateNames.isOfAdapter(place.name))
            return entry
        }
        let matching: WeightMatching
        do throws(WeightMatching.Failure) {
            matching = try WeightMatching(named: wanted, given, isOrdered: file.isInModuleOrder)
        } catch {
            throw ModelError.tensorsUnmatched(
                file: path, missing: error.missing, unexpected: error.unexpected, reason: error.reason)
        }
        let arrays = Dictionary(given.map { ($0.name, $0.array) }) { first, _ in first }
        let tensors = try zip(own.parameters + own.buffers, places).map { tensor, place in
            guard let source = matching.places[place.name]?.source, let array = arrays[source] else { return tensor }
            let taken = NamedArray(name: tensor.name, array: place.taken(array, shape: tensor.array.shape))
            guard taken.array.doubles.allSatisfy(\.isFinite) else {
                throw ModelError.nonFiniteTensor(file: path, name: source)
            }
            return taken
        }
        let values = tensors.map(\.array.doubles), count = own.parameters.count
        let model = Model(
            network, theta: Array(values[..<count].joined()), buffers: Array(values[count...].joined()), loss: loss,
            metadata: metadata)
        let adapter =
            file.isAdapter ? ["\(path) is an adapter: what it does not hold keeps the checkpoint's values"] : []
        return (model, [file.keyNote].compactMap { $0 } + matching.notes + adapter)
    }

    /// The file's tensors without those that are constants of the graph, which must have the same numbers there.
    private static func withoutConstants(
        of graph: OperatorGraph, _ given: [NamedArray], _ path: String
    ) throws(ModelError) -> [NamedArray] {
        var result: [NamedArray] = []
        for tensor in given {
            guard let constant = graph.constants[tensor.name], constant.kind == .real, tensor.array.type.isFloatingPoint
            else {
                result.append(tensor)
                continue
            }
            let numbers = tensor.array.doubles
            guard numbers.count == constant.values.count,
                zip(numbers, constant.values).allSatisfy({ Float($0) == Float($1) })
            else { throw .constantDiffers(file: path, name: tensor.name) }
        }
        return result
    }
}
