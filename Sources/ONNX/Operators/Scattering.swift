import ArrayFiles
import Autodiff
import Essentials

extension Operators {
    /// Reading at places, and writing at places that are known when the graph is built, as `x[rows, columns]`, `y[:, :3] = x` and
    /// `y.index_add_` are exported.
    static let scattering: [String: OperatorCall.Implementation] = [
        "GatherND": { try gatherBlocks($0) },
        "ScatterND": { try scatterBlocks($0) },
        "ScatterElements": { try scatterElements($0) },
    ]

    /// Indices [b…, q…, k] name blocks by k axes after the `batch_dims` axes b that data have, too.
    private static func gatherBlocks(_ call: OperatorCall) throws -> [Operand] {
        let data = try call.operand(0), index = try call.operand(1), batches = call.integer("batch_dims", default: 0)
        guard let depth = index.shape.last, depth > 0, batches >= 0, batches < index.shape.count,
            batches <= data.shape.count - depth, index.shape[..<batches] == data.shape[..<batches]
        else { throw call.failure("found indices of shape \(index.shape.shown) for data of \(data.shape.shown)") }
        let front = batches + depth, inner = data.shape[front...].reduce(1, *)
        let strides = call.rowMajorStrides(Array(data.shape[..<front]))
        let rows = index.shape.dropLast().reduce(1, *), size = index.shape[batches...].dropLast().reduce(1, *)
        let shape = index.shape.dropLast() + data.shape[front...]
        guard rows > 0, inner > 0 else { throw call.failure("found no indices") }
        // A batch of the data is as long as its stride says.
        let stride = batches == 0 ? 0 : strides[batches - 1]
        guard case .host(let known) = index else {
            _ = try call.hostCount([rows, depth])
            let position = try positions(
                call, index, (0..<rows).map { $0 / size * stride }, Array(data.shape[batches..<front]),
                Array(strides[batches...]))
            let table = try call.lifted(try reshaped(call, data, [data.shape[..<front].reduce(1, *), inner]))
            try call.check(Array(shape))
            return [.graph(table.value.asReal().rows(position).reshaped(Array(shape)), data.kind)]
        }
        let places = known.integers
        let targets = try (0..<rows).map { row in
            try (0..<depth).reduce(row / size * stride) { sum, axis in
                sum + strides[batches + axis]
                    * (try place(call, places[row * depth + axis], data.shape[batches + axis]))
            }
        }
        let blocks = try reshaped(call, data, [data.shape[..<front].reduce(1, *), inner])
        return [try reshaped(call, try take(call, blocks, 0, targets), Array(shape))]
    }

    /// Indices [q…, k] name blocks by their first k axes; updates are [q…, the block's shape].
    private static func scatterBlocks(_ call: OperatorCall) throws -> [Operand] {
        let data = try call.operand(0), index = try call.operand(1), updates = try call.operand(2)
        guard let depth = index.shape.last, 1...max(1, data.shape.count) ~= depth else {
            throw call.failure("found indices of shape \(index.shape.shown) for data of \(data.shape.shown)")
        }
        let inner = data.shape[depth...].reduce(1, *), count = index.shape.dropLast().reduce(1, *)
        guard updates.shape == index.shape.dropLast() + data.shape[depth...] else {
            throw call.failure("found updates of shape \(updates.shape.shown) for indices of \(index.shape.shown)")
        }
        let strides = call.rowMajorStrides(Array(data.shape[..<depth]))
        guard case .host(let known) = index else {
            _ = try call.hostCount([count, depth])
            let position = try positions(
                call, index, [Int](repeating: 0, count: count), Array(data.shape[..<depth]), strides)
            return [try added(call, data, updates, inner: inner, position)]
        }
        let places = known.integers
        let targets = try (0..<count).map { row in
            try (0..<depth).reduce(0) { sum, axis in
                sum + strides[axis] * (try place(call, places[row * depth + axis], data.shape[axis]))
            }
        }
        return [try written(call, data, updates, inner: inner, targets)]
    }

    /// Indices and updates have one shape; each index stands for the place along the axis.
    private static func scatterElements(_ call: OperatorCall) throws -> [Operand] {
        let data = try call.operand(0), index = try call.operand(1), updates = try call.operand(2)
        let rank = data.shape.count
        let axis = try call.axis(call.integer("axis", default: 0), rank: rank)
        guard index.shape == updates.shape, index.shape.count == rank,
            data.shape.indices.allSatisfy({ $0 == axis || index.shape[$0] <= data.shape[$0] })
        else {
            throw call.failure("found indices of shape \(index.shape.shown) for data of \(data.shape.shown)")
        }
        let strides = call.rowMajorStrides(data.shape)
        let bases = call.places(shape: index.shape, strides: data.shape.indices.map { $0 == axis ? 0 : strides[$0] })
        guard case .host(let known) = index else {
            _ = try call.hostCount(index.shape)
            let position = try positions(call, index, bases, [data.shape[axis]], [strides[axis]])
            return [try added(call, data, updates, inner: 1, position)]
        }
        let targets = try zip(bases, known.integers).map {
            $0 + strides[axis] * (try place(call, $1, data.shape[axis]))
        }
        return [try written(call, data, updates, inner: 1, targets)]
    }

    /// Places that the data name by indices [n, k], as indices [n]: each base and the k indices times their strides. Negative indices
    /// count from the end.
    private static func positions(
        _ call: OperatorCall, _ index: Operand, _ bases: [Int], _ extents: [Int], _ strides: [Int]
    ) throws -> Value {
        let most = zip(extents, strides).reduce(bases.max() ?? 0) { $0 + $1.0 * $1.1 }
        guard most < 1 << 24 else { throw call.failure("found indices into \(most) places, expected fewer than 2²⁴") }
        let all = try call.lifted(index).value.asReal().reshaped([bases.count, extents.count])
        var sum = call.graph.literal(bases.map(Double.init), shape: [bases.count, 1])
        for (axis, extent) in extents.enumerated() {
            let column = all.slice(1, from: axis, count: 1)
            sum = sum + (column + (-column).step().scaled(Double(extent))).scaled(Double(strides[axis]))
        }
        return sum.reshaped([bases.count]).asIndex()
    }

    /// The data with updates added at places that they name themselves.
    private static func added(
        _ call: OperatorCall, _ data: Operand, _ updates: Operand, inner: Int, _ position: Value
    ) throws -> Operand {
        guard call.text("reduction", default: "none") == "add" else {
            throw call.failure(
                "its indices depend on the data, expected ones that are known at import, or reduction add")
        }
        let rows = try call.lifted(try reshaped(call, updates, [position.type.count, inner])).value.asReal()
        let count = data.shape.reduce(1, *)
        let sum = rows.added(at: position, rows: count / inner).reshaped(data.shape)
        return try call.elementwise([data, .graph(sum, data.kind)], kind: data.kind, host: nil) { $0[0] + $0[1] }
    }

    private static func place(_ call: OperatorCall, _ index: Int, _ extent: Int) throws -> Int {
        guard index >= -extent, index < extent else {
            throw call.failure("found index \(index), expected \(-extent) to \(extent - 1)")
        }
        return index < 0 ? index + extent : index
    }

    /// The data with blocks of `inner` elements replaced, where the last of those written twice stays; or with a reduction, with the
    /// updates added, multiplied, or compared one after another.
    private static func written(
        _ call: OperatorCall, _ data: Operand, _ updates: Operand, inner: Int, _ targets: [Int]
    ) throws -> Operand {
        guard !targets.isEmpty, inner > 0 else { return data }
        let reduction = call.text("reduction", default: "none"), blocks = try call.hostCount(data.shape) / inner
        let kind = data.kind
        func combined(_ old: Operand, _ new: Operand) throws -> Operand {
            switch reduction {
            case "add": try call.elementwise([old, new], kind: kind, host: { $0[0] + $0[1] }) { $0[0] + $0[1] }
            case "mul": try call.elementwise([old, new], kind: kind, host: { $0[0] * $0[1] }) { $0[0] * $0[1] }
            case "max":
                try call.elementwise([old, new], kind: kind, host: { max($0[0], $0[1]) }) { $0[0].maximum($0[1]) }
            case "min":
                try call.elementwise([old, new], kind: kind, host: { min($0[0], $0[1]) }) { $0[0].minimum($0[1]) }
            default: throw call.failure("found reduction \(reduction.shown), expected none, add, mul, max or min")
            }
        }
        let rows = try reshaped(call, updates, [targets.count, inner])
        var table = try reshaped(call, data, [blocks, inner])
        if reduction == "none" {
            table = try replaced(call, table, rows, targets)
        } else if reduction == "add", !(table.isHost && rows.isHost) {
            let sum = try call.lifted(rows).value.asReal().added(at: call.graph.literal(indices: targets), rows: blocks)
            table = try combined(table, .graph(sum, kind))
        } else {
            // In rounds, none of which meets a block twice.
            var rounds: [[Int]] = [], times = [Int: Int]()
            for (row, target) in targets.enumerated() {
                let round = times[target, default: 0]
                times[target] = round + 1
                if round == rounds.count { rounds.append([]) }
                rounds[round].append(row)
            }
            guard rounds.count <= 4096 else { throw call.failure("found an index \(rounds.count) times") }
            _ = try call.hostCount([rounds.count, blocks])
            for round in rounds {
                let places = round.map { targets[$0] }
                let new = try combined(try take(call, table, 0, places), try take(call, rows, 0, round))
                table = try replaced(call, table, new, places)
            }
        }
        return try reshaped(call, table, data.shape)
    }

    /// A table with rows put at their targets.
    private static func replaced(
        _ call: OperatorCall, _ table: Operand, _ rows: Operand, _ targets: [Int]
    ) throws -> Operand {
        let blocks = table.shape[0], inner = table.shape[1]
        var places = Array(0..<blocks)
        for (row, target) in targets.enumerated() { places[target] = blocks + row }
        let all: Operand
        if case .host(let a) = table, case .host(let b) = rows {
            all = .host(HostTensor(shape: [blocks + targets.count, inner], kind: a.kind, values: a.values + b.values))
        } else {
            let parts = try [table, rows].map { try call.lifted($0).value.asReal() }
            try call.check([blocks + targets.count, inner])
            all = .graph(Value.concatenate(parts, axis: 0), table.kind)
        }
        return try take(call, all, 0, places)
    }
}
