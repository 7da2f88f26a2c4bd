/// Sums all of whose terms are products of one kind, of matrices or in a convolution, that nothing else reads: each sum is
/// evaluated as one, so that no term takes memory of its own. Derivatives of products are full of them.
struct SumsOfProducts {
    /// For the node of a sum, those of its terms.
    private(set) var terms: [Int: [Int]] = [:]
    /// Nodes that are part of a sum, and not evaluated on their own.
    private(set) var merged: Set<Int> = []

    init(_ graph: Graph, _ needed: [Bool], outputs: [Int]) {
        var uses = [Int](repeating: 0, count: graph.nodes.count)
        var isCommon = [Bool](repeating: true, count: graph.nodes.count)
        for id in outputs { uses[id] += 1 }
        for id in graph.nodes.indices where needed[id] {
            let node = graph.nodes[id]
            for operand in node.operands { uses[operand] += 1 }
            isCommon[id] =
                node.primitive is Input ? node.stage > .data : node.operands.allSatisfy { isCommon[$0] }
        }
        for id in graph.nodes.indices where needed[id] {
            let node = graph.nodes[id]
            guard case .add? = node.primitive as? Binary,
                node.operands.allSatisfy({
                    // What is the same for all batches stays apart, to be computed once.
                    uses[$0] == 1 && graph.nodes[$0].stage == node.stage && isCommon[$0] == isCommon[id]
                })
            else { continue }
            let all = node.operands.flatMap { terms[$0] ?? [$0] }
            guard SumsOfProducts.join(all.map { graph.nodes[$0].primitive }) else { continue }
            terms[id] = all
            for operand in node.operands {
                merged.insert(operand)
                terms[operand] = nil
            }
        }
    }

    /// Whether one kernel adds these up: any products of matrices, or two convolutions of one kind and geometry.
    private static func join(_ primitives: [any Primitive]) -> Bool {
        if primitives.allSatisfy({ $0 is MatrixProduct }) { return true }
        guard primitives.count == 2, let first = primitives[0] as? Convolution else { return false }
        return first == primitives[1] as? Convolution
    }
}
