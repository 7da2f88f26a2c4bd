import ArrayFiles
import ONNX

/// Evidence of what an exporter noted of a graph's tensors that it renamed.
extension WeightMatching {
    /// A tensor of the one origin that the exporter names. Of several origins, the numbers were computed in some way.
    mutating func matchOrigins() {
        guard holdsOtherWeights else { return }
        for tensor in missing where tensor.origins.count == 1 {
            let origin = StateNames.unwrapped(tensor.origins[0])
            let named = unused.filter { StateNames.unwrapped($0.name) == origin }
            if named.count == 1, Self.isExplained(tensor, by: named[0]) { placeByNotes(tensor, named[0]) }
        }
    }

    /// A tensor of the module whose name its node has. Two of one module and shape cannot be told from each other by that.
    mutating func matchModules() {
        guard holdsOtherWeights else { return }
        let left = missing
        for tensor in left where tensor.origins.isEmpty {
            guard let module = tensor.module.map({ StateNames.unwrapped($0 + ".") }) else { continue }
            let rivals = left.filter { $0.module == tensor.module && $0.shape == tensor.shape }
            let found = unused.filter {
                StateNames.unwrapped(StateNames.split($0.name).module + ".") == module
                    && Self.isExplained(tensor, by: $0)
            }
            if rivals.count == 1, found.count == 1 { placeByNotes(tensor, found[0]) }
        }
    }

    private mutating func placeByNotes(_ tensor: WantedTensor, _ source: Given) {
        let isTransposed =
            source.shape != tensor.shape || (Self.mayBeEither(tensor, source) && tensor.change == .transposed)
        place(tensor, source, .exporterNotes, isTransposed: isTransposed)
    }

    /// Whether what the exporter did accounts for the shape.
    private static func isExplained(_ tensor: WantedTensor, by source: Given) -> Bool {
        switch tensor.change {
        case .repeated: source.shape == tensor.shape
        case .transposed: source.shape == tensor.shape.reversed()
        case .none, .unknown: false
        }
    }
}
