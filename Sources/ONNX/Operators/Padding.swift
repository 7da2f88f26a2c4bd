import ArrayFiles
import Autodiff
import Essentials

extension Operators {
    static let padding: [String: OperatorCall.Implementation] = ["Pad": { try pad($0) }]

    /// Negative padding cuts off; what is beyond the edge is a number, the reflected or the nearest or the opposite element.
    private static func pad(_ call: OperatorCall) throws -> [Operand] {
        var x = try call.operand(0)
        let rank = x.shape.count
        let given =
            call.opset < 11 ? call.integers("pads") ?? call.integers("paddings") ?? [] : try call.host(1).integers
        let axes = try call.optionalHost(3).map { try call.axes($0.integers, rank: rank) } ?? Array(0..<rank)
        guard given.count == 2 * axes.count, given.allSatisfy({ abs(Double($0)) < 0x1p24 }) else {
            throw call.failure("found pads \(given.shown) for \(axes.count) dimensions")
        }
        let mode = call.text("mode", default: "constant")
        for (i, axis) in axes.enumerated() {
            let (before, after) = (given[i], given[i + axes.count]), extent = x.shape[axis]
            guard before + after + extent > 0 else {
                throw call.failure("pads \(given.shown) leave nothing of \(x.shape.shown)")
            }
            if before == 0, after == 0 { continue }
            if mode == "constant" {
                let low = max(0, -before), high = extent - max(0, -after)
                guard low < high else { throw call.failure("pads \(given.shown) leave nothing of \(x.shape.shown)") }
                x = try sliced(call, x, axis, from: low, count: high - low)
                x = try padded(call, x, axis, max(0, before), max(0, after))
                continue
            }
            _ = try call.hostCount([before + after + extent])
            let places = try (-before..<(extent + after)).map { place in
                switch mode {
                case "edge": return min(max(place, 0), extent - 1)
                case "wrap": return ((place % extent) + extent) % extent
                case "reflect":
                    guard extent > 1 else { return 0 }
                    let period = 2 * (extent - 1), r = ((place % period) + period) % period
                    return min(r, period - r)
                default: throw call.failure("found mode \(mode.shown), expected constant, reflect, edge or wrap")
                }
            }
            x = try take(call, x, axis, places)
        }
        return [x]
    }

    private static func padded(_ call: OperatorCall, _ x: Operand, _ axis: Int, _ before: Int, _ after: Int) throws
        -> Operand
    {
        if before == 0, after == 0 { return x }
        let tensor = try call.lifted(x)
        var shape = tensor.shape
        shape[axis] += before + after
        try call.check(shape)
        let (value, place) =
            tensor.isChannelsLast ? (tensor.stored, [0, 3, 1, 2][axis]) : (tensor.value.asReal(), axis)
        var result = value.padded(place, before: before, after: after)
        let fill = call.opset < 11 ? nil : call.optional(2)
        let number: Value? =
            try fill.map { _ in try call.tensor(2) }
            ?? call.node.attributes["value"]?.real.map { call.graph.constant($0) }
        if let number {
            guard number.type.count == 1 else {
                throw call.failure("found a padding value of shape \(number.shape.shown)")
            }
            if !number.isConstant || !number.isZero {
                let inside = call.graph.constant(1, shape: value.shape).padded(place, before: before, after: after)
                result = inside.select(result, number.reshaped([]))
            }
        }
        return .graph(
            tensor.isChannelsLast ? GraphTensor(channelsLast: result, tensor.kind) : GraphTensor(result, tensor.kind))
    }
}
