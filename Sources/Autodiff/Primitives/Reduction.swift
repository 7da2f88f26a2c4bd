import CKernels

/// Sum or maximum over axes, which stay with extent 1. Fused with the elementwise operations before it.
struct Reduction: Primitive {
    enum Kind: Sendable { case sum, maximum }
    let kind: Kind
    /// Ascending, each with an extent above 1.
    let axes: [Int]

    var name: String { kind == .sum ? "sum" : "maximum over" }

    func type(of operands: [TensorType]) -> TensorType {
        var shape = operands[0].shape
        for axis in axes { shape[axis] = 1 }
        return TensorType(shape)
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        guard let t = tangents[0] else { return nil }
        if kind == .sum { return linear(operands, tangents) }
        // The mean over the elements that attain the maximum, as PyTorch's amax has it.
        let mask = operands[0].equal(to: y.broadcast(operands[0].shape))
        return (mask * t).sum(axes) / mask.sum(axes)
    }

    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        precondition(kind == .sum, "the maximum is not linear")
        return cotangent.broadcast(operands[0].shape)
    }
}
