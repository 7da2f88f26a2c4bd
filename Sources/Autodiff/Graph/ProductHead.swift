/// The last layer of a network as a function of its rows: a matrix product, and what is done to every row of the result alike, such as
/// adding a bias. It can be applied to some of the rows alone.
public struct ProductHead {
    /// The rows that the layer is applied to, [r, d].
    public let rows: Value
    /// What else it is computed of: the matrix, and numbers for each column.
    public let others: [Value]
    private let product: MatrixProduct
    private let steps: [Step]

    /// Of the result [r, k], last first.
    private enum Step {
        case unary(Unary)
        /// With numbers for each column, or one for all, by their place in `others`.
        case binary(Binary, other: Int, isFirst: Bool)
    }

    /// The last layer that gives a value whose last axis, or all of whose axes after the first few flattened, has so many columns.
    ///
    /// `nil` where the value is no such function of rows.
    public init?(of value: Value, columns: Int) {
        var others: [Value] = [], steps: [Step] = [], current = value
        let graph = value.graph
        func operand(_ number: Int) -> Value { Value(graph: graph, id: graph.nodes[current.id].operands[number]) }
        /// Numbers of columns under views that repeat them for every row.
        func perColumn(_ value: Value) -> Value? {
            var value = value
            while true {
                let node = graph.nodes[value.id]
                guard node.primitive is Broadcast || node.primitive is Reshape else { break }
                let under = Value(graph: graph, id: node.operands[0])
                // Repeated along a last axis of columns, it would be numbers of rows.
                guard
                    !(node.primitive is Broadcast) || under.shape.last == node.type.shape.last || under.type.count == 1
                else { return nil }
                value = under
            }
            return value.type.count == columns || value.type.count == 1 ? value : nil
        }
        while true {
            switch graph.nodes[current.id].primitive {
            case is Reshape: current = operand(0)
            case let unary as Unary:
                steps.append(.unary(unary))
                current = operand(0)
            case let binary as Binary:
                if let other = perColumn(operand(1)) {
                    steps.append(.binary(binary, other: others.count + 1, isFirst: true))
                    others.append(other)
                    current = operand(0)
                } else if let other = perColumn(operand(0)) {
                    steps.append(.binary(binary, other: others.count + 1, isFirst: false))
                    others.append(other)
                    current = operand(1)
                } else {
                    return nil
                }
            case let product as MatrixProduct:
                guard current.shape.count == 2, current.shape[1] == columns, !product.transposesA else { return nil }
                self.product = product
                rows = operand(0)
                self.others = [operand(1)] + others
                self.steps = steps
                return
            default: return nil
            }
        }
    }

    /// The layer's result for some rows, [r, columns].
    ///
    /// - Parameter others: in place of its own.
    public func result(of rows: Value, _ others: [Value]) -> Value {
        let graph = rows.graph
        var result = graph.apply(product, [rows, others[0]])
        for step in steps.reversed() {
            switch step {
            case .unary(let unary): result = graph.apply(unary, [result])
            case .binary(let binary, let other, let isFirst):
                let numbers = others[other].reshaped([1, others[other].type.count]).broadcast(result.shape)
                result = graph.apply(binary, isFirst ? [result, numbers] : [numbers, result])
            }
        }
        return result
    }
}
