import Foundation

/// Zeros of `shape` with the operand's elements at starts[i] + steps[i] · index. Transpose: the slice.
struct Pad: KernelPrimitive {
    let starts: [Int], steps: [Int], shape: [Int]
    var name: String { "pad" }

    func type(of operands: [TensorType]) -> TensorType {
        let from = operands[0].shape
        precondition(
            from.indices.allSatisfy { starts[$0] >= 0 && starts[$0] + (from[$0] - 1) * steps[$0] < shape[$0] },
            "pad \(from) to \(shape) from \(starts) by \(steps)")
        return TensorType(shape)
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { linear(operands, tangents) }

    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        cotangent.graph.apply(Slice(starts: starts, counts: operands[0].shape, steps: steps), [cotangent])
    }

    func evaluate(_ call: KernelCall) {
        let size = call.kernels.precision.size
        memset(call.result, 0, call.resultType.count * size)
        let from = call.operandTypes[0]
        place(0, from, call.operands[0], from.count * size, call.result, call.resultType.count * size)
    }

    /// Puts dimensions from `axis` on in place: `fromBytes` of the operand into `toBytes` of the result.
    private func place(
        _ axis: Int, _ type: TensorType, _ from: UnsafeRawPointer, _ fromBytes: Int, _ to: UnsafeMutableRawPointer,
        _ toBytes: Int
    ) {
        // Trailing dimensions that are whole move as one block.
        if fromBytes == toBytes {
            memcpy(to, from, fromBytes)
            return
        }
        let count = type.shape[axis], fromStride = fromBytes / count, toStride = toBytes / shape[axis]
        // So do neighbours along this one.
        if fromStride == toStride, steps[axis] == 1 {
            memcpy(to + starts[axis] * toStride, from, fromBytes)
            return
        }
        for i in 0..<count {
            place(
                axis + 1, type, from + i * fromStride, fromStride, to + (starts[axis] + i * steps[axis]) * toStride,
                toStride)
        }
    }
}

/// Operands one after another along an axis.
struct Concatenate: KernelPrimitive {
    let axis: Int
    var name: String { "concatenate" }

    func type(of operands: [TensorType]) -> TensorType {
        var result = operands[0]
        for operand in operands.dropFirst() {
            precondition(
                operand.shape.indices.allSatisfy { $0 == axis || operand.shape[$0] == result.shape[$0] },
                "concatenate \(operands) along \(axis)")
            result.shape[axis] += operand.shape[axis]
        }
        return result
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { linear(operands, tangents) }

    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        let before = operands[..<index].reduce(0) { $0 + $1.shape[axis] }
        return cotangent.slice(axis, from: before, count: operands[index].shape[axis])
    }

    func evaluate(_ call: KernelCall) {
        let size = call.kernels.precision.size
        let inner = call.resultType.shape[(axis + 1)...].reduce(size, *)
        let row = call.resultType.shape[axis] * inner
        var at = 0
        for (type, from) in zip(call.operandTypes, call.operands) {
            let part = type.shape[axis] * inner
            for i in 0..<(call.resultType.count * size / row) {
                memcpy(call.result + i * row + at, from + i * part, part)
            }
            at += part
        }
    }
}
