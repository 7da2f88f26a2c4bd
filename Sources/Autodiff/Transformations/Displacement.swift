extension Graph {
    /// Outputs at displaced values: each p of `values` is replaced by p + Σₖ cₖ dₖ, with directions dₖ of its own and
    /// scalar coordinates cₖ shared by all.
    ///
    /// A value that is affine in what is displaced keeps that form: it becomes f(p) + Σₖ cₖ Df(dₖ), of which only the
    /// sum depends on the coordinates. So a network's first layer is computed once for all points of a slice. (A value
    /// is affine where its derivative does not depend on what is displaced.) Cheap operations are computed anew,
    /// because reading their stored results would cost more.
    ///
    /// *Shapes:* `directions[k][i]` has the shape of `values[i]`; `nil` is zero. Each coordinate is a scalar.
    ///
    /// - Precondition: as many lists of directions as coordinates, each with an entry for every value.
    public func displaced(
        _ outputs: [Value], at values: [Value], along directions: [[Value?]], by coordinates: [Value]
    ) -> [Value] {
        precondition(
            directions.count == coordinates.count && directions.allSatisfy { $0.count == values.count },
            "directions of \(directions.map(\.count)) values for \(values.count), and \(coordinates.count) coordinates")
        let needed = ancestors(of: outputs.map(\.id))
        // Which nodes depend on displaced values; for those affine in them, also the derivative along each direction.
        var depends = [Bool](repeating: false, count: needed.count)
        var derivatives: [Int: [Value?]] = [:]
        for (i, value) in values.enumerated() where directions.contains(where: { $0[i] != nil }) {
            depends[value.id] = true
            derivatives[value.id] = directions.map { $0[i] }
        }
        var results: [Int: Value] = [:]
        func displacedValue(_ id: Int) -> Value {
            if let known = results[id] { return known }
            var value = Value(graph: self, id: id)
            for (derivative, coordinate) in zip(derivatives[id] ?? [], coordinates) {
                if let derivative { value = value + coordinate * derivative }
            }
            results[id] = value
            return value
        }
        for id in needed.indices where needed[id] && !depends[id] {
            let node = nodes[id]
            guard node.operands.contains(where: { depends[$0] }) else { continue }
            depends[id] = true
            if let affine = affineDerivatives(id, depends, derivatives, coordinates.count) {
                derivatives[id] = affine
            } else {
                results[id] = apply(copying: id, node.operands.map(displacedValue))
            }
        }
        return outputs.map { displacedValue($0.id) }
    }

    /// The least number of operations per element for which an affine product is worth keeping.
    private static let leastOperations = 256

    /// Derivatives of a node along each direction; `nil` where it is not affine in the displaced values, or too cheap
    /// to be kept.
    private func affineDerivatives(
        _ id: Int, _ depends: [Bool], _ derivatives: [Int: [Value?]], _ directions: Int
    ) -> [Value?]? {
        let node = nodes[id]
        guard node.operands.allSatisfy({ !depends[$0] || derivatives[$0] != nil }) else { return nil }
        if let kernel = node.primitive as? any KernelPrimitive {
            let operations = kernel.operations(node.operands.map { nodes[$0].type })
            guard operations >= Self.leastOperations * node.type.count else { return nil }
        }
        let operands = node.operands.map { Value(graph: self, id: $0) }
        var result: [Value?] = []
        for direction in 0..<directions {
            let tangents = node.operands.map { derivatives[$0]?[direction] }
            guard tangents.contains(where: { $0 != nil }) else {
                result.append(nil)
                continue
            }
            // No derivative although there are tangents: a step function, which is not affine.
            guard
                let derivative = node.primitive.linearize(operands, Value(graph: self, id: id), tangents),
                !ancestors(of: [derivative.id]).enumerated().contains(where: { $1 && $0 < depends.count && depends[$0] }
                )
            else { return nil }
            result.append(derivative)
        }
        return result
    }

    private func apply(copying id: Int, _ operands: [Value]) -> Value {
        func apply(_ primitive: some Primitive) -> Value { self.apply(primitive, operands) }
        return apply(nodes[id].primitive)
    }
}
