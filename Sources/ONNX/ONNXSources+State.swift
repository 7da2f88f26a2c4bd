import ArrayFiles

/// Weights that a graph is to have in place of those that it was exported with.
public struct GraphWeights: Sendable {
    public let tensors: [StateDictionary.Tensor]
    /// Whether they are in the order of the modules: Python's safetensors writes names in alphabetical order.
    public let isOrdered: Bool

    public init(_ tensors: [StateDictionary.Tensor], isOrdered: Bool) {
        (self.tensors, self.isOrdered) = (tensors, isOrdered)
    }
}

extension ONNXSources {
    /// Puts weights in the place of the file's own.
    ///
    /// - Parameters:
    ///   - batch: what the graph was exported for, where it is fixed.
    ///   - kept: whether the tensor of this name may stay as it is.
    ///   - data: the bytes of a file beside the model's.
    /// - Returns: which is which.
    mutating func take(
        _ weights: GraphWeights, _ rules: ParameterRules, _ provenance: Provenance, batch: Int?, kept: (Tensor) -> Bool,
        data: (String) throws -> [UInt8]
    ) throws -> StateMatching {
        let read = Set(nodes.flatMap(\.inputs))
        var wanted: [StateMatching.Wanted] = []
        for name in order where read.contains(name) {
            guard let source = tensors[name], source.tensor.isFloating else { continue }
            let isStatistic = rules.isStatistic(name)
            var tensor = try source.tensor.values(data)
            guard !tensor.values.isEmpty else { continue }
            let repeated = rules.repeatedAxis(name, tensor, batch: batch)
            if let repeated { tensor = tensor.once(along: repeated) }
            let rank = tensor.shape.count, isMadeUp = ParameterRules.isMadeUp(name)
            let isTransposed = rank == 2 && rules.filterAxis(name, rank: rank) == 1
            wanted.append(
                StateMatching.Wanted(
                    name: name, shape: tensor.shape,
                    isNeeded: (isStatistic || rules.isParameter(source)) && !kept(source), isStatistic: isStatistic,
                    isTransposed: isTransposed,
                    change: repeated != nil
                        ? .repeated : rules.isKept(name) ? .none : isTransposed ? .transposed : .unknown,
                    origins: provenance.origins(name), module: isMadeUp ? rules.module(reading: name) : nil,
                    values: tensor.values))
        }
        let floating = weights.tensors.filter { $0.array.type.isFloatingPoint && !StateNames.isCounter($0.name) }
        let state = floating.map {
            StateMatching.State(name: $0.name, shape: $0.array.shape, values: $0.array.doubles)
        }
        let matching = try StateMatching(wanted, state: state, isOrdered: weights.isOrdered)
        let numbers = Dictionary(state.map { ($0.name, $0) }) { first, _ in first }
        let doubles = Set(floating.filter { $0.array.type == .float64 }.map(\.name))
        for (name, place) in matching.places {
            guard let found = numbers[place.source] else { continue }
            guard found.values.allSatisfy(\.isFinite) else { throw ONNXError.nonFinite(name: place.source) }
            let given = HostTensor(shape: found.shape, kind: .real, values: found.values)
            replace(
                name, by: place.isTransposed ? given.transposed([1, 0], found.shape.reversed()) : given,
                isDouble: doubles.contains(place.source))
        }
        return matching
    }
}
