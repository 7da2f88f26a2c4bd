import CKernels

/// Attention as one kernel: softmax(scale · Q Kᵀ) V, its softmax alone, and the derivatives of both.
///
/// The scores are a sum of one or two matrix products. A function is applied to each of their rows, and the rows are
/// then multiplied by another matrix or not. The kernel takes a block of rows at a time, so that a thread holds no more
/// than one block (Rabe & Staats 2021, arXiv 2112.05682; Dao et al. 2022, arXiv 2205.14135).
///
/// Operands: the factors of each term, then y where the function has one, then the last factor.
struct FusedAttention: KernelPrimitive {
    enum Function: Hashable {
        case softmax(scale: Double)
        /// Its operand y, the softmax, lies dense.
        case slope(scale: Double)

        var hasOperand: Bool { if case .slope = self { true } else { false } }
    }
    let scores: ProductSum
    let function: Function
    /// The rows' type.
    let rows: TensorType
    /// The product of the rows, its term 0's A, with the last factor; `nil` where there is none.
    var second: ProductSum?
    var name: String { "fused attention" }

    func type(of operands: [TensorType]) -> TensorType {
        second.map { $0.type(of: [rows, operands.last!]) } ?? rows
    }

    func linearize(_ operands: [Value], _ result: Value, _ tangents: [Value?]) -> Value? {
        preconditionFailure("\(name) is only evaluated")
    }

    func operations(_ operands: [TensorType]) -> Int {
        scores.operations(operands) + (second?.product(0, rows.shape, operands.last!.shape).operations ?? 0)
    }

    /// The kernel's description, without addresses.
    private func shape(_ operands: [TensorType]) -> ls_fused_attention {
        var q = ls_fused_attention()
        q.terms = Int32(scores.terms.count)
        q.term.0.product = scores.product(0, operands[0].shape, operands[1].shape)
        if q.terms == 2 { q.term.1.product = scores.product(1, operands[2].shape, operands[3].shape) }
        switch function {
        case .softmax(let scale): (q.function, q.scale) = (LS_SOFTMAX, scale)
        case .slope(let scale): (q.function, q.scale) = (LS_SOFTMAX_SLOPE, scale)
        }
        if let second {
            q.multiplies = 1
            q.second.product = second.product(0, rows.shape, operands.last!.shape)
        }
        return q
    }

    func workspaceBytes(_ operands: [TensorType], _ kernels: Kernels) -> Int {
        var q = shape(operands)
        return Int(kernels.table.fused_attention_workspace(&q))
    }

    func evaluate(_ call: KernelCall) {
        var q = shape(call.operandTypes)
        q.term.0 = scores.factors(0, call)
        if q.terms == 2 { q.term.1 = scores.factors(1, call) }
        if function.hasOperand { q.y = call.operands[2 * scores.terms.count] }
        if let second {
            q.second.b = call.operands.last! + (second.terms[0].b?.offset ?? 0) * call.kernels.precision.size
        }
        call.kernels.table.fused_attention(&q, call.result, call.workspace)
    }
}
