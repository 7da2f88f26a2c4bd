import CKernels

/// Rows of a table by index (an embedding), or its transpose, which adds rows up at their index.
/// Operands: the table [t, d] and indices [n] give [n, d]; rows [n, d] and indices [n] give [t, d].
struct IndexedRows: KernelPrimitive {
    let table: Int
    let scatters: Bool
    var name: String { scatters ? "scatter rows" : "gather rows" }

    func type(of operands: [TensorType]) -> TensorType {
        precondition(operands[0].shape.count == 2 && operands[1].element == .index, "\(name) of \(operands)")
        return TensorType([scatters ? table : operands[1].count, operands[0].shape[1]])
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        tangents[0].map { $0.graph.apply(self, [$0, operands[1]]) }
    }

    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        cotangent.graph.apply(IndexedRows(table: table, scatters: !scatters), [cotangent, operands[1]])
    }

    func evaluate(_ call: KernelCall) {
        let kernel = scatters ? call.kernels.table.scatter_rows : call.kernels.table.gather_rows
        kernel!(
            Int64(call.operandTypes[1].count), Int64(call.resultType.shape[1]), Int64(table), call.operands[0],
            call.indices(1),
            call.result)
    }
}

/// 1 at each row's index and 0 elsewhere: indices [n] give [n, width].
struct OneHot: KernelPrimitive {
    let width: Int
    var name: String { "one hot" }

    func type(of operands: [TensorType]) -> TensorType { TensorType([operands[0].count, width]) }
    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { nil }
    func evaluate(_ call: KernelCall) {
        call.kernels.table.one_hot(Int64(call.operandTypes[0].count), Int64(width), call.indices(0), call.result)
    }
}

/// Whether each row of logits [n, k] is largest at its label [n]: 1 or 0, [n]. The first of equal logits counts; a row with
/// NaN is never right.
struct CorrectPrediction: KernelPrimitive {
    var name: String { "correct prediction" }

    func type(of operands: [TensorType]) -> TensorType { TensorType([operands[0].shape[0]]) }
    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { nil }
    func evaluate(_ call: KernelCall) {
        let shape = call.operandTypes[0].shape
        call.kernels.table.correct(Int64(shape[0]), Int64(shape[1]), call.operands[0], call.indices(1), call.result)
    }
}
