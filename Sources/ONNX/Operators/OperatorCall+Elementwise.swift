import Autodiff

extension OperatorCall {
    /// Applies a function element by element to operands that broadcast: now where all are known, else in the graph, channels
    /// last where an operand is.
    ///
    /// - Parameters:
    ///   - kind: of the result; by default integers where all operands are whole numbers, else real.
    ///   - host: the function of numbers known now; nil where it is computed in the graph always.
    func elementwise(
        _ operands: [Operand], kind: HostTensor.Kind? = nil, host: (([Double]) -> Double)?,
        graph function: ([Value]) -> Value
    ) throws -> Operand {
        let operands = fittedToBatch(operands)
        let shape = try broadcast(operands.map(\.shape))
        let kind = kind ?? (operands.allSatisfy { $0.kind != .real } ? .integer : .real)
        let known = operands.compactMap { if case .host(let tensor) = $0 { tensor } else { nil } }
        if let host, known.count == operands.count, let count = try? hostCount(shape) {
            let places = try known.map { try broadcastPlaces($0.shape, shape) }
            var arguments = [Double](repeating: 0, count: known.count)
            let values = (0..<count).map { i in
                for j in known.indices { arguments[j] = known[j].values[places[j]?[i] ?? i] }
                return host(arguments)
            }
            return .host(HostTensor(shape: shape, kind: kind, values: values))
        }
        try check(shape)
        let lifted = try operands.map { try self.lifted($0) }
        guard shape.count == 4, lifted.contains(where: \.isChannelsLast) else {
            return .graph(function(lifted.map { $0.value.asReal() }), kind)
        }
        let values = lifted.map { tensor -> Value in
            if tensor.isChannelsLast { return tensor.stored }
            let value = tensor.value.asReal()
            return value.reshaped([Int](repeating: 1, count: 4 - value.shape.count) + value.shape).permuted([
                0, 2, 3, 1,
            ])
        }
        return .graph(GraphTensor(channelsLast: function(values), kind))
    }

    /// Constants as they are for this batch where the model was exported for another.
    private func fittedToBatch(_ operands: [Operand]) -> [Operand] {
        guard let fixed = interpreter.fixedBatch else { return operands }
        let shapes = operands.compactMap { if case .graph(let tensor) = $0 { tensor.shape } else { nil } }
        guard let longest = shapes.max(by: { $0.count < $1.count }) else { return operands }
        return operands.map { operand in
            guard case .host(let tensor) = operand else { return operand }
            return .host(fixed.shrunk(tensor, meeting: longest))
        }
    }

    /// Where each element of a broadcast lies in what is broadcast; nil where the shapes are equal.
    func broadcastPlaces(_ from: [Int], _ to: [Int]) throws -> [Int]? {
        if from == to { return nil }
        let padded = [Int](repeating: 1, count: to.count - from.count) + from
        var strides = [Int](repeating: 0, count: to.count), next = 1
        for i in to.indices.reversed() {
            strides[i] = padded[i] == 1 ? 0 : next
            next *= padded[i]
        }
        return places(shape: to, strides: strides)
    }

    /// Σ indexᵢ · stridesᵢ + offset for every index of a shape, row-major.
    func places(shape: [Int], strides: [Int], offset: Int = 0) -> [Int] {
        var result = [offset]
        for (extent, stride) in zip(shape, strides) {
            result = result.flatMap { base in (0..<extent).map { base + $0 * stride } }
        }
        return result
    }

    func rowMajorStrides(_ shape: [Int]) -> [Int] {
        var strides = shape, next = 1
        for i in shape.indices.reversed() {
            strides[i] = next
            next *= max(shape[i], 1)
        }
        return strides
    }

    /// A function of the first operand alone.
    func unary(
        kind: HostTensor.Kind? = .real, host: ((Double) -> Double)? = nil, graph function: (Value) -> Value
    ) throws -> [Operand] {
        [
            try elementwise(
                [try operand(0)], kind: kind, host: host.map { host in { host($0[0]) } }, graph: { function($0[0]) })
        ]
    }

    /// A function of the first two operands.
    func binary(
        kind: HostTensor.Kind? = nil, host: @escaping (Double, Double) -> Double,
        graph function: (Value, Value) -> Value
    ) throws -> [Operand] {
        [
            try elementwise(
                [try operand(0), try operand(1)], kind: kind, host: { host($0[0], $0[1]) },
                graph: { function($0[0], $0[1]) })
        ]
    }
}
