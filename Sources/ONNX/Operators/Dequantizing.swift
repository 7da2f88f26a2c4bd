import ArrayFiles
import Autodiff
import Essentials

extension Operators {
    /// Integers back into real numbers. Rounding to integers has no derivative, so there is no operator for it.
    static let quantization: [String: OperatorCall.Implementation] = [
        "DequantizeLinear": { call in
            let x = try call.operand(0), scale = try call.operand(1)
            let quantization: Quantization
            do throws(Quantization.Mismatch) {
                quantization = try Quantization(
                    x.shape, scale: scale.shape, axis: call.integer("axis", default: 1),
                    block: call.integer("block_size", default: 0))
            } catch {
                throw call.failure(error.problem)
            }
            guard call.optional(2).map({ $0.shape == scale.shape }) ?? true else {
                throw call.failure("found zero points of another shape than scales")
            }
            let count = try call.hostCount(x.shape), places = (0..<count).map(quantization.place)
            func spread(_ operand: Operand) throws -> Operand {
                let flat = try reshaped(call, operand, [operand.shape.reduce(1, *)])
                return try reshaped(call, try take(call, flat, 0, places), x.shape)
            }
            let operands = [x, try spread(scale)] + (try call.optional(2).map { [try spread($0)] } ?? [])
            return [
                try call.elementwise(
                    operands, kind: .real, host: { ($0[0] - ($0.count > 2 ? $0[2] : 0)) * $0[1] },
                    graph: { ($0.count > 2 ? $0[0] - $0[2] : $0[0]) * $0[1] })
            ]
        }
    ]

    /// Operators that compute with integers or round to them, of any domain.
    static let quantized: Set = [
        "QuantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul", "MatMulInteger", "ConvInteger",
        "QGemm",
        "QLinearAdd", "QLinearMul", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearGlobalAveragePool",
        "QLinearAveragePool",
        "QLinearConcat", "QLinearSoftmax", "QAttention", "MatMulNBits", "MatMulIntegerToFloat", "DynamicQuantizeMatMul",
        "DynamicQuantizeLSTM", "GatherBlockQuantized",
    ]
}
