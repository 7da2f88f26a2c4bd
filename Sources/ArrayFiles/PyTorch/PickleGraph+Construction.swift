extension PickleGraph {
    /// The object that a constructor makes of its arguments.
    mutating func make(_ constructor: Place, _ arguments: Place, depth: Int = 0) throws(PyTorchError) -> Node {
        // A method of an unknown object gives nothing that is known either.
        if case .unknown(let name) = nodes[constructor] { return .unknown(name) }
        guard case .constructor(let kind) = nodes[constructor], let values = elements(arguments) else {
            throw .malformed("a call of something that is no constructor", at: nil)
        }
        func argument(_ index: Int) throws(PyTorchError) -> Place {
            guard index < values.count else { throw .malformed("too few arguments", at: nil) }
            return values[index]
        }
        switch kind {
        case .dictionary: return try dictionary(values.first)
        case .defaultDictionary: return try dictionary(values.dropFirst().first)
        case .size: return .tuple(elements(try argument(0)) ?? [])
        case .parameter: return nodes[try argument(0)]
        case .fromType:
            // A constructor within a constructor; one level is all that PyTorch writes.
            guard depth == 0 else { throw .malformed("constructors within constructors", at: nil) }
            if case .constructor(.unknown(let name)) = nodes[try argument(1)] { return .unknown(name) }
            return try make(try argument(0), try argument(2), depth: 1)
        case .tensor, .typedTensor:
            guard case .storage(let storage) = nodes[try argument(0)], let offset = integer(try argument(1)),
                let shape = integers(try argument(2)), let strides = integers(try argument(3))
            else { throw .malformed("a tensor without storage, shape or strides", at: nil) }
            var type = storages[storage].type
            if kind == .typedTensor {
                guard case .constructor(.elementType(let own)) = nodes[try argument(6)] else {
                    throw .malformed("a tensor without a type", at: nil)
                }
                type = own
            }
            guard let type else { throw .malformed("a tensor without a type", at: nil) }
            tensors.append(Tensor(storage: storage, type: type, offset: offset, shape: shape, strides: strides))
            return .tensor(tensors.count - 1)
        case .ignored: return .ignored
        case .unknown(let name):
            // What makes an object of a class that is named first.
            if name.hasPrefix("copyreg."), let first = values.first, case .constructor(.unknown(let own)) = nodes[first]
            {
                return .unknown(own)
            }
            return .unknown(name)
        case .storage, .elementType: throw .malformed("a call of a type", at: nil)
        }
    }

    /// A dictionary from nothing, from another, or from a list of pairs.
    private func dictionary(_ source: Place?) throws(PyTorchError) -> Node {
        guard let source else { return .dictionary([]) }
        if case .dictionary = nodes[source] { return nodes[source] }
        guard let pairs = elements(source) else { throw .malformed("a dictionary of something else", at: nil) }
        var members: [(key: Place, value: Place)] = []
        for pair in pairs {
            guard let both = elements(pair), both.count == 2 else {
                throw .malformed("a pair of something else", at: nil)
            }
            members.append((both[0], both[1]))
        }
        return .dictionary(members)
    }

    /// The storage that a persistent id names: `('storage', type, key, device, numbers[, (view, offset, numbers)])`. The device
    /// does not matter.
    mutating func storage(_ id: Place) throws(PyTorchError) -> Node {
        guard let parts = elements(id), let kind = parts.first.flatMap(text) else {
            throw .malformed("an outside object without a name", at: nil)
        }
        // The old form keeps a module's class with its source, which is not read.
        if kind == "module", parts.count > 1 { return nodes[parts[1]] }
        guard kind == "storage", parts.count >= 5, case .constructor(.storage(let type)) = nodes[parts[1]],
            let key = text(parts[2]) ?? integer(parts[2]).map({ String($0) })
        else { throw .malformed("an outside object that is no storage", at: nil) }
        var offset = 0
        if parts.count > 5, let view = elements(parts[5]), view.count >= 2 {
            guard let start = integer(view[1]), start >= 0 else { throw .malformed("a view without a start", at: nil) }
            offset = start
        }
        storages.append(Storage(key: key, type: type, offset: offset))
        return .storage(storages.count - 1)
    }
}
