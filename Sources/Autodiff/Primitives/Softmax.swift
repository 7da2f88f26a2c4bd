import CKernels

/// softmax(scale · x) along the last axis: row by row, while a row is in the first-level cache.
struct Softmax: KernelPrimitive {
    let scale: Double
    var name: String { "softmax" }

    func type(of operands: [TensorType]) -> TensorType {
        precondition(operands.count == 1 && operands[0].shape.count > 0, "\(name) of \(operands)")
        return operands[0]
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        tangents[0].map { t in (y * (t - (y * t).sum([y.shape.count - 1]))).scaled(scale) }
    }

    func byExample(_ operands: [TensorType]) -> ByExample? { ByExample(operands: [operands[0].shape.count > 1]) }

    func evaluate(_ call: KernelCall) {
        let width = call.resultType.shape.last!
        guard width > 0 else { return }
        call.kernels.table.softmax(
            Int64(call.resultType.count / width), Int64(width), scale, call.operands[0], call.result)
    }
}

extension Value {
    /// softmax along the last axis.
    public func softmax() -> Value {
        // A factor that is the same everywhere, as attention has one, is applied on the way.
        guard case .scale(let factor)? = graph.nodes[id].primitive as? Unary else {
            return graph.apply(Softmax(scale: 1), [self])
        }
        return graph.apply(Softmax(scale: factor), [Value(graph: graph, id: graph.nodes[id].operands[0])])
    }
}
