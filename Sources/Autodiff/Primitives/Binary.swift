import CKernels

/// A function of two numbers, element by element, on operands of one shape.
enum Binary: Hashable, Sendable {
    case add, subtract, multiply, divide, minimum, maximum, greater, equal
    /// The first operand where the second is above 0, else 0: linear in the first; the second's derivative is taken as 0.
    case mask
}

extension Binary: ElementwisePrimitive {
    var name: String { "\(self)" }

    var opcode: ls_opcode {
        switch self {
        case .add: LS_ADD
        case .subtract: LS_SUBTRACT
        case .multiply: LS_MULTIPLY
        case .divide: LS_DIVIDE
        case .minimum: LS_MINIMUM
        case .maximum: LS_MAXIMUM
        case .greater: LS_GREATER
        case .equal: LS_EQUAL
        case .mask: LS_MASK
        }
    }

    func type(of operands: [TensorType]) -> TensorType {
        precondition(
            operands.count == 2 && operands[0] == operands[1] && operands[0].element == .real, "\(name) of \(operands)")
        return operands[0]
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        let (a, b) = (operands[0], operands[1])
        switch self {
        case .add: return sum(tangents[0], tangents[1])
        case .subtract: return sum(tangents[0], tangents[1].map { -$0 })
        case .multiply: return multilinear(operands, tangents)
        case .divide: return sum(tangents[0].map { $0 / b }, tangents[1].map { -($0 * (y / b)) })
        case .greater, .equal: return nil
        case .mask: return tangents[0].map { $0.masked(by: b) }
        case .minimum: return choose(b.greater(than: a), tangents[0], tangents[1])
        case .maximum: return choose(a.greater(than: b), tangents[0], tangents[1])
        }
    }

    /// The first tangent where the mask is 1, the second elsewhere (ties go to the second operand).
    private func choose(_ mask: Value, _ s: Value?, _ t: Value?) -> Value? {
        guard let graph = (s ?? t)?.graph else { return nil }
        let zero = graph.constant(0, shape: mask.shape)
        return mask.select(s ?? zero, t ?? zero)
    }

    private func sum(_ a: Value?, _ b: Value?) -> Value? {
        guard let a, let b else { return a ?? b }
        return a + b
    }

    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        switch (self, index) {
        case (.add, _), (.subtract, 0): return cotangent
        case (.subtract, _): return -cotangent
        case (.multiply, _): return cotangent * operands[1 - index]
        case (.divide, 0): return cotangent / operands[1]
        case (.mask, 0): return cotangent.masked(by: operands[1])
        default: preconditionFailure("\(name) is not linear in operand \(index)")
        }
    }
}

/// `whenTrue` where the mask is not 0, else `whenFalse`; operands: mask, whenTrue, whenFalse.
struct Select: ElementwisePrimitive {
    var name: String { "select" }
    var opcode: ls_opcode { LS_SELECT }

    func type(of operands: [TensorType]) -> TensorType {
        precondition(
            operands.count == 3 && operands[0] == operands[1] && operands[1] == operands[2], "select of \(operands)")
        return operands[0]
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        guard tangents[1] != nil || tangents[2] != nil else { return nil }
        let zero = y.graph.constant(0, shape: y.shape)
        return operands[0].select(tangents[1] ?? zero, tangents[2] ?? zero)
    }

    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        precondition(index > 0, "select is not linear in its mask")
        let zero = cotangent.graph.constant(0, shape: cotangent.shape)
        return index == 1 ? operands[0].select(cotangent, zero) : operands[0].select(zero, cotangent)
    }
}
