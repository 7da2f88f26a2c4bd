extension ONNXSources {
    /// Makes slices of what was split into a sequence and is read by constant places, as PyTorch's newer exporter writes `chunk` and
    /// `split` before it optimises. Other sequences stay, and are not supported.
    ///
    /// - Parameter data: the bytes of a file beside the model's.
    mutating func resolveSequences(_ data: (String) throws -> [UInt8]) throws {
        func integers(_ name: String?) throws -> (values: [Int], isList: Bool)? {
            guard let name, let source = tensors[name], !source.isFloating else { return nil }
            let tensor = try source.values(data)
            return (tensor.integers, !tensor.shape.isEmpty)
        }
        for split in nodes where split.kind == "SplitToSequence" && split.domain.isEmpty && split.inputs.count == 2 {
            guard let sequence = split.outputs.first, let sizes = try integers(split.inputs[1]), !sizes.values.isEmpty
            else { continue }
            let axis = split.attributes.first { $0.name == "axis" }?.integer ?? 0
            let readers = nodes.indices.filter { nodes[$0].inputs.contains(sequence) }
            var slices: [(node: Int, start: Int, end: Int)] = []
            for reader in readers {
                guard nodes[reader].kind == "SequenceAt", nodes[reader].inputs.count == 2,
                    let place = try integers(nodes[reader].inputs[1])?.values.first, 0..<(1 << 16) ~= place,
                    sizes.values.allSatisfy({ 0..<(1 << 32) ~= $0 }), !sizes.isList || place < sizes.values.count
                else { break }
                let start = sizes.isList ? sizes.values[..<place].reduce(0, +) : place * sizes.values[0]
                slices.append((reader, start, start + sizes.values[sizes.isList ? place : 0]))
            }
            guard slices.count == readers.count else { continue }
            for slice in slices {
                let name = nodes[slice.node].outputs.first ?? ""
                var inputs = [split.inputs[0]]
                for (part, number) in [("start", slice.start), ("end", slice.end), ("axis", axis)] {
                    inputs.append("\(name)#\(part)")
                    try add(ONNXTensor(name: "\(name)#\(part)", integers: [number]))
                }
                (nodes[slice.node].kind, nodes[slice.node].inputs) = ("Slice", inputs)
            }
            nodes.removeAll { $0.outputs.first == sequence }
        }
    }
}
