import CKernels

// x Φ(x) and x σ(…), which comes near it, and the parts of their derivatives, all functions of x. They get values that are known already,
// so that one exponential serves them all. These operands do not count as dependences: derivatives are taken along x alone.

/// Φ(x), the distribution function of the standard normal, of x and e^(−x²/2).
struct NormalDistribution: ElementwisePrimitive {
    var name: String { "normal distribution" }
    var opcode: ls_opcode { LS_NORMAL_CDF }

    func type(of operands: [TensorType]) -> TensorType { sameType(operands, count: 2) }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        tangents[0].map { $0 * operands[1].scaled(inverseRootOfTau) }
    }
}

/// x Φ(x), of x and Φ(x).
struct Gelu: ElementwisePrimitive {
    var name: String { "gelu" }
    var opcode: ls_opcode { LS_MULTIPLY }

    func type(of operands: [TensorType]) -> TensorType { sameType(operands, count: 2) }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        let (x, cdf) = (operands[0], operands[1])
        return tangents[0].map { $0 * x.graph.apply(GeluSlope(), [x, cdf, x.gaussian()]) }
    }
}

/// Φ(x) + x φ(x), of x, Φ(x) and e^(−x²/2).
struct GeluSlope: ElementwisePrimitive {
    var name: String { "gelu slope" }
    var opcode: ls_opcode { LS_GELU_SLOPE }

    func type(of operands: [TensorType]) -> TensorType { sameType(operands, count: 3) }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        let (x, gaussian) = (operands[0], operands[2])
        return tangents[0].map { $0 * ((2 - x.squared()) * gaussian.scaled(inverseRootOfTau)) }
    }
}

/// x s(x), of x and s(x) = σ(2√(2/π)(x + 0.044715x³)).
struct TanhGelu: ElementwisePrimitive {
    var name: String { "tanh gelu" }
    var opcode: ls_opcode { LS_MULTIPLY }
    /// 2√(2/π), and the factor of x³ beside that of x.
    static let (factor, cubic) = (1.595769121605730711759784239738, 0.044715)

    func type(of operands: [TensorType]) -> TensorType { sameType(operands, count: 2) }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        tangents[0].map { $0 * operands[0].graph.apply(TanhGeluSlope(), operands) }
    }
}

/// s + x s (1 − s) u, of x and s(x): u(x) is the derivative of the sigmoid's argument.
struct TanhGeluSlope: ElementwisePrimitive {
    var name: String { "tanh gelu slope" }
    var opcode: ls_opcode { LS_TANH_GELU_SLOPE }

    func type(of operands: [TensorType]) -> TensorType { sameType(operands, count: 2) }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        let (x, s) = (operands[0], operands[1])
        // The second derivative is s (1 − s) (2u + x u′ + x u² (1 − 2s)). Each product begins with s (1 − s), which is 0 where x is large, so
        // that nothing overflows before x² does.
        let bend = x.squared().scaled(6 * TanhGelu.factor * TanhGelu.cubic)  // x u′
        let u = bend.scaled(0.5).offset(TanhGelu.factor), product = s * (1 - s), slope = product * u
        return tangents[0].map { $0 * (slope.scaled(2) + product * bend + (slope * u) * (x * (1 - s.scaled(2)))) }
    }
}

/// 1/√(2π).
private let inverseRootOfTau = 0.398942280401432677939946059934

extension ElementwisePrimitive {
    fileprivate func sameType(_ operands: [TensorType], count: Int) -> TensorType {
        precondition(
            operands.count == count && operands.allSatisfy { $0 == operands[0] } && operands[0].element == .real,
            "\(name) of \(operands)")
        return operands[0]
    }
}

extension Value {
    /// e^(−x²/2).
    fileprivate func gaussian() -> Value { squared().scaled(-0.5).exp() }

    /// x Φ(x), Φ the normal distribution function: GELU in its exact form (Hendrycks, Gimpel 2016, arXiv 1606.08415).
    public func gelu() -> Value {
        graph.apply(Gelu(), [self, graph.apply(NormalDistribution(), [self, gaussian()])])
    }

    /// x (1 + tanh √(2/π)(x + 0.044715x³)) / 2, GELU's approximation by tanh in the same paper: as x σ(2√(2/π)(x + 0.044715x³)), which
    /// cancels nothing where it is small.
    public func tanhGelu() -> Value {
        let argument = (self + squared() * scaled(TanhGelu.cubic)).scaled(TanhGelu.factor)
        return graph.apply(TanhGelu(), [self, argument.sigmoid()])
    }
}
