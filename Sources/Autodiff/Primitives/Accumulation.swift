import Tensors

/// The sum of two tensors, computed where it stands: no loop that runs later takes it over, so that its operands are needed no longer.
struct Accumulation: KernelPrimitive {
    var name: String { "accumulation" }
    var overwritten: Int? { 0 }

    func type(of operands: [TensorType]) -> TensorType {
        precondition(operands.count == 2 && operands[0] == operands[1], "\(name) of \(operands)")
        return operands[0]
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { linear(operands, tangents) }
    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value { cotangent }

    func evaluate(_ call: KernelCall) {
        switch call.kernels.precision {
        case .float: add(call, Float.self)
        case .double: add(call, Double.self)
        }
    }

    private func add<Scalar: FloatingPoint>(_ call: KernelCall, _ type: Scalar.Type) {
        nonisolated(unsafe) let (a, b, to) = (
            call.operands[0].assumingMemoryBound(to: type), call.operands[1].assumingMemoryBound(to: type),
            call.result.assumingMemoryBound(to: type)
        )
        Vectors.forEachPart(of: call.resultType.count) { start, length in
            for i in start..<start + Int(length) { to[i] = a[i] + b[i] }
        }
    }
}
