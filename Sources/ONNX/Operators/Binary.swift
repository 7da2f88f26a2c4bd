import Autodiff
import Foundation

extension Operators {
    /// Functions of two numbers or more.
    static let binary: [String: OperatorCall.Implementation] = [
        "Add": { try $0.binary(host: { $0 + $1 }) { $0 + $1 } },
        "Sub": { try $0.binary(host: { $0 - $1 }) { $0 - $1 } },
        "Mul": { try $0.binary(host: { $0 * $1 }) { $0 * $1 } },
        "Div": { call in
            guard try call.operand(0).kind != .real, try call.operand(1).kind != .real else {
                return try call.binary(host: { $0 / $1 }) { $0 / $1 }
            }
            return try call.binary(host: { ($0 / $1).rounded(.towardZero) }) { a, b in
                let quotient = a / b
                return quotient.sign() * quotient.abs().floor()
            }
        },
        "Mod": { call in
            let isC = call.flag("fmod")
            return try call.binary(host: { isC ? fmod($0, $1) : $0 - ($0 / $1).rounded(.down) * $1 }) { a, b in
                let quotient = a / b
                return a - (isC ? quotient.sign() * quotient.abs().floor() : quotient.floor()) * b
            }
        },
        "Pow": { try power($0) },
        "PRelu": { call in
            let x = try call.operand(0)
            var slope = try call.operand(1)
            // Before opset 7 a slope for each channel was one vector.
            if call.opset < 7, x.shape.count > 2, slope.shape == [x.shape[1]] {
                slope = try reshaped(call, slope, slope.shape + [Int](repeating: 1, count: x.shape.count - 2))
            }
            return [
                try call.elementwise([x, slope], kind: .real, host: nil) { $0[0].relu() - $0[1] * (-$0[0]).relu() }
            ]
        },
        "Min": { try fold($0, host: { min($0, $1) }) { $0.minimum($1) } },
        "Max": { try fold($0, host: { max($0, $1) }) { $0.maximum($1) } },
        "Sum": { try fold($0, host: { $0 + $1 }) { $0 + $1 } },
        "Mean": { call in
            let count = Double(call.operands.count)
            let sum = try fold(call, host: { $0 + $1 }) { $0 + $1 }
            return [try call.elementwise(sum, kind: .real, host: { $0[0] / count }) { $0[0].scaled(1 / count) }]
        },
        "Where": { call in
            let operands = [try call.operand(0), try call.operand(1), try call.operand(2)]
            let kind: HostTensor.Kind =
                operands[1].kind == .real || operands[2].kind == .real ? .real : operands[1].kind
            return [
                try call.elementwise(operands, kind: kind, host: { $0[0] != 0 ? $0[1] : $0[2] }) {
                    $0[0].select($0[1], $0[2])
                }
            ]
        },
    ]

    static let comparison: [String: OperatorCall.Implementation] = [
        "Equal": { try $0.binary(kind: .boolean, host: { $0 == $1 ? 1 : 0 }) { $0.equal(to: $1) } },
        "Greater": { try $0.binary(kind: .boolean, host: { $0 > $1 ? 1 : 0 }) { $0.greater(than: $1) } },
        "Less": { try $0.binary(kind: .boolean, host: { $0 < $1 ? 1 : 0 }) { $1.greater(than: $0) } },
        "GreaterOrEqual": {
            try $0.binary(kind: .boolean, host: { $0 >= $1 ? 1 : 0 }) { $0.greater(than: $1) + $0.equal(to: $1) }
        },
        "LessOrEqual": {
            try $0.binary(kind: .boolean, host: { $0 <= $1 ? 1 : 0 }) { $1.greater(than: $0) + $0.equal(to: $1) }
        },
        "And": { try $0.binary(kind: .boolean, host: { $0 != 0 && $1 != 0 ? 1 : 0 }) { $0 * $1 } },
        "Or": { try $0.binary(kind: .boolean, host: { $0 != 0 || $1 != 0 ? 1 : 0 }) { $0.maximum($1) } },
        "Xor": { try $0.binary(kind: .boolean, host: { ($0 != 0) != ($1 != 0) ? 1 : 0 }) { 1 - $0.equal(to: $1) } },
    ]

    private static func fold(
        _ call: OperatorCall, host: @escaping (Double, Double) -> Double, graph: (Value, Value) -> Value
    ) throws -> [Operand] {
        var result = try call.operand(0)
        for index in 1..<max(1, call.operands.count) {
            result = try call.elementwise([result, try call.operand(index)], host: { host($0[0], $0[1]) }) {
                graph($0[0], $0[1])
            }
        }
        return [result]
    }

    private static func power(_ call: OperatorCall) throws -> [Operand] {
        let kind = try call.operand(0).kind
        if case .host(let exponent) = try call.operand(1), let first = exponent.values.first,
            exponent.values.allSatisfy({ $0 == first })
        {
            var base = try call.operand(0)
            if exponent.values.count > 1 || exponent.shape.count > base.shape.count {
                base = try expanded(call, base, call.broadcast([base.shape, exponent.shape]))
            }
            return [try call.elementwise([base], kind: kind, host: { pow($0[0], first) }) { $0[0].power(first) }]
        }
        if kind != .real, case .graph = try call.operand(1) {
            throw ONNXError.notConstant(operator: call.kind, node: call.node.name, input: 1)
        }
        return try call.binary(kind: kind, host: { pow($0, $1) }) { ($1 * $0.log()).exp() }
    }
}
