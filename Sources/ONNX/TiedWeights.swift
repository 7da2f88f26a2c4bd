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
        let parameters = provenance.parameters
        // Where a file says what the module's tensors are, others are the exporter's.
        func isCopy(_ name: String) -> Bool {
            ExportedNames.isMadeUp(name)
                || provenance.isKnown && !parameters.contains(name) && !provenance.isBuffer(name)
        }
        var named: [Form: Candidates] = [:]
        for tensor in matrices where tensor.constantNode == nil && !isCopy(tensor.name) {
            named[Form(shape: tensor.shape, dataType: tensor.dataType), default: Candidates()].all.append(tensor)
        }
        var found: [(String, String)] = []
        for copy in matrices where isCopy(copy.name) {
            let shape = Array(copy.shape.reversed()), form = Form(shape: shape, dataType: copy.dataType)
            guard named[form] != nil else { continue }
            let turned = try values(copy).transposed([1, 0], shape)
            guard turned.values.contains(where: { $0 != turned.values[0] }) else { continue }
            let candidates = try named[form]?.of(turned.values, values: values) ?? []
            if let original = try candidates.first(where: { try values($0).values == turned.values }) {
                found.append((copy.name, original.name))
            }
        }
        return found
    }

    private struct Form: Hashable { let shape: [Int], dataType: Int }

    /// Matrices of one form. Of several, each is read once, and then found by a hash of its numbers.
    private struct Candidates {
        var all: [ONNXTensor] = []
        private var byHash: [Int: [ONNXTensor]]?

        /// Those that may have these numbers.
        mutating func of(
            _ numbers: [Double], values: (ONNXTensor) throws -> HostTensor
        ) rethrows -> [ONNXTensor] {
            if all.count == 1 { return all }
            let table = try byHash ?? Dictionary(grouping: all) { try values($0).values.hashValue }
            byHash = table
            return table[numbers.hashValue] ?? []
        }
    }
}
