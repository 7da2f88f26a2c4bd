import ArrayFiles
import Autodiff
import Essentials

extension Operators {
    static let joining: [String: OperatorCall.Implementation] = [
        "Concat": { try concatenate($0) },
        "Split": { try split($0) },
    ]

    private static func concatenate(_ call: OperatorCall) throws -> [Operand] {
        let operands = try call.operands.indices.map { try call.operand($0) }
        guard let first = operands.first else { throw call.failure("found no inputs") }
        let rank = first.shape.count
        let axis = try call.axis(call.integer("axis", default: 1), rank: rank)
        var shape = first.shape
        shape[axis] = 0
        for operand in operands {
            guard operand.shape.count == rank,
                shape.indices.allSatisfy({
                    $0 == axis || operand.shape[$0] == shape[$0] || operand.isRepeatable(call, $0)
                        || first.isRepeatable(call, $0)
                })
            else {
                throw call.failure(
                    "found shapes \(operands.map(\.shape.shown).joined(separator: ", ")) along axis \(axis)")
            }
            shape[axis] += operand.shape[axis]
            for i in shape.indices where i != axis { shape[i] = max(shape[i], operand.shape[i]) }
        }
        guard
            operands.allSatisfy({ o in
                shape.indices.allSatisfy { $0 == axis || o.shape[$0] == shape[$0] || o.shape[$0] == 1 }
            })
        else {
            throw call.failure("found shapes \(operands.map(\.shape.shown).joined(separator: ", ")) along axis \(axis)")
        }
        let kind: HostTensor.Kind = operands.contains { $0.kind == .real } ? .real : first.kind
        if let hosts = call.hosts, (try? call.hostCount(shape)) != nil,
            hosts.allSatisfy({ host in shape.indices.allSatisfy { $0 == axis || host.shape[$0] == shape[$0] } })
        {
            let outer = shape[..<axis].reduce(1, *)
            var values: [Double] = []
            for row in 0..<outer {
                for host in hosts {
                    let width = host.shape[axis...].reduce(1, *)
                    values += host.values[(row * width)..<((row + 1) * width)]
                }
            }
            return [.host(HostTensor(shape: shape, kind: kind, values: values))]
        }
        try call.check(shape)
        let parts = try operands.filter { $0.shape[axis] > 0 }.map { try call.lifted($0) }
        if rank == 4, parts.allSatisfy(\.isChannelsLast) {
            let place = [0, 3, 1, 2][axis]
            return [.graph(GraphTensor(channelsLast: Value.concatenate(parts.map(\.stored), axis: place), kind))]
        }
        let values = parts.map { part -> Value in
            var own = shape
            own[axis] = part.shape[axis]
            return part.value.asReal().broadcast(own)
        }
        return [.graph(Value.concatenate(values, axis: axis), kind)]
    }

    private static func split(_ call: OperatorCall) throws -> [Operand] {
        let x = try call.operand(0)
        let axis = try call.axis(call.integer("axis", default: 0), rank: x.shape.count)
        let extent = x.shape[axis]
        var sizes = call.integers("split") ?? []
        if call.optional(1) != nil { sizes = try call.host(1).integers }
        if sizes.isEmpty {
            let parts = call.integer("num_outputs", default: call.node.outputs.count)
            guard parts > 0, parts <= min(max(extent, 1), call.node.outputs.count) else {
                throw call.failure("found \(parts) parts of \(extent)")
            }
            let size = (extent + parts - 1) / parts
            sizes = (0..<parts).map { min(size, max(0, extent - $0 * size)) }
        }
        guard sizes.count <= extent + 16, sizes.allSatisfy({ 0...extent ~= $0 }), sizes.reduce(0, +) == extent else {
            throw call.failure("found parts \(sizes.shown) of an extent of \(extent)")
        }
        var start = 0
        return try sizes.map { size in
            defer { start += size }
            guard size > 0 else {
                var shape = x.shape
                shape[axis] = 0
                return .host(HostTensor(shape: shape, kind: x.kind, values: []))
            }
            return try sliced(call, x, axis, from: start, count: size)
        }
    }
}

extension Operand {
    /// Whether an extent of 1 may stand for the batch: a learnt token joined to examples by a model exported for a fixed batch.
    fileprivate func isRepeatable(_ call: OperatorCall, _ axis: Int) -> Bool {
        shape[axis] == 1 && call.interpreter.description.exportedBatch != nil
    }
}
