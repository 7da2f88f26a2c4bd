/// A value given from outside.
struct Input: Primitive {
    let name: String
    let number: Int
    let type: TensorType

    func type(of operands: [TensorType]) -> TensorType { type }
    func linearize(_ operands: [Value], _ result: Value, _ tangents: [Value?]) -> Value? { nil }
}

/// One number in every element.
struct Constant: Primitive {
    let number: Double
    let shape: [Int]

    var name: String { "constant" }
    func type(of operands: [TensorType]) -> TensorType { TensorType(shape) }
    func linearize(_ operands: [Value], _ result: Value, _ tangents: [Value?]) -> Value? { nil }
}
