import Tensors

/// Numbers that are known while the graph is built, such as a mask or the extents of windows. Indices are whole numbers that fit
/// 32 bits.
struct Literal: KernelPrimitive {
    let values: [Double]
    let literalType: TensorType
    var name: String { "literal" }

    func type(of operands: [TensorType]) -> TensorType {
        precondition(operands.isEmpty && values.count == literalType.count, "\(values.count) numbers for \(literalType)")
        return literalType
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { nil }

    func evaluate(_ call: KernelCall) {
        switch (literalType.element, call.kernels.precision) {
        case (.index, _): fill(call.result, Int32.self) { Int32($0) }
        case (.real, .float): fill(call.result, Float.self) { Float($0) }
        case (.real, .double): fill(call.result, Double.self) { $0 }
        }
    }

    private func fill<Scalar>(_ to: UnsafeMutableRawPointer, _ type: Scalar.Type, _ convert: (Double) -> Scalar) {
        let to = to.assumingMemoryBound(to: type)
        for (i, value) in values.enumerated() { to[i] = convert(value) }
    }
}
