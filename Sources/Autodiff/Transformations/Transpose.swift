extension Graph {
    /// The transpose of the linear map from `inputs` to `outputs`, applied to a cotangent for each output. Every node between
    /// them must be linear in those of its operands that depend on the inputs, as linearize leaves them.
    /// Nil for an input that no output depends on.
    func transpose(_ outputs: [Value], from inputs: [Value], cotangents: [Value]) -> [Value?] {
        let needed = ancestors(of: outputs.map(\.id))
        let first = inputs.map(\.id).min() ?? 0
        var depends = [Bool](repeating: false, count: needed.count)
        for input in inputs { depends[input.id] = true }
        for id in first..<max(first, needed.count) where needed[id] && !depends[id] {
            depends[id] = nodes[id].operands.contains { depends[$0] }
        }
        var sums: [Int: Value] = [:]
        for (output, cotangent) in zip(outputs, cotangents) {
            precondition(output.shape == cotangent.shape, "cotangent \(cotangent.shape) of an output \(output.shape)")
            sums[output.id] = sums[output.id].map { $0 + cotangent } ?? cotangent
        }
        let given = Set(inputs.map(\.id))
        for id in (first..<max(first, needed.count)).reversed() where depends[id] && !given.contains(id) {
            guard let cotangent = sums.removeValue(forKey: id) else { continue }
            let node = nodes[id]
            let operands = node.operands.map { Value(graph: self, id: $0) }
            for (index, operand) in node.operands.enumerated() where depends[operand] {
                let term = node.primitive.transpose(operands, cotangent, index)
                sums[operand] = sums[operand].map { $0 + term } ?? term
            }
        }
        return inputs.map { sums[$0.id] }
    }
}
