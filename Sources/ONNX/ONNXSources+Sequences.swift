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
        var readers: [String: [Int]] = [:]
        for split in nodes where split.kind == "SplitToSequence" { readers[split.outputs.first ?? ""] = [] }
        for (index, node) in nodes.enumerated() {
            for name in Set(node.inputs) where readers[name] != nil { readers[name]?.append(index) }
        }
        var resolved: Set<String> = []
        // Each list is read once: a file may split by it as often as it likes.
        var lists: [String: (values: [Int], isList: Bool, starts: [Int])] = [:]
        for split in nodes where split.kind == "SplitToSequence" && split.domain.isEmpty && split.inputs.count == 2 {
            guard let sequence = split.outputs.first else { continue }
            if lists[split.inputs[1]] == nil, let (values, isList) = try integers(split.inputs[1]), !values.isEmpty,
                values.allSatisfy({ 0..<(1 << 32) ~= $0 })
            {
                let starts = values.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
                lists[split.inputs[1]] = (values, isList, starts)
            }
            guard let sizes = lists[split.inputs[1]] else { continue }
            let axis = split.attributes.first { $0.name == "axis" }?.integer ?? 0
            let readers = readers[sequence] ?? []
            var slices: [(node: Int, start: Int, end: Int)] = []
            for reader in readers {
                guard nodes[reader].kind == "SequenceAt", nodes[reader].inputs.count == 2,
                    let place = try integers(nodes[reader].inputs[1])?.values.first, 0..<(1 << 16) ~= place,
                    !sizes.isList || place < sizes.values.count
                else { break }
                let start = sizes.isList ? sizes.starts[place] : place * sizes.values[0]
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
            resolved.insert(sequence)
        }
        nodes.removeAll { $0.outputs.first.map(resolved.contains) ?? false }
    }
}
