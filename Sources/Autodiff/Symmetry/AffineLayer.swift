/// A layer of a computation whose units are affine in a weight and a bias of their own before the nonlinearity: a product or a convolution, plus the
/// bias.
public struct AffineLayer: Sendable, Equatable {
    /// The numbers of weight and bias among the parameters, and the weight's axis that counts units. The bias has the units alone.
    public let weight: Int, axis: Int, bias: Int
    private let node: Int

    /// The layers of a computation, in its order.
    ///
    /// - Parameter outputs: what has to be computed.
    /// - Precondition: values of one graph; at least one output.
    public static func all(of parameters: [Value], outputs: [Value]) -> [AffineLayer] {
        let graph = outputs[0].graph, needed = graph.ancestors(of: outputs.map(\.id))
        let numbers = Dictionary(parameters.enumerated().map { ($1.id, $0) }) { a, _ in a }
        return graph.nodes.indices.filter { needed[$0] }.compactMap { AffineLayer($0, in: graph, numbers) }
    }

    private init?(_ node: Int, in graph: Graph, _ numbers: [Int: Int]) {
        let sum = graph.nodes[node], last = sum.type.shape.count - 1
        guard let binary = sum.primitive as? Binary, binary == .add, last > 0 else { return nil }
        for (product, bias) in [(0, 1), (1, 0)] {
            guard let (shift, place) = graph.origin(sum.operands[bias], axis: last), let bias = numbers[shift],
                graph.nodes[shift].type.shape == [sum.type.shape[last]], place == 0,
                let product = graph.product(sum.operands[product]),
                let (origin, axis) = graph.origin(product.weight, axis: product.axis), let weight = numbers[origin],
                graph.nodes[origin].type.shape[axis] == sum.type.shape[last]
            else { continue }
            (self.weight, self.axis, self.bias, self.node) = (weight, axis, bias, node)
            return
        }
        return nil
    }

    /// What the layer gives before the nonlinearity, a row for each unit: [units, everything else].
    ///
    /// - Precondition: the graph that it was found in.
    public func rows(in graph: Graph) -> Value {
        let value = Value(graph: graph, id: node), last = value.shape.count - 1, units = value.shape[last]
        return value.permuted([last] + Array(0..<last)).reshaped([units, value.type.count / units])
    }
}

extension Graph {
    /// The weight of a product or a convolution of data, and the axis of it that becomes the last of the result; behind reshapes that leave that
    /// last axis.
    fileprivate func product(_ id: Int) -> (weight: Int, axis: Int)? {
        let node = nodes[id]
        switch node.primitive {
        case let product as MatrixProduct:
            let rank = nodes[node.operands[1]].type.shape.count
            return (node.operands[1], product.transposesB ? rank - 2 : rank - 1)
        case let convolution as Convolution where convolution.result == .output: return (node.operands[1], 3)
        case is Reshape where nodes[node.operands[0]].type.shape.last == node.type.shape.last:
            return product(node.operands[0])
        default: return nil
        }
    }

    /// The value that views are of, and the axis of it that an axis of the view is.
    fileprivate func origin(_ id: Int, axis: Int) -> (node: Int, axis: Int)? {
        let node = nodes[id]
        guard let operand = node.operands.first else { return (id, axis) }
        let shape = nodes[operand].type.shape
        switch node.primitive {
        case let permute as Permute: return origin(operand, axis: permute.axes[axis])
        case is Broadcast: return shape[axis] == node.type.shape[axis] ? origin(operand, axis: axis) : nil
        case is Reshape:
            let inner = node.type.shape[(axis + 1)...].reduce(1, *), extent = node.type.shape[axis]
            let place = shape.indices.first { shape[$0] == extent && shape[($0 + 1)...].reduce(1, *) == inner }
            return place.flatMap { origin(operand, axis: $0) }
        default: return nil
        }
    }
}
