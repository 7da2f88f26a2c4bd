import ArrayFiles
import Autodiff
import Essentials

extension Operators {
    static let indexing: [String: OperatorCall.Implementation] = [
        "Slice": { try slice($0) },
        "Gather": { try gather($0) },
        "GatherElements": { try gatherElements($0) },
        "OneHot": { try oneHot($0) },
        "Trilu": { try triangle($0) },
        "CumSum": { try cumulativeSum($0) },
    ]

    /// Elements of one axis at these places, each in 0..<extent, in that order.
    static func take(_ call: OperatorCall, _ x: Operand, _ axis: Int, _ places: [Int]) throws -> Operand {
        var shape = x.shape
        shape[axis] = places.count
        switch x {
        case .host(let tensor):
            _ = try call.hostCount(shape)
            let inner = x.shape[(axis + 1)...].reduce(1, *), row = x.shape[axis] * inner
            let outer = x.shape[..<axis].reduce(1, *)
            let from = (0..<outer).flatMap { o in places.flatMap { p in (0..<inner).map { o * row + p * inner + $0 } } }
            return .host(tensor.picked(from, shape))
        case .graph(let tensor):
            try call.check(shape)
            let (value, place) =
                tensor.isChannelsLast ? (tensor.stored, [0, 3, 1, 2][axis]) : (tensor.value.asReal(), axis)
            let result = taken(value, place, places)
            return .graph(
                tensor.isChannelsLast
                    ? GraphTensor(channelsLast: result, tensor.kind) : GraphTensor(result, tensor.kind))
        }
    }

    /// `count` elements of one axis from `start` on, every `step`-th.
    static func sliced(
        _ call: OperatorCall, _ x: Operand, _ axis: Int, from start: Int, count: Int, step: Int = 1
    ) throws -> Operand {
        guard case .graph(let tensor) = x else {
            return try take(call, x, axis, (0..<count).map { start + $0 * step })
        }
        if tensor.isChannelsLast {
            let place = [0, 3, 1, 2][axis]
            let result = tensor.stored.slice(place, from: start, count: count, step: step)
            return .graph(GraphTensor(channelsLast: result, tensor.kind))
        }
        return .graph(tensor.value.asReal().slice(axis, from: start, count: count, step: step), tensor.kind)
    }

    private static func taken(_ value: Value, _ axis: Int, _ places: [Int]) -> Value {
        let step = places.count > 1 ? places[1] - places[0] : 1
        if step > 0, places.indices.allSatisfy({ places[$0] == places[0] + $0 * step }) {
            return value.slice(axis, from: places[0], count: places.count, step: step)
        }
        return rows(value, axis, value.graph.literal(indices: places))
    }

    /// Elements of one axis by index [n].
    private static func rows(_ value: Value, _ axis: Int, _ index: Value) -> Value {
        let order = [axis] + value.shape.indices.filter { $0 != axis }
        let front = value.permuted(order)
        let extent = front.shape[0]
        let taken = front.reshaped([extent, front.type.count / extent]).rows(index)
        let shape = [index.type.count] + front.shape.dropFirst()
        return taken.reshaped(shape).permuted(value.shape.indices.map { order.firstIndex(of: $0)! })
    }

    private static func slice(_ call: OperatorCall) throws -> [Operand] {
        var result = try call.operand(0)
        let rank = result.shape.count
        let starts: [Int], ends: [Int], axes: [Int], steps: [Int]
        if call.opset < 10 {
            starts = call.integers("starts") ?? []
            ends = call.integers("ends") ?? []
            axes = call.integers("axes") ?? Array(starts.indices)
            steps = starts.map { _ in 1 }
        } else {
            starts = try call.host(1).integers
            ends = try call.host(2).integers
            axes = try call.optionalHost(3)?.integers ?? Array(starts.indices)
            steps = try call.optionalHost(4)?.integers ?? starts.map { _ in 1 }
        }
        guard starts.count == ends.count, axes.count == starts.count, steps.count == starts.count else {
            throw call.failure(
                "found \(starts.count) starts, \(ends.count) ends, \(axes.count) axes and \(steps.count) steps")
        }
        for (i, axis) in try call.axes(axes, rank: rank).enumerated() {
            let extent = result.shape[axis], step = min(max(steps[i], -1 << 40), 1 << 40)
            guard step != 0 else { throw call.failure("found a step of \(step)") }
            let least = step > 0 ? 0 : -1, most = step > 0 ? extent : extent - 1
            func place(_ index: Int) -> Int {
                min(max(index < 0 ? index.addingReportingOverflow(extent).partialValue : index, least), most)
            }
            let (start, end) = (place(starts[i]), place(ends[i]))
            let count = step > 0 ? (end - start + step - 1) / step : (start - end - step - 1) / -step
            if count == extent, step == 1 { continue }
            if count <= 0 {
                var shape = result.shape
                shape[axis] = 0
                result = .host(HostTensor(shape: shape, kind: result.kind, values: []))
            } else if step > 0 {
                result = try sliced(call, result, axis, from: start, count: count, step: step)
            } else {
                _ = try call.hostCount([count])
                result = try take(call, result, axis, (0..<count).map { start + $0 * step })
            }
        }
        return [result]
    }

    private static func gather(_ call: OperatorCall) throws -> [Operand] {
        let data = try call.operand(0), index = try call.operand(1)
        let axis = try call.axis(call.integer("axis", default: 0), rank: data.shape.count)
        let extent = data.shape[axis]
        let shape = data.shape[..<axis] + index.shape + data.shape[(axis + 1)...]
        if case .host(let host) = index {
            let places = try host.integers.map { place in
                guard place >= -extent, place < extent else {
                    throw call.failure("found index \(place), expected \(-extent) to \(extent - 1)")
                }
                return place < 0 ? place + extent : place
            }
            guard !places.isEmpty else { throw call.failure("found no indices") }
            return [try reshaped(call, try take(call, data, axis, places), Array(shape))]
        }
        guard case .graph(let tensor) = index else { throw call.failure("found no index") }
        try call.check(Array(shape))
        guard extent <= 1 << 24 else { throw call.failure("found a table of \(extent) rows") }
        let flat = indices(tensor, extent)
        let value = try call.lifted(data).value.asReal()
        let result = rows(value, axis, flat)
        return [.graph(result.reshaped(Array(shape)), data.kind)]
    }

    /// Indices [n] out of a graph's value, negative ones counted from the end. Those of the examples are not negative.
    private static func indices(_ tensor: GraphTensor, _ extent: Int) -> Value {
        let value = tensor.value, count = value.type.count
        if value.type.element == .index { return value.reshaped([count]) }
        let flat = value.reshaped([count])
        let isNegative = (-flat).step()
        return (flat + isNegative.scaled(Double(extent))).asIndex()
    }

    /// Indices have the result's shape, the data's but for the axis.
    private static func gatherElements(_ call: OperatorCall) throws -> [Operand] {
        let data = try call.tensor(0), index = try call.operand(1)
        let axis = try call.axis(call.integer("axis", default: 0), rank: data.shape.count)
        guard index.shape.count == data.shape.count,
            data.shape.indices.allSatisfy({ $0 == axis || index.shape[$0] <= data.shape[$0] })
        else { throw call.failure("found indices of shape \(index.shape.shown) for data of \(data.shape.shown)") }
        _ = try call.hostCount(index.shape)
        let extent = data.shape[axis], strides = call.rowMajorStrides(data.shape)
        guard data.type.count < 1 << 24 else {
            throw call.failure("found data of shape \(data.shape.shown), expected a smaller one")
        }
        let bases = call.places(shape: index.shape, strides: data.shape.indices.map { $0 == axis ? 0 : strides[$0] })
        let flat = data.reshaped([data.type.count, 1])
        let position: Value
        if case .host(let host) = index {
            let places = try zip(bases, host.integers).map { base, place in
                guard place >= -extent, place < extent else { throw call.failure("found index \(place)") }
                return base + (place < 0 ? place + extent : place) * strides[axis]
            }
            position = call.graph.literal(indices: places)
        } else {
            let value = try call.tensor(1).reshaped([bases.count])
            let wrapped = value + (-value).step().scaled(Double(extent))
            position =
                (wrapped.scaled(Double(strides[axis]))
                + call.graph.literal(bases.map(Double.init), shape: [bases.count])).asIndex()
        }
        return [.graph(flat.rows(position).reshaped(index.shape), try call.operand(0).kind)]
    }

    private static func oneHot(_ call: OperatorCall) throws -> [Operand] {
        let index = try call.operand(0)
        let depth = HostTensor.integer(try call.number(1)), values = try call.operand(2)
        guard depth > 0, depth <= 1 << 24 else { throw call.failure("found a depth of \(depth)") }
        guard values.shape == [2] else {
            throw call.failure("found values of shape \(values.shape.shown), expected [2]")
        }
        let rank = index.shape.count
        let axis = try call.axis(call.integer("axis", default: -1), rank: rank + 1)
        try call.check(index.shape + [depth])
        let flat: Value
        if case .host(let host) = index {
            let places = host.integers.map { (place: Int) -> Int in
                if place >= 0 { return min(place, depth) }
                return place >= -depth ? place + depth : depth
            }
            flat = call.graph.literal(indices: places)
        } else {
            flat = indices(try call.lifted(index), depth)
        }
        let ones: Value = flat.oneHot(depth).reshaped(index.shape + [depth])
        let both = try call.tensor(2)
        let off: Value = both.slice(0, from: 0, count: 1)
        let on: Value = both.slice(0, from: 1, count: 1)
        let result: Value = off + (on - off) * ones
        var order = Array(0..<rank)
        order.insert(rank, at: axis)
        return [.graph(result.permuted(order), values.kind)]
    }

    /// The upper or lower triangle; the rest is 0.
    private static func triangle(_ call: OperatorCall) throws -> [Operand] {
        let x = try call.operand(0)
        guard x.shape.count >= 2 else { throw call.failure("found shape \(x.shape.shown), expected matrices") }
        let shift = try call.number(1, default: 0), isUpper = call.flag("upper", default: true)
        let (m, n) = (x.shape[x.shape.count - 2], x.shape[x.shape.count - 1])
        _ = try call.hostCount([m, n])
        var mask = [Double](repeating: 0, count: m * n)
        for i in 0..<m {
            for j in 0..<n where isUpper ? Double(j - i) >= shift : Double(j - i) <= shift { mask[i * n + j] = 1 }
        }
        let operand = Operand.host(HostTensor(shape: [m, n], kind: .boolean, values: mask))
        return [
            try call.elementwise([operand, x], kind: x.kind, host: { $0[0] == 0 ? 0 : $0[1] }) {
                $0[0].select($0[1], $0[1].graph.constant(0, shape: $0[1].shape))
            }
        ]
    }

    /// By a product with a triangle of ones.
    private static func cumulativeSum(_ call: OperatorCall) throws -> [Operand] {
        let x = try call.operand(0)
        let axis = try call.axis(HostTensor.integer(try call.number(1)), rank: x.shape.count)
        let extent = x.shape[axis], isExclusive = call.flag("exclusive"), isReverse = call.flag("reverse")
        _ = try call.hostCount([extent, extent])
        func counts(_ from: Int, _ to: Int) -> Bool {
            let (i, j) = isReverse ? (to, from) : (from, to)
            return isExclusive ? i < j : i <= j
        }
        var triangle = [Double](repeating: 0, count: extent * extent)
        for i in 0..<extent {
            for j in 0..<extent where counts(i, j) { triangle[i * extent + j] = 1 }
        }
        var order = Array(x.shape.indices)
        order.swapAt(axis, order.count - 1)
        let value = try call.lifted(x).value.asReal().permuted(order)
        let matrix = call.graph.literal(triangle, shape: [extent, extent])
        return [.graph(try product(call, value, matrix).permuted(order), x.kind)]
    }
}
