import ArrayFiles
import ONNX

/// Evidence of what an exporter noted of a graph's tensors that it renamed.
extension WeightMatching {
    /// A tensor of the one origin that the exporter names. Of several origins, the numbers were computed in some way.
    mutating func matchOrigins() {
        guard holdsOtherWeights else { return }
        let left = missing.filter { $0.origins.count == 1 }, open = unused
        for (own, other) in Self.aligned(left.map { $0.origins[0] }, open.map(\.name), leastParts: 2)
        where Self.isExplained(left[own], by: open[other]) {
            placeByNotes(left[own], open[other])
        }
    }

    /// A tensor of the module whose name its node has. Two of one module and shape cannot be told from each other by that.
    mutating func matchModules() {
        guard holdsOtherWeights else { return }
        let left = missing.filter { $0.origins.isEmpty && $0.module != nil }, open = unused
        let modules = Set(left.compactMap(\.module)).sorted()
        let theirs = Dictionary(grouping: open) { StateNames.split($0.name).module }
        let names = theirs.keys.sorted()
        for (own, other) in Self.aligned(modules, names, leastParts: 1) {
            let tensors = left.filter { $0.module == modules[own] }
            for tensor in tensors where tensors.filter({ $0.shape == tensor.shape }).count == 1 {
                let found = (theirs[names[other]] ?? []).filter { Self.isExplained(tensor, by: $0) }
                if found.count == 1, !used.contains(found[0].name) { placeByNotes(tensor, found[0]) }
            }
        }
    }

    /// Which of these names agree, without prefixes and wrappers' parts.
    private static func aligned(_ own: [String], _ theirs: [String], leastParts: Int) -> [(Int, Int)] {
        NameAlignment(
            own, theirs, .unwrapped, open: (Set(own.indices), Set(theirs.indices)), mayDifferOnBothSides: true,
            leastParts: leastParts
        ).pairs.filter { !$0.isByNumbers }.map { ($0.wanted, $0.given) }
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
