import ArrayFiles
import Autodiff
import Essentials

extension Operators {
    /// What changes shapes only.
    static let shape: [String: OperatorCall.Implementation] = [
        "Shape": { call in
            let shape = try call.operand(0).shape
            func clamped(_ index: Int) -> Int { min(max(index < 0 ? index + shape.count : index, 0), shape.count) }
            let start = clamped(call.integer("start", default: 0)),
                end = clamped(call.integer("end", default: shape.count))
            return [.host(HostTensor(start < end ? Array(shape[start..<end]) : []))]
        },
        "Size": { [.host(HostTensor(Double(try $0.operand(0).shape.reduce(1, *)), .integer))] },
        "Reshape": { call in
            let target = call.opset < 5 ? call.integers("shape") ?? [] : try call.host(1).integers
            return [try reshape(call, try call.operand(0), target, allowsZero: call.flag("allowzero"))]
        },
        "Flatten": { call in
            let x = try call.operand(0), rank = x.shape.count
            let given = call.integer("axis", default: 1)
            let axis = given == rank ? rank : try call.axis(given, rank: max(rank, 1))
            let rows = x.shape[..<min(axis, rank)].reduce(1, *), columns = x.shape[min(axis, rank)...].reduce(1, *)
            return [try reshaped(call, x, [rows, columns])]
        },
        "Squeeze": { call in
            let x = try call.operand(0)
            var given = call.integers("axes")
            if call.optional(1) != nil { given = try call.host(1).integers }
            let axes =
                try given.map { try call.axes($0, rank: x.shape.count) } ?? x.shape.indices.filter { x.shape[$0] == 1 }
            guard axes.allSatisfy({ x.shape[$0] == 1 }) else {
                throw call.failure("found axes \(axes.shown) of shape \(x.shape.shown), expected extents of 1")
            }
            return [try reshaped(call, x, x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] })]
        },
        "Unsqueeze": { call in
            let x = try call.operand(0)
            let given = call.optional(1) == nil ? call.integers("axes") ?? [] : try call.host(1).integers
            guard given.count < 16 else { throw call.failure("found \(given.count) axes") }
            let rank = x.shape.count + given.count
            let axes = try call.axes(given, rank: rank)
            var left = x.shape[...]
            let shape = (0..<rank).map { axes.contains($0) ? 1 : left.removeFirst() }
            return [try reshaped(call, x, shape)]
        },
        "Transpose": { call in
            let x = try call.operand(0), rank = x.shape.count
            let order = call.integers("perm") ?? Array((0..<rank).reversed())
            guard order.sorted() == Array(0..<rank) else {
                throw call.failure("found perm \(order.shown) for \(rank) dimensions")
            }
            let shape = order.map { x.shape[$0] }
            switch x {
            case .host(let tensor):
                let strides = call.rowMajorStrides(x.shape)
                return [.host(tensor.picked(call.places(shape: shape, strides: order.map { strides[$0] }), shape))]
            case .graph(let tensor):
                try call.check(shape)
                // Channels last already, where that is asked for.
                if tensor.isChannelsLast, order == [0, 2, 3, 1] { return [.graph(tensor.stored, tensor.kind)] }
                if !tensor.isChannelsLast, order == [0, 3, 1, 2] {
                    return [.graph(GraphTensor(channelsLast: tensor.value.asReal(), tensor.kind))]
                }
                return [.graph(tensor.value.asReal().permuted(order), tensor.kind)]
            }
        },
        "Expand": { call in
            let target = exportedForBatch(call, try call.operand(0).shape, try call.host(1).integers)
            guard target.allSatisfy({ $0 >= 0 }) else { throw call.failure("found the shape \(target.shown)") }
            var x = try call.operand(0)
            if let fixed = call.interpreter.fixedBatch, case .host(let tensor) = x {
                x = .host(fixed.shrunk(tensor, meeting: target))
            }
            return [try expanded(call, x, try call.broadcast([x.shape, target]))]
        },
        "Tile": { call in
            let x = try call.operand(0), repeats = try call.host(1).integers
            guard repeats.count == x.shape.count, repeats.allSatisfy({ $0 > 0 }) else {
                throw call.failure("found repeats \(repeats.shown) for shape \(x.shape.shown)")
            }
            var result = x
            for (axis, count) in repeats.enumerated() where count > 1 {
                guard count <= OperatorInterpreter.mostElements else {
                    throw call.failure("found repeats \(repeats.shown)")
                }
                // A new dimension before the axis, repeated, then both are one.
                let shape = result.shape
                var wide = shape, merged = shape
                wide.insert(1, at: axis)
                let opened = try reshaped(call, result, wide)
                wide[axis] = count
                let (product, overflow) = merged[axis].multipliedReportingOverflow(by: count)
                guard !overflow else { throw call.failure("found repeats \(repeats.shown)") }
                merged[axis] = product
                result = try reshaped(call, try expanded(call, opened, wide), merged)
            }
            return [result]
        },
        "DepthToSpace": { call in
            let x = try call.tensor(0), block = call.integer("blocksize", default: 1)
            try call.rank(x.shape, 4...4)
            let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
            guard 1...1024 ~= block, c % (block * block) == 0 else {
                throw call.failure("found blocksize \(block) for \(c) channels")
            }
            let depth = c / (block * block)
            let isDCR = call.text("mode", default: "DCR") == "DCR"
            let open = x.reshaped(isDCR ? [n, block, block, depth, h, w] : [n, depth, block, block, h, w])
            let mixed = open.permuted(isDCR ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3])
            return [.graph(mixed.reshaped([n, depth, h * block, w * block]))]
        },
        "SpaceToDepth": { call in
            let x = try call.tensor(0), block = call.integer("blocksize", default: 1)
            try call.rank(x.shape, 4...4)
            let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
            guard 1...1024 ~= block, h % block == 0, w % block == 0 else {
                throw call.failure("found blocksize \(block)")
            }
            let mixed = x.reshaped([n, c, h / block, block, w / block, block]).permuted([0, 3, 5, 1, 2, 4])
            return [.graph(mixed.reshaped([n, c * block * block, h / block, w / block]))]
        },
    ]

    /// The same elements under another shape of as many.
    static func reshaped(_ call: OperatorCall, _ x: Operand, _ shape: [Int]) throws -> Operand {
        switch x {
        case .host(let tensor): return .host(HostTensor(shape: shape, kind: tensor.kind, values: tensor.values))
        case .graph(let tensor):
            try call.check(shape)
            return shape == tensor.shape ? x : .graph(tensor.value.reshaped(shape), tensor.kind)
        }
    }

    static func expanded(_ call: OperatorCall, _ x: Operand, _ shape: [Int]) throws -> Operand {
        switch x {
        case .host(let tensor):
            if (try? call.hostCount(shape)) == nil {
                try call.check(shape)
                return .graph(try call.lifted(x).value.broadcast(shape), tensor.kind)
            }
            let places = try call.broadcastPlaces(tensor.shape, shape)
            return places.map { .host(tensor.picked($0, shape)) } ?? x
        case .graph(let tensor):
            try call.check(shape)
            return shape == tensor.shape ? x : .graph(tensor.value.asReal().broadcast(shape), tensor.kind)
        }
    }

    private static func reshape(
        _ call: OperatorCall, _ x: Operand, _ given: [Int], allowsZero: Bool
    ) throws -> Operand {
        let count = x.shape.reduce(1, *)
        var target = given
        if !allowsZero {
            for i in target.indices where target[i] == 0 {
                guard x.shape.indices.contains(i) else { throw call.failure("found the shape \(given.shown)") }
                target[i] = x.shape[i]
            }
        }
        guard target.count(where: { $0 == -1 }) <= 1, target.allSatisfy({ $0 >= -1 }) else {
            throw call.failure("found the shape \(given.shown)")
        }
        target = exportedForBatch(call, x.shape, target, isReshape: true)
        var known = 1
        for extent in target where extent != -1 {
            let (next, overflow) = known.multipliedReportingOverflow(by: extent)
            guard !overflow else { throw call.failure("found the shape \(given.shown)") }
            known = next
        }
        if let free = target.firstIndex(of: -1), known > 0, count % known == 0 {
            target[free] = count / known
            known = count
        }
        guard known == count, !target.contains(-1) else {
            throw call.failure(
                "found the shape \(given.shown) for \(x.shape.shown), which has another number of elements")
        }
        return try reshaped(call, x, target)
    }

    /// A shape that was written down for the batch that the model was exported for, as it is for this one.
    private static func exportedForBatch(
        _ call: OperatorCall, _ now: [Int], _ target: [Int], isReshape: Bool = false
    ) -> [Int] {
        guard let fixed = call.interpreter.fixedBatch, call.node.inputs.count > 1 else { return target }
        // A shape that the model computes from others is right already.
        guard let given = fixed.values[call.node.inputs[1]]?.integers, given == (try? call.host(1).integers) else {
            return target
        }
        if isReshape { return fixed.reshape(call.node, now, target) }
        // What has an extent for the batch, and gets others.
        if let then = fixed.values[call.node.inputs[0]]?.shape, then.count == now.count, target.count >= now.count {
            let start = target.count - now.count
            let places = now.indices.filter {
                then[$0] == fixed.exported && now[$0] == fixed.batch && target[start + $0] == fixed.exported
            }
            if places.count == 1 {
                var result = target
                result[start + places[0]] = fixed.batch
                return result
            }
        }
        // A learnt token or a state that is repeated for each example.
        guard fixed.values[call.node.inputs[0]]?.shape == now, target.first == fixed.exported,
            target.count > now.count || now[0] == 1
        else { return target }
        return [fixed.batch] + target.dropFirst()
    }
}
