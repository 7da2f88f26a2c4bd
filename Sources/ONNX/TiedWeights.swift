/// Weights that a module uses twice, and that exporters write twice: as they are, and transposed under a name of their own where
/// a product takes them, such as a language model's table of tokens that also gives its logits.
///
/// θ has them once, as PyTorch does. Trained matrices that are each other's transpose to the last bit are one matrix.
enum TiedWeights {
    /// Numbers below which equal matrices may be chance.
    private static let fewest = 16

    /// - Parameters:
    ///   - provenance: what the exporter noted.
    ///   - values: of a tensor.
    /// - Returns: the names of copies and of what they are copies of.
    static func find(
        in sources: ONNXSources, _ provenance: Provenance, values: (ONNXTensor) throws -> HostTensor
    ) rethrows -> [(copy: String, original: String)] {
        let read = Set(sources.nodes.flatMap(\.inputs))
        let matrices = sources.order.compactMap { sources.tensors[$0] }.filter { tensor in
            read.contains(tensor.name) && tensor.isFloating && tensor.shape.count == 2
                && tensor.count ?? 0 >= fewest
        }
        // Where a file says what the module's tensors are, others are the exporter's.
        func isCopy(_ name: String) -> Bool {
            ParameterRules.isMadeUp(name)
                || provenance.isKnown && !provenance.parameters.contains(name) && !provenance.isBuffer(name)
        }
        let named = matrices.filter { $0.constantNode == nil && !isCopy($0.name) }
        var found: [(String, String)] = []
        for copy in matrices where isCopy(copy.name) {
            let shape = Array(copy.shape.reversed())
            let candidates = named.filter { $0.shape == shape && $0.dataType == copy.dataType }
            guard !candidates.isEmpty else { continue }
            let turned = try values(copy).transposed([1, 0], shape)
            guard turned.values.contains(where: { $0 != turned.values[0] }) else { continue }
            if let original = try candidates.first(where: { try values($0).values == turned.values }) {
                found.append((copy.name, original.name))
            }
        }
        return found
    }
}
