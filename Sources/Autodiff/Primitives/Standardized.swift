import CKernels

/// (x − μ) / σ over some axes, of x, the mean μ and 1/σ repeated along them: both are functions of x, and the derivative is
/// taken along x alone. So it is read once for its statistics and once for the result, and its derivative is of the same form,
/// (t − mean t − y mean(y t)) / σ, a symmetric map.
struct Standardized: ElementwisePrimitive {
    /// Ascending, each with an extent above 1.
    let axes: [Int]
    var name: String { "standardized" }
    var opcode: ls_opcode { LS_SUBTRACT_MULTIPLY }

    func type(of operands: [TensorType]) -> TensorType {
        precondition(operands.count == 3 && operands.allSatisfy { $0 == operands[0] }, "\(name) of \(operands)")
        return operands[0]
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        tangents[0].map { t in (t - t.mean(axes) - y * (y * t).mean(axes)) * operands[2] }
    }
}

extension Value {
    /// (x − mean) / √(variance + ε) over axes, with the biased variance. Zeros where all of the axes have extent 1.
    public func standardized(over axes: [Int], epsilon: Double) -> Value {
        let axes = axes.filter { shape[$0] > 1 }.sorted()
        guard !axes.isEmpty else { return scaled(0) }
        let inverse = variance(axes).offset(epsilon).sqrt().reciprocal()
        return graph.apply(Standardized(axes: axes), [self, mean(axes).broadcast(shape), inverse.broadcast(shape)])
    }
}
