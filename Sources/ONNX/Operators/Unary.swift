import Autodiff
import Foundation

extension Operators {
    /// Functions of one number. Where an operator has a kink, its derivative is PyTorch's.
    static let unary: [String: OperatorCall.Implementation] = [
        "Identity": { [try $0.operand(0)] },
        "Dropout": { try dropout($0) },
        "Relu": { try $0.unary(kind: nil, host: { max($0, 0) }) { $0.relu() } },
        "LeakyRelu": {
            let slope = $0.real("alpha", default: 0.01)
            return try $0.unary { $0.relu() - (-$0).relu().scaled(slope) }
        },
        "ThresholdedRelu": {
            let threshold = $0.real("alpha", default: 1)
            return try $0.unary { $0 * ($0 - threshold).step() }
        },
        "Elu": {
            let alpha = $0.real("alpha", default: 1)
            return try $0.unary { $0.relu() + $0.negativePart().expMinusOne().scaled(alpha) }
        },
        "Celu": {
            let alpha = $0.real("alpha", default: 1)
            return try $0.unary { $0.relu() + $0.negativePart().scaled(1 / alpha).expMinusOne().scaled(alpha) }
        },
        "Selu": {
            let alpha = $0.real("alpha", default: 1.6732632423543772848170429916717)
            let gamma = $0.real("gamma", default: 1.0507009873554804934193349852946)
            return try $0.unary { ($0.relu() + $0.negativePart().expMinusOne().scaled(alpha)).scaled(gamma) }
        },
        "Gelu": {
            guard $0.text("approximate", default: "none") == "tanh" else { return try $0.unary { $0.gelu() } }
            return try $0.unary { $0.tanhGelu() }
        },
        "Mish": { try $0.unary { $0 * $0.softplus().tanh() } },
        "Swish": {
            let alpha = $0.real("alpha", default: 1)
            return try $0.unary { $0 * $0.scaled(alpha).sigmoid() }
        },
        "Sigmoid": { try $0.unary { $0.sigmoid() } },
        "HardSigmoid": {
            let (alpha, beta) = ($0.real("alpha", default: 0.2), $0.real("beta", default: 0.5))
            return try $0.unary { $0.scaled(alpha).offset(beta).clipped(0, 1) }
        },
        "HardSwish": { try $0.unary { $0 * $0.scaled(1.0 / 6).offset(0.5).clipped(0, 1) } },
        "Tanh": { try $0.unary { $0.tanh() } },
        "Softplus": { try $0.unary { $0.softplus() } },
        "Softsign": { try $0.unary { $0 / $0.abs().offset(1) } },
        "Shrink": {
            let (bias, lambda) = ($0.real("bias", default: 0), $0.real("lambd", default: 0.5))
            return try $0.unary(kind: nil) { x in
                (x - bias) * (x - lambda).step() + (x + bias) * ((-x) - lambda).step()
            }
        },
        "Erf": { try $0.unary(host: { erf($0) }) { $0.erf() } },
        "Erfc": { try $0.unary(host: { erfc($0) }) { 1 - $0.erf() } },
        "Exp": { try $0.unary(host: { exp($0) }) { $0.exp() } },
        "Log": { try $0.unary(host: { log($0) }) { $0.log() } },
        "Sqrt": { try $0.unary(host: { $0.squareRoot() }) { $0.sqrt() } },
        "Reciprocal": { try $0.unary(host: { 1 / $0 }) { $0.reciprocal() } },
        "Abs": { try $0.unary(kind: nil, host: { abs($0) }) { $0.abs() } },
        "Neg": { try $0.unary(kind: nil, host: { -$0 }) { -$0 } },
        "Sign": { try $0.unary(kind: nil, host: { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }) { $0.sign() } },
        "Floor": { try $0.unary(host: { $0.rounded(.down) }) { $0.floor() } },
        "Ceil": { try $0.unary(host: { $0.rounded(.up) }) { -(-$0).floor() } },
        "Round": {
            // To even where it is halfway: x + ½ rounded down, less 1 where that was halfway and came out odd.
            try $0.unary(host: { $0.rounded(.toNearestOrEven) }) { x in
                let up = x.offset(0.5), y = up.floor()
                let isOdd = y - y.scaled(0.5).floor().scaled(2)
                return y - up.equal(to: y) * isOdd
            }
        },
        "Sin": { try $0.unary(host: { sin($0) }) { $0.sin() } },
        "Cos": { try $0.unary(host: { cos($0) }) { $0.cos() } },
        "Tan": { try $0.unary(host: { tan($0) }) { $0.sin() / $0.cos() } },
        "Sinh": { try $0.unary(host: { sinh($0) }) { ($0.exp() - (-$0).exp()).scaled(0.5) } },
        "Cosh": { try $0.unary(host: { cosh($0) }) { ($0.exp() + (-$0).exp()).scaled(0.5) } },
        "Asin": { try $0.unary(host: { asin($0) }) { $0.arcSine() } },
        "Acos": { try $0.unary(host: { acos($0) }) { Double.pi / 2 - $0.arcSine() } },
        "Atan": { try $0.unary(host: { atan($0) }) { $0.arcTangent() } },
        "Asinh": {
            try $0.unary(host: { asinh($0) }) { x in
                let sign = x.signWithoutZero(), size = x * sign
                return (size + size.squared().offset(1).sqrt()).log() * sign
            }
        },
        "Acosh": { try $0.unary(host: { acosh($0) }) { x in (x + x.squared().offset(-1).sqrt()).log() } },
        "Atanh": { try $0.unary(host: { atanh($0) }) { x in (x.offset(1) / (1 - x)).log().scaled(0.5) } },
        "IsNaN": { try $0.unary(kind: .boolean, host: { $0.isNaN ? 1 : 0 }) { 1 - $0.equal(to: $0) } },
        "Not": { try $0.unary(kind: .boolean, host: { $0 == 0 ? 1 : 0 }) { 1 - $0 } },
        "Cast": { try cast($0, to: $0.integer("to", default: 1)) },
        "CastLike": { call in
            try cast(call, to: [.real: 1, .integer: 7, .boolean: 9][try call.operand(1).kind]!)
        },
        "Clip": { try clip($0) },
    ]

    /// What dropout is in evaluation: the identity, and a mask of ones.
    private static func dropout(_ call: OperatorCall) throws -> [Operand] {
        if try call.number(2, default: 0) != 0, try call.number(1, default: 0.5) != 0 {
            throw call.failure("dropout in training mode is random; export the model in evaluation mode")
        }
        let x = try call.operand(0)
        guard call.node.outputs.count > 1 else { return [x] }
        return [x, .graph(call.graph.constant(1, shape: x.shape), .boolean)]
    }

    /// To TensorProto's type number. Narrower floating types are not rounded to.
    private static func cast(_ call: OperatorCall, to type: Int) throws -> [Operand] {
        let kind = try call.operand(0).kind
        switch type {
        case 1, 10, 11, 16:
            if case .graph(let tensor) = try call.operand(0), kind != .real {
                return [.graph(tensor.value.asReal())]
            }
            return try call.unary(host: { $0 }) { $0 }
        case 9: return try call.unary(kind: .boolean, host: { $0 == 0 ? 0 : 1 }) { 1 - $0.equal(to: $0.scaled(0)) }
        case 2...7, 12, 13:
            if kind != .real {
                if case .graph(let tensor) = try call.operand(0) { return [.graph(tensor.value, .integer)] }
                return try call.unary(kind: .integer, host: { $0 }) { $0 }
            }
            return try call.unary(kind: .integer, host: { $0.rounded(.towardZero) }) { $0.sign() * $0.abs().floor() }
        default: throw call.failure("found a cast to data type \(type), expected a real, integer or bool type")
        }
    }

    private static func clip(_ call: OperatorCall) throws -> [Operand] {
        var bounds: [Operand?] = [call.optional(1), call.optional(2)]
        if call.opset < 11 {
            bounds = ["min", "max"].map { name in
                call.node.attributes[name]?.real.map { .host(HostTensor($0)) }
            }
        }
        var result = try call.operand(0)
        for (bound, isLower) in zip(bounds, [true, false]) {
            guard let bound else { continue }
            // At a bound the derivative is that of x, as in PyTorch: ties go to the second operand.
            result = try call.elementwise(
                [bound, result], host: { isLower ? max($0[0], $0[1]) : min($0[0], $0[1]) },
                graph: { isLower ? $0[0].maximum($0[1]) : $0[0].minimum($0[1]) })
        }
        return [result]
    }
}

extension Value {
    /// min(x, 0).
    func negativePart() -> Value { -(-self).relu() }

    /// eˣ − 1 without cancellation near 0: 2 t / (1 − t) with t = tanh(x/2). For x of at most 0.
    func expMinusOne() -> Value {
        let t = scaled(0.5).tanh()
        return t.scaled(2) / (1 - t)
    }

    /// 1 above 0, else −1: x times it is |x| with a derivative at 0, too.
    func signWithoutZero() -> Value { step().scaled(2).offset(-1) }

    /// By the series at a sixteenth of the angle or less, so that derivatives of every order are as exact as the value: beyond 1
    /// by atan x = ±π/2 − atan(1/x), then twice by atan t = 2 atan(t / (1 + √(1 + t²))).
    func arcTangent() -> Value {
        let one = graph.constant(1, shape: shape), sign = signWithoutZero()
        let isBeyond = (self * sign).greater(than: one)
        var t = isBeyond.select(-one, self) / isBeyond.select(self, one)
        for _ in 0..<2 { t = t / t.squared().offset(1).sqrt().offset(1) }
        // |t| ≤ tan(π/16): the thirteenth term is below 2⁻⁵³ of the first.
        let square = t.squared()
        var series = square.scaled(-1.0 / 23).offset(1.0 / 21)
        for odd in stride(from: 19.0, through: 1, by: -2) { series = (-(series * square)).offset(1 / odd) }
        return isBeyond * sign.scaled(.pi / 2) + (t * series).scaled(4)
    }

    /// 2 atan(x / (1 + √(1 − x²))).
    func arcSine() -> Value { (self / (1 - squared()).sqrt().offset(1)).arcTangent().scaled(2) }

    /// max(low, min(high, x)).
    func clipped(_ low: Double, _ high: Double) -> Value {
        graph.constant(high, shape: shape).minimum(graph.constant(low, shape: shape).maximum(self))
    }
}
