import CKernels

/// A function of one number, element by element.
enum Unary: Hashable, Sendable {
    case copy, negate, exp, log, sqrt, reciprocal, square, tanh, sigmoid, erf, softplus, sin, cos, abs, sign, floor,
        relu
    case step
    case scale(Double), offset(Double), power(Double)
}

extension Unary: ElementwisePrimitive {
    var name: String { "\(self)" }

    var opcode: ls_opcode {
        switch self {
        case .copy: LS_COPY
        case .negate: LS_NEGATE
        case .exp: LS_EXP
        case .log: LS_LOG
        case .sqrt: LS_SQRT
        case .reciprocal: LS_RECIPROCAL
        case .square: LS_SQUARE
        case .tanh: LS_TANH
        case .sigmoid: LS_SIGMOID
        case .erf: LS_ERF
        case .softplus: LS_SOFTPLUS
        case .sin: LS_SIN
        case .cos: LS_COS
        case .abs: LS_ABS
        case .sign: LS_SIGN
        case .floor: LS_FLOOR
        case .relu: LS_RELU
        case .step: LS_STEP
        case .scale: LS_SCALE
        case .offset: LS_OFFSET
        case .power: LS_POWER
        }
    }

    var immediate: Double {
        switch self {
        case .scale(let a), .offset(let a), .power(let a): a
        default: 0
        }
    }

    func type(of operands: [TensorType]) -> TensorType {
        precondition(operands.count == 1 && operands[0].element == .real, "\(name) of \(operands)")
        return operands[0]
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        guard let t = tangents[0] else { return nil }
        let x = operands[0]
        switch self {
        case .copy, .negate, .scale: return linear(operands, tangents)
        case .offset: return t
        case .sign, .floor, .step: return nil
        case .exp: return t * y
        case .log: return t / x
        case .sqrt: return t.scaled(0.5) / y
        case .reciprocal: return -(t * y.squared())
        case .square: return t * x.scaled(2)
        case .tanh: return t * (1 - y.squared())
        case .sigmoid: return t * (y * (1 - y))
        case .erf: return t * (-x.squared()).exp().scaled(2 / Double.pi.squareRoot())
        case .softplus: return t * x.sigmoid()
        case .sin: return t * x.cos()
        case .cos: return -(t * x.sin())
        case .abs: return t * x.sign()
        // By the result, which the next layer needs anyway.
        case .relu: return t.masked(by: y)
        case .power(let p): return t * x.power(p - 1).scaled(p)
        }
    }

    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        switch self {
        case .copy: return cotangent
        case .negate: return -cotangent
        case .scale(let a): return cotangent.scaled(a)
        default: preconditionFailure("\(name) is not linear")
        }
    }
}
