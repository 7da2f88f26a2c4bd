/// Sums of two convolutions of one kind and geometry that nothing else reads: each is evaluated as one, so that neither takes
/// memory of its own. Derivatives of products, as in Hessian–vector products, are full of them.
struct ConvolutionSums {
    /// For the node of a sum: what is evaluated there, and the operands of both terms in turn.
    private(set) var sums: [Int: (primitive: Convolution, operands: [Int])] = [:]
    /// Their nodes, which are not evaluated on their own.
    private(set) var terms: Set<Int> = []

    init(_ graph: Graph, _ needed: [Bool], outputs: [Int]) {
        var uses = [Int](repeating: 0, count: graph.nodes.count)
        for id in outputs { uses[id] += 1 }
        for id in graph.nodes.indices where needed[id] {
            for operand in graph.nodes[id].operands { uses[operand] += 1 }
        }
        for id in graph.nodes.indices where needed[id] {
            let node = graph.nodes[id]
            guard case .add? = node.primitive as? Binary, node.operands[0] != node.operands[1] else { continue }
            let both = node.operands.map { graph.nodes[$0] }
            guard let primitive = both[0].primitive as? Convolution, primitive == both[1].primitive as? Convolution,
                node.operands.allSatisfy({ uses[$0] == 1 && graph.nodes[$0].stage == node.stage })
            else { continue }
            sums[id] = (primitive, both.flatMap(\.operands))
            terms.formUnion(node.operands)
        }
    }
}
