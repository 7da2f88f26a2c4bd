/// Repeats extents of 1 to the extents of `shape`; the number of dimensions stays. Transpose: the sum over what was repeated.
struct Broadcast: ViewPrimitive {
    let shape: [Int]
    var name: String { "broadcast" }

    func type(of operands: [TensorType]) -> TensorType {
        let from = operands[0].shape
        precondition(
            from.count == shape.count && zip(from, shape).allSatisfy { $0 == $1 || $0 == 1 },
            "broadcast \(from) to \(shape)")
        return TensorType(shape)
    }

    func view(_ operand: StridedView, _ result: TensorType) -> StridedView? {
        var view = operand
        view.shape = shape
        for i in shape.indices where operand.shape[i] == 1 && shape[i] != 1 { view.strides[i] = 0 }
        return view
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { linear(operands, tangents) }

    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        let from = operands[0].shape
        return cotangent.sum(shape.indices.filter { from[$0] == 1 && shape[$0] != 1 })
    }
}

/// The same elements in row-major order under another shape.
struct Reshape: ViewPrimitive {
    let shape: [Int]
    var name: String { "reshape" }

    func type(of operands: [TensorType]) -> TensorType {
        let result = TensorType(shape, operands[0].element)
        precondition(result.count == operands[0].count, "reshape \(operands[0].shape) to \(shape)")
        return result
    }

    func view(_ operand: StridedView, _ result: TensorType) -> StridedView? {
        guard operand.isDense else { return nil }
        var view = StridedView(dense: operand.base, shape)
        view.offset = operand.offset
        return view
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { linear(operands, tangents) }
    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        cotangent.reshaped(operands[0].shape)
    }
}

/// Result dimension i is operand dimension axes[i].
struct Permute: ViewPrimitive {
    let axes: [Int]
    var name: String { "permute" }

    func type(of operands: [TensorType]) -> TensorType {
        precondition(axes.sorted() == Array(operands[0].shape.indices), "permute \(operands[0].shape) by \(axes)")
        return TensorType(axes.map { operands[0].shape[$0] }, operands[0].element)
    }

    func view(_ operand: StridedView, _ result: TensorType) -> StridedView? {
        var view = operand
        view.shape = axes.map { operand.shape[$0] }
        view.strides = axes.map { operand.strides[$0] }
        return view
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { linear(operands, tangents) }

    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        var inverse = axes
        for (i, axis) in axes.enumerated() { inverse[axis] = i }
        return cotangent.permuted(inverse)
    }
}

/// Elements starts[i], starts[i] + steps[i], … (counts[i] of them) of every dimension. Transpose: padding with zeros.
struct Slice: ViewPrimitive {
    let starts: [Int], counts: [Int], steps: [Int]
    var name: String { "slice" }

    func type(of operands: [TensorType]) -> TensorType {
        let from = operands[0].shape
        precondition(
            from.indices.allSatisfy {
                starts[$0] >= 0 && steps[$0] > 0 && starts[$0] + (counts[$0] - 1) * steps[$0] < from[$0]
            },
            "slice \(from) from \(starts), \(counts) by \(steps)")
        return TensorType(counts, operands[0].element)
    }

    func view(_ operand: StridedView, _ result: TensorType) -> StridedView? {
        var view = operand
        view.shape = counts
        for i in starts.indices {
            view.offset += starts[i] * operand.strides[i]
            view.strides[i] = operand.strides[i] * steps[i]
        }
        return view
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { linear(operands, tangents) }

    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        cotangent.graph.apply(Pad(starts: starts, steps: steps, shape: operands[0].shape), [cotangent])
    }
}

/// The operand, taken for a constant by every derivative.
struct StopGradient: ViewPrimitive {
    var name: String { "stop gradient" }
    func type(of operands: [TensorType]) -> TensorType { operands[0] }
    func view(_ operand: StridedView, _ result: TensorType) -> StridedView? { operand }
    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { nil }
}

/// The same value, which counts as one of a later stage: what reads it is computed when that stage runs, and not kept from an earlier one.
struct Deferred: ViewPrimitive {
    let stage: Stage
    var name: String { "deferred" }
    func type(of operands: [TensorType]) -> TensorType { operands[0] }
    func view(_ operand: StridedView, _ result: TensorType) -> StridedView? { operand }
    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { tangents[0] }
    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value { cotangent }
}
