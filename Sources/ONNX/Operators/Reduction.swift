import ArrayFiles
import Autodiff
import Foundation

extension Operators {
    static let softmax: [String: OperatorCall.Implementation] = [
        "Softmax": { try alongAxis($0) { $0.softmax() } },
        "LogSoftmax": { try alongAxis($0) { $0.logSoftmax() } },
    ]

    /// Before opset 13 all dimensions from the axis on are one; since then the axis alone is meant.
    private static func alongAxis(_ call: OperatorCall, _ function: (Value) -> Value) throws -> [Operand] {
        let x = try call.tensor(0), rank = x.shape.count
        guard rank > 0 else { throw call.failure("found a scalar, expected at least one dimension") }
        guard call.opset >= 13 else {
            let axis = try call.axis(
                call.integer("axis", default: 1) == rank ? rank - 1 : call.integer("axis", default: 1), rank: rank)
            let rows = x.shape[..<axis].reduce(1, *)
            return [.graph(function(x.reshaped([rows, x.type.count / rows])).reshaped(x.shape))]
        }
        let axis = try call.axis(call.integer("axis", default: -1), rank: rank)
        if axis == rank - 1 { return [.graph(function(x))] }
        var order = Array(0..<rank)
        order.swapAt(axis, rank - 1)
        return [.graph(function(x.permuted(order)).permuted(order))]
    }

    static let reduction: [String: OperatorCall.Implementation] = [
        "ReduceSum": { try reduce($0, host: { $0.reduce(0, +) }) { $0.sum($1) } },
        "ReduceMean": { try reduce($0, host: { $0.reduce(0, +) / Double($0.count) }) { $0.mean($1) } },
        "ReduceMax": { try reduce($0, host: { $0.max() ?? -.infinity }) { $0.maximum(over: $1) } },
        "ReduceMin": { try reduce($0, host: { $0.min() ?? .infinity }) { -(-$0).maximum(over: $1) } },
        "ReduceProd": { try reduce($0, host: { $0.reduce(1, *) }, graph: productOver) },
        "ReduceL1": { try reduce($0, host: nil) { $0.abs().sum($1) } },
        "ReduceL2": { try reduce($0, host: nil) { $0.squared().sum($1).sqrt() } },
        "ReduceSumSquare": { try reduce($0, host: nil) { $0.squared().sum($1) } },
        "ReduceLogSum": { try reduce($0, host: nil) { $0.sum($1).log() } },
        "ReduceLogSumExp": {
            try reduce($0, host: nil) { x, axes in
                let shift = x.maximum(over: axes).stoppingGradient()
                return (x - shift).exp().sum(axes).log() + shift
            }
        },
    ]

    static let position: [String: OperatorCall.Implementation] = [
        "ArgMax": { try position($0, ofLargest: true) },
        "ArgMin": { try position($0, ofLargest: false) },
    ]

    /// Where along an axis the largest or smallest number is: the first of equal ones, or the last. It has no derivative.
    private static func position(_ call: OperatorCall, ofLargest isLargest: Bool) throws -> [Operand] {
        let x = try call.operand(0), rank = x.shape.count
        guard rank > 0 else { throw call.failure("found a scalar, expected at least one dimension") }
        let axis = try call.axis(call.integer("axis", default: 0), rank: rank), extent = x.shape[axis]
        let takesLast = call.flag("select_last_index")
        var kept = x.shape
        kept[axis] = 1
        var shape = kept
        if !call.flag("keepdims", default: true) { shape.remove(at: axis) }
        guard extent > 0 else { throw call.failure("found no numbers along axis \(axis) of \(x.shape.shown)") }
        if case .host(let tensor) = x {
            let strides = call.rowMajorStrides(x.shape)
            let bases = call.places(shape: kept, strides: strides)
            let values = bases.map { base in
                (1..<extent).reduce(0) { best, place in
                    let (a, b) = (
                        tensor.values[base + place * strides[axis]], tensor.values[base + best * strides[axis]]
                    )
                    return (isLargest ? a > b : a < b) || (takesLast && a == b) ? place : best
                }
            }
            return [.host(HostTensor(shape: shape, kind: .integer, values: values.map(Double.init)))]
        }
        let order = x.shape.indices.filter { $0 != axis } + [axis]
        _ = try call.hostCount([extent])
        let numbers = takesLast ? try take(call, x, axis, (0..<extent).reversed()) : x
        let values = try call.lifted(numbers).value.asReal().permuted(order)
        let line = values.reshaped([values.type.count / extent, 1, extent, 1])
        let geometry = PoolingGeometry(height: 1, width: extent, channels: 1, kernel: [1, extent], stride: [1, 1])
        let place = (isLargest ? line : -line).maxPoolPlaces(geometry).asReal().reshaped(shape)
        return [.graph(takesLast ? Double(extent - 1) - place : place, .integer)]
    }

    /// By slices, so that it is differentiable where a factor is 0.
    private static func productOver(_ x: Value, _ axes: [Int]) -> Value {
        axes.reduce(x) { x, axis in
            (1..<x.shape[axis]).reduce(x.slice(axis, from: 0, count: 1)) { $0 * x.slice(axis, from: $1, count: 1) }
        }
    }

    /// Axes are an attribute, or from opset 18 (ReduceSum: 13) on the second input.
    private static func reduce(
        _ call: OperatorCall, host: (([Double]) -> Double)?, graph function: (Value, [Int]) -> Value
    ) throws -> [Operand] {
        let x = try call.operand(0), rank = x.shape.count
        var given = call.integers("axes")
        if call.optional(1) != nil { given = try call.host(1).integers }
        if (given ?? []).isEmpty, call.flag("noop_with_empty_axes") { return [x] }
        let axes = (given ?? []).isEmpty ? Array(0..<rank) : try call.axes(given!, rank: rank).sorted()
        let keeps = call.flag("keepdims", default: true)
        let kept = x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] }
        let result = keeps ? kept : x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] }
        if case .host(let tensor) = x, let host, let count = try? call.hostCount(kept) {
            let strides = call.rowMajorStrides(x.shape)
            let outer = call.places(shape: kept, strides: x.shape.indices.map { axes.contains($0) ? 0 : strides[$0] })
            let inner = call.places(shape: axes.map { x.shape[$0] }, strides: axes.map { strides[$0] })
            precondition(outer.count == count, "\(outer.count) places of a reduction to the shape \(kept)")
            let values = outer.map { base in host(inner.map { tensor.values[base + $0] }) }
            return [.host(HostTensor(shape: result, kind: tensor.kind, values: values))]
        }
        let tensor = try call.lifted(x)
        if call.kind == "ReduceProd", axes.reduce(1, { $0 * x.shape[$1] }) > 256 {
            throw call.failure("found a product of more than 256 numbers")
        }
        if tensor.isChannelsLast, keeps {
            let order = [0, 3, 1, 2]  // where each dimension of N×C×H×W lies in N×H×W×C
            return [.graph(GraphTensor(channelsLast: function(tensor.stored, axes.map { order[$0] }.sorted())))]
        }
        return [.graph(function(tensor.value.asReal(), axes).reshaped(result))]
    }
}
