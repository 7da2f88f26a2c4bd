import CKernels

/// Sum, maximum or variance (the mean of squares about the mean, read once) over axes, which stay with extent 1. Fused with the elementwise operations before it.
struct Reduction: Primitive {
    enum Kind: Sendable { case sum, maximum, variance }
    let kind: Kind
    /// Ascending, each with an extent above 1.
    let axes: [Int]

    var name: String {
        switch kind {
        case .sum: "sum"
        case .maximum: "maximum over"
        case .variance: "variance over"
        }
    }

    var code: ls_reduction {
        switch kind {
        case .sum: LS_SUM
        case .maximum: LS_MAX
        case .variance: LS_VARIANCE
        }
    }

    func type(of operands: [TensorType]) -> TensorType {
        var shape = operands[0].shape
        for axis in axes { shape[axis] = 1 }
        return TensorType(shape)
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        guard let t = tangents[0] else { return nil }
        let x = operands[0]
        switch kind {
        case .sum: return linear(operands, tangents)
        case .variance: return ((x - x.mean(axes)) * t).mean(axes).scaled(2)
        case .maximum:
            // The mean over the elements that attain the maximum, as PyTorch's amax has it.
            let mask = x.equal(to: y.broadcast(x.shape))
            return (mask * t).sum(axes) / mask.sum(axes)
        }
    }

    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        precondition(kind == .sum, "\(name) is not linear")
        return cotangent.broadcast(operands[0].shape)
    }
}
