import ArrayFiles
import Autodiff
import Essentials
import Networks

extension Operators {
    static let normalization: [String: OperatorCall.Implementation] = [
        "BatchNormalization": { try batchNorm($0) },
        "LayerNormalization": { try layerNorm($0) },
        "RMSNormalization": { call in
            let x = try call.tensor(0)
            let axes = try lastAxes(call, x)
            let y = x / x.squared().mean(axes).offset(call.real("epsilon", default: 1e-5)).sqrt()
            return [.graph(try scaled(call, y, try call.tensor(1)))]
        },
        "SimplifiedLayerNormalization": { call in
            let x = try call.tensor(0)
            let y = x / x.squared().mean(try lastAxes(call, x)).offset(call.real("epsilon", default: 1e-5)).sqrt()
            return [.graph(try scaled(call, y, try call.tensor(1)))]
        },
        "GroupNormalization": { try groupNorm($0) },
        "InstanceNormalization": { call in
            let x = try call.tensor(0)
            try call.rank(x.shape, 3...8)
            let axes = Array(2..<x.shape.count)
            let y = x.standardized(over: axes, epsilon: call.real("epsilon", default: 1e-5))
            return [.graph(try affine(call, y, try call.tensor(1), try call.tensor(2)))]
        },
        "LpNormalization": { call in
            let x = try call.tensor(0)
            let axis = try call.axis(call.integer("axis", default: -1), rank: x.shape.count)
            let norm = call.integer("p", default: 2) == 1 ? x.abs().sum([axis]) : x.squared().sum([axis]).sqrt()
            return [.graph(x / norm)]
        },
        "MeanVarianceNormalization": { call in
            let x = try call.tensor(0)
            let axes = try call.axes(call.integers("axes") ?? [0, 2, 3], rank: x.shape.count).sorted()
            let centered = x - x.mean(axes)
            return [.graph(centered / centered.squared().mean(axes).sqrt().offset(1e-9))]
        },
    ]

    private static func lastAxes(_ call: OperatorCall, _ x: Value) throws -> [Int] {
        Array(try call.axis(call.integer("axis", default: -1), rank: x.shape.count)..<x.shape.count)
    }

    private static func scaled(_ call: OperatorCall, _ y: Value, _ scale: Value, _ shift: Value? = nil) throws -> Value
    {
        call.interpreter.builder.noteNormalization([scale] + (shift.map { [$0] } ?? []))
        for value in [scale] + (shift.map { [$0] } ?? []) {
            guard try call.broadcast([y.shape, value.shape]) == y.shape else {
                throw call.failure("a scale or bias of shape \(value.shape.shown) does not fit \(y.shape.shown)")
            }
        }
        return shift.map { y * scale + $0 } ?? y * scale
    }

    /// y · scale + shift by channel, the second dimension.
    private static func affine(_ call: OperatorCall, _ y: Value, _ scale: Value, _ shift: Value) throws -> Value {
        let channels = y.shape[1], shape = [channels] + [Int](repeating: 1, count: y.shape.count - 2)
        guard scale.shape == [channels], shift.shape == [channels] else {
            throw call.failure(
                "found a scale of shape \(scale.shape.shown) and a bias of \(shift.shape.shown), expected [\(channels)]"
            )
        }
        call.interpreter.builder.noteNormalization([scale, shift])
        return y * scale.reshaped(shape) + shift.reshaped(shape)
    }

    /// By the running statistics; by the batch's own where the network is built for that, which are then recorded for the
    /// running ones as training does.
    private static func batchNorm(_ call: OperatorCall) throws -> [Operand] {
        let tensor = try call.lifted(try call.operand(0))
        try call.rank(tensor.shape, 2...8)
        let channels = tensor.shape[1]
        let vectors = try (1...4).map { try call.tensor($0) }
        guard vectors.allSatisfy({ $0.shape == [channels] }) else {
            throw call.failure("found statistics of shapes \(vectors.map(\.shape)), expected [\(channels)]")
        }
        // Channels last, or as they are.
        let x = tensor.isChannelsLast ? tensor.stored : tensor.value.asReal()
        let shape = tensor.isChannelsLast ? [channels] : [channels] + [Int](repeating: 1, count: x.shape.count - 2)
        let axes = tensor.isChannelsLast ? [0, 1, 2] : x.shape.indices.filter { $0 != 1 }
        let (scale, shift, storedMean, storedVariance) = (vectors[0], vectors[1], vectors[2], vectors[3])
        call.interpreter.builder.noteNormalization([scale, shift])
        let epsilon = call.real("epsilon", default: 1e-5)
        func result(_ value: Value) -> Operand {
            .graph(tensor.isChannelsLast ? GraphTensor(channelsLast: value) : GraphTensor(value))
        }
        let usesBatch = call.interpreter.builder.batchNormMode == .batch
        guard usesBatch || call.flag("training_mode") else {
            let factor = scale / storedVariance.offset(epsilon).sqrt()
            return [result(x * factor.reshaped(shape) + (shift - storedMean * factor).reshaped(shape))]
        }
        let count = x.type.count / channels
        let mean = x.mean(axes), centered = x - mean
        let variance = centered.squared().mean(axes)
        let y =
            centered * (scale.reshaped(shape) / variance.offset(epsilon).sqrt().reshaped([1] + shape))
            + shift.reshaped(shape)
        let (flatMean, flatVariance) = (mean.reshaped([channels]), variance.reshaped([channels]))
        if usesBatch {
            let builder = call.interpreter.builder
            let unbiased = flatVariance.scaled(Double(count) / Double(max(count - 1, 1)))
            builder.record(flatMean, of: count, forBuffer: call.node.inputs[3])
            builder.record(unbiased, of: count, forBuffer: call.node.inputs[4])
            return [result(y)]
        }
        let momentum = call.real("momentum", default: 0.9)
        return [
            result(y), .graph(storedMean.scaled(momentum) + flatMean.scaled(1 - momentum)),
            .graph(storedVariance.scaled(momentum) + flatVariance.scaled(1 - momentum)),
        ]
    }

    private static func layerNorm(_ call: OperatorCall) throws -> [Operand] {
        let x = try call.tensor(0)
        let axes = try lastAxes(call, x)
        let epsilon = call.real("epsilon", default: 1e-5),
            inverse = x.variance(axes).offset(epsilon).sqrt().reciprocal()
        let y = try scaled(
            call, x.standardized(over: axes, epsilon: epsilon), try call.tensor(1), try call.optionalTensor(2))
        return [.graph(y), .graph(x.mean(axes)), .graph(inverse)]
    }

    /// Scale and bias are by group up to opset 20, by channel from 21 on; both are taken by their length.
    private static func groupNorm(_ call: OperatorCall) throws -> [Operand] {
        let x = try call.tensor(0)
        try call.rank(x.shape, 2...8)
        let shape = x.shape, channels = shape[1], groups = call.integer("num_groups", default: 1)
        guard groups > 0, channels % groups == 0 else {
            throw call.failure("found \(groups) groups of \(channels) channels")
        }
        let rest = shape.dropFirst(2).reduce(1, *)
        let (scale, shift) = (try call.tensor(1), try call.tensor(2))
        var y = x.reshaped([shape[0], groups, channels / groups * rest]).standardized(
            over: [2], epsilon: call.real("epsilon", default: 1e-5))
        if scale.shape == [groups], shift.shape == [groups], groups != channels {
            y = try affine(call, y, scale, shift)
            return [.graph(y.reshaped(shape))]
        }
        y = y.reshaped(shape)
        return [.graph(try affine(call, y, scale, shift))]
    }
}
