extension Graph {
    /// Directional derivatives of `outputs` along tangents of some values (forward mode). They are linear in the
    /// tangents.
    ///
    /// *Shapes:* a tangent has its value's shape, a result its output's. The result is `nil` for an output that does
    /// not depend on the values.
    ///
    /// - Precondition: shapes of values and tangents agree.
    public func linearize(_ outputs: [Value], along seeds: [(value: Value, tangent: Value)]) -> [Value?] {
        var tangents: [Int: Value] = [:]
        for (value, tangent) in seeds {
            precondition(value.shape == tangent.shape, "tangent \(tangent.shape) of a value \(value.shape)")
            tangents[value.id] = tangent
        }
        let needed = ancestors(of: outputs.map(\.id))
        let first = seeds.map(\.value.id).min() ?? nodes.count
        for id in first..<max(first, needed.count) where needed[id] && tangents[id] == nil {
            let node = nodes[id]
            let operandTangents = node.operands.map { tangents[$0] }
            guard operandTangents.contains(where: { $0 != nil }) else { continue }
            let operands = node.operands.map { Value(graph: self, id: $0) }
            tangents[id] = node.primitive.linearize(operands, Value(graph: self, id: id), operandTangents)
        }
        return outputs.map { tangents[$0.id] }
    }
}
