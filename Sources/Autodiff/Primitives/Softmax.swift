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
        tangents[0].map { y.graph.apply(SoftmaxSlope(scale: scale), [y, $0]) }
    }

    func byExample(_ operands: [TensorType]) -> ByExample? { ByExample(operands: [operands[0].shape.count > 1]) }

    func evaluate(_ call: KernelCall) { call.applyToRows(LS_SOFTMAX, scale, x: call.operands[0], y: nil) }
}

/// scale · y ∘ (t − Σ y ∘ t), Σ along the last axis: the derivative of y = softmax(scale · x) along t, of the operands y and t. A
/// symmetric map of t.
struct SoftmaxSlope: KernelPrimitive {
    let scale: Double
    var name: String { "softmax slope" }

    func type(of operands: [TensorType]) -> TensorType {
        precondition(
            operands.count == 2 && operands[0] == operands[1] && operands[0].shape.count > 0, "\(name) of \(operands)")
        return operands[0]
    }

    func linearize(_ operands: [Value], _ result: Value, _ tangents: [Value?]) -> Value? {
        let (y, t) = (operands[0], operands[1]), last = [y.shape.count - 1]
        let along = tangents[1].map { y.graph.apply(self, [y, $0]) }
        guard let dy = tangents[0] else { return along }
        let of = (dy * (t - (y * t).sum(last)) - y * (dy * t).sum(last)).scaled(scale)
        return along.map { $0 + of } ?? of
    }

    func transpose(_ operands: [Value], _ g: Value, _ index: Int) -> Value {
        precondition(index == 1, "\(name) is not linear in the softmax")
        return g.graph.apply(self, [operands[0], g])
    }

    func byExample(_ operands: [TensorType]) -> ByExample? {
        let divides = operands[0].shape.count > 1
        return ByExample(operands: [divides, divides])
    }

    func evaluate(_ call: KernelCall) {
        call.applyToRows(LS_SOFTMAX_SLOPE, scale, x: call.operands[1], y: call.operands[0])
    }
}

extension KernelCall {
    /// A function of each row of x, and of y where it has one, along the last axis.
    fileprivate func applyToRows(
        _ function: ls_row_function, _ scale: Double, x: UnsafeRawPointer, y: UnsafeRawPointer?
    ) {
        let width = resultType.shape.last!
        guard width > 0 else { return }
        kernels.table.rows(function, Int64(resultType.count / width), Int64(width), scale, y, x, result)
    }
}

extension Value {
    /// softmax(x) = exp(x) / Σ exp(x) along the last axis.
    public func softmax() -> Value {
        // A factor that is the same everywhere, as attention has one, is applied on the way.
        guard case .scale(let factor)? = graph.nodes[id].primitive as? Unary else {
            return graph.apply(Softmax(scale: 1), [self])
        }
        return graph.apply(Softmax(scale: factor), [Value(graph: graph, id: graph.nodes[id].operands[0])])
    }
}
