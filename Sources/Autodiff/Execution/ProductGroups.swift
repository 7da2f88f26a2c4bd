/// Finds operations that one kernel computes together with a matrix product or convolution.
///
/// A group is a sum of products of one kind, of which derivatives are full, then a bias, another tensor, a factor or
/// mask, and ReLU. Or it is attention: a softmax of the rows or its derivative, and a product with the result. So
/// neither the terms of a sum nor intermediate results take memory of their own. Only values that nothing else reads
/// are merged.
struct ProductGroups {
    struct Group {
        /// The products that are added up.
        var terms: [Int]
        /// One number for each element of the last dimension.
        var bias: Int?
        /// A tensor like the result.
        var addend: Int?
        /// A tensor like the result.
        var factor: (node: Int, kind: Epilogue.Factor)?
        var relu = false
        /// Whether the addend is a sum that is taken up term by term (`Accumulation`), which stays in one place.
        var accumulates = false
        /// For attention, in place of all that: the function of each row, and the node of its operand.
        var rows: (function: FusedAttention.Function, operand: Int?)?
        /// The product whose first factor is those rows.
        var second: Int?

        var epilogue: Epilogue {
            Epilogue(bias: bias != nil, addend: addend != nil, relu: relu, factor: factor?.kind)
        }
        /// Operands of the epilogue, in the order of a kernel's operands.
        var ends: [Int] { [bias, addend, factor?.node].compactMap { $0 } }
        var isPlainSum: Bool { epilogue.isNone && rows == nil }
    }
    /// By the node that is the group's result.
    private(set) var groups: [Int: Group] = [:]
    /// Nodes that are part of a group, and not evaluated on their own.
    private(set) var merged: Set<Int> = []
    /// The one reader of a node; nil where there are more, or where it is an output.
    private(set) var reader: [Int: Int] = [:]
    private let graph: Graph
    private var isCommon: [Bool]

    init(_ graph: Graph, _ needed: [Bool], outputs: [Int]) {
        self.graph = graph
        isCommon = [Bool](repeating: true, count: graph.nodes.count)
        var uses = [Int](repeating: 0, count: graph.nodes.count)
        for id in outputs { uses[id] += 2 }
        for id in graph.nodes.indices where needed[id] {
            let node = graph.nodes[id]
            for operand in node.operands {
                uses[operand] += 1
                reader[operand] = id
            }
            isCommon[id] =
                node.primitive is Input ? node.stage > .data : node.operands.allSatisfy { isCommon[$0] }
        }
        reader = reader.filter { uses[$0.key] == 1 }
        for id in graph.nodes.indices where needed[id] {
            switch graph.nodes[id].primitive {
            case is Convolution: groups[id] = Group(terms: [id])
            case is MatrixProduct:
                groups[id] = Group(terms: [id])
                mergeRowsFactor(id)
            case let softmax as Softmax: mergeRows(id, of: 0, .softmax(scale: softmax.scale))
            case let slope as SoftmaxSlope: mergeRows(id, of: 1, .slope(scale: slope.scale))
            case Binary.add as Binary: mergeSum(id)
            case is Accumulation: mergeAccumulation(id)
            case Binary.multiply as Binary: mergeFactor(id, of: [0, 1], .product)
            case Binary.mask as Binary: mergeFactor(id, of: [0], .mask)
            case Unary.relu as Unary: mergeRelu(id)
            default: break
            }
        }
    }

    /// The group that a node computes, seen through reshapes, and all nodes on the way to it.
    ///
    /// `nil` where something else reads one of them. Also `nil` where the group is of another stage, because a value
    /// that is the same for all batches or tangents is computed once.
    private func group(_ node: Int, of sum: Int) -> (group: Group, path: [Int])? {
        var path: [Int] = [], id = node
        while true {
            guard reader[id] == (path.last ?? sum), graph.nodes[id].stage == graph.nodes[sum].stage,
                isCommon[id] == isCommon[sum]
            else { return nil }
            path.append(id)
            if let group = groups[id] { return (group, path) }
            guard graph.nodes[id].primitive is Reshape else { return nil }
            id = graph.nodes[id].operands[0]
        }
    }

    private mutating func replace(_ path: [Int], by group: Group, _ id: Int) {
        merged.formUnion(path)
        for node in path { groups[node] = nil }
        groups[id] = group
    }

    private mutating func mergeSum(_ id: Int) {
        let operands = graph.nodes[id].operands
        let found = operands.map { group($0, of: id) }
        if let a = found[0], let b = found[1], a.path.count == 1, b.path.count == 1, a.group.isPlainSum,
            b.group.isPlainSum,
            joins(a.group.terms + b.group.terms)
        {
            replace(a.path + b.path, by: Group(terms: a.group.terms + b.group.terms), id)
            return
        }
        for (number, candidate) in found.enumerated() {
            guard let candidate, canComplete(candidate.group) else { continue }
            var group = candidate.group
            let other = operands[1 - number]
            if group.epilogue.isNone, let bias = columns(other), graph.nodes[bias].type.count == width(group) {
                group.bias = bias
            } else if group.addend == nil, group.factor == nil, !group.relu, isStored(other) {
                group.addend = other
            } else {
                continue
            }
            replace(candidate.path, by: group, id)
            return
        }
    }

    /// A product that is added to a sum. It is never joined with the first term, whose factors would be needed as long.
    private mutating func mergeAccumulation(_ id: Int) {
        let operands = graph.nodes[id].operands
        guard let found = group(operands[1], of: id), found.path.count == 1, found.group.isPlainSum,
            graph.nodes[found.group.terms[0]].primitive is MatrixProduct
        else { return }
        var group = found.group
        (group.addend, group.accumulates) = (operands[0], true)
        replace(found.path, by: group, id)
    }

    /// - Parameter numbers: the operands that may be the product; the other one is the factor.
    private mutating func mergeFactor(_ id: Int, of numbers: [Int], _ kind: Epilogue.Factor) {
        let operands = graph.nodes[id].operands
        for number in numbers where isStored(operands[1 - number]) {
            guard let found = group(operands[number], of: id), canComplete(found.group), found.group.factor == nil,
                !found.group.relu
            else { continue }
            var group = found.group
            group.factor = (operands[1 - number], kind)
            replace(found.path, by: group, id)
            return
        }
    }

    private mutating func mergeRelu(_ id: Int) {
        guard let found = group(graph.nodes[id].operands[0], of: id), canComplete(found.group) else { return }
        var group = found.group
        group.relu = true
        replace(found.path, by: group, id)
    }

    /// - Parameter number: the operand that holds the rows; the other one is the function's operand.
    private mutating func mergeRows(_ id: Int, of number: Int, _ function: FusedAttention.Function) {
        let node = graph.nodes[id]
        guard let found = group(node.operands[number], of: id), found.group.isPlainSum, found.group.terms.count <= 2,
            found.group.terms.allSatisfy({ graph.nodes[$0].primitive is MatrixProduct })
        else { return }
        var group = found.group
        let shape = graph.nodes[group.terms[0]].type.shape
        // Few long rows are shared among threads by columns, which takes plain products.
        let isShared = shape.last! < 256 || shape.dropLast().reduce(1, *) >= 128
        guard node.type.shape.suffix(2) == shape.suffix(2), isShared else { return }
        group.rows = (function, function.hasOperand ? node.operands[1 - number] : nil)
        replace(found.path, by: group, id)
    }

    /// Merges a product whose first factor is the rows of an attention.
    private mutating func mergeRowsFactor(_ id: Int) {
        guard let product = graph.nodes[id].primitive as? MatrixProduct, !product.transposesA,
            let found = group(graph.nodes[id].operands[0], of: id), found.path.count == 1, found.group.rows != nil,
            found.group.second == nil
        else { return }
        var group = found.group
        group.second = id
        replace(found.path, by: group, id)
    }

    /// Whether one kernel adds these up: any products of matrices, or two convolutions of one kind and geometry.
    private func joins(_ terms: [Int]) -> Bool {
        let primitives = terms.map { graph.nodes[$0].primitive }
        if primitives.allSatisfy({ $0 is MatrixProduct }) { return true }
        guard primitives.count == 2, let first = primitives[0] as? Convolution else { return false }
        return first == primitives[1] as? Convolution
    }

    private func canComplete(_ group: Group) -> Bool {
        guard group.rows == nil, !group.accumulates else { return false }
        guard let convolution = graph.nodes[group.terms[0]].primitive as? Convolution else { return true }
        return convolution.result != .weight
    }

    private func width(_ group: Group) -> Int { graph.nodes[group.terms[0]].type.shape.last ?? 0 }

    /// The operand of a broadcast that repeats it along all dimensions but the last.
    private func columns(_ id: Int) -> Int? {
        let node = graph.nodes[id]
        guard node.primitive is Broadcast, let operand = node.operands.first,
            let last = node.type.shape.last, graph.nodes[operand].type.count == last,
            graph.nodes[operand].type.shape.last == last
        else { return nil }
        return operand
    }

    /// Whether a tensor has memory of its own anyway. One that nothing else reads is better computed where it is added.
    private func isStored(_ id: Int) -> Bool {
        var id = id
        while graph.nodes[id].primitive is Reshape { id = graph.nodes[id].operands[0] }
        switch graph.nodes[id].primitive {
        case is any ElementwisePrimitive: return reader[id] == nil
        case is any ViewPrimitive, is Constant, is Reduction: return false
        default: return graph.nodes[id].type.element == .real
        }
    }
}
