import Tensors

/// Indices as real numbers of the same value, or real numbers as indices, cut off towards zero (NaN and what 32 bits do not hold
/// become −1, which points nowhere). Its derivative is taken as 0.
struct IndexConversion: KernelPrimitive {
    let toIndex: Bool
    var name: String { toIndex ? "index of real" : "real of index" }

    func type(of operands: [TensorType]) -> TensorType {
        precondition(operands.count == 1 && (operands[0].element == .real) == toIndex, "\(name) of \(operands)")
        return TensorType(operands[0].shape, toIndex ? .index : .real)
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { nil }

    func evaluate(_ call: KernelCall) {
        let count = call.resultType.count
        switch call.kernels.precision {
        case .float: convert(call, count, Float.self)
        case .double: convert(call, count, Double.self)
        }
    }

    private func convert<Scalar: BinaryFloatingPoint>(_ call: KernelCall, _ count: Int, _ type: Scalar.Type) {
        if toIndex {
            let from = call.operands[0].assumingMemoryBound(to: type)
            let to = call.result.assumingMemoryBound(to: Int32.self)
            for i in 0..<count { to[i] = from[i].magnitude < 0x1p31 ? Int32(from[i]) : -1 }
        } else {
            let from = call.operands[0].assumingMemoryBound(to: Int32.self)
            let to = call.result.assumingMemoryBound(to: type)
            for i in 0..<count { to[i] = Scalar(from[i]) }
        }
    }
}
