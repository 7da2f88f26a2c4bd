import ArrayFiles

extension ONNXSources {
    /// Takes weights that the file holds as integers, and turns into real numbers by constants, as those real numbers.
    ///
    /// - Parameter data: the bytes of a file beside the model's.
    /// - Returns: their names.
    mutating func dequantize(_ data: (String) throws -> [UInt8]) throws -> [String] {
        var names: [String] = [], numbers = 0
        for node in nodes where node.kind == "DequantizeLinear" && node.domain.isEmpty {
            let inputs = node.inputs.filter { !$0.isEmpty }
            guard let name = node.outputs.first, inputs.count >= 2, inputs.allSatisfy({ tensors[$0] != nil }) else {
                continue
            }
            let operands = try node.inputs.prefix(3).map { try tensors[$0]?.values(data) }
            guard let x = operands[0], let scale = operands[1] else { continue }
            func integer(_ key: String, _ other: Int) -> Int {
                node.attributes.first { $0.name == key }?.integer ?? other
            }
            let quantization: Quantization
            do throws(Quantization.Mismatch) {
                quantization = try Quantization(
                    x.shape, scale: scale.shape, axis: integer("axis", 1), block: integer("block_size", 0))
            } catch {
                throw ONNXError.node(operator: node.kind, node: ONNXModel.label(node), problem: error.problem)
            }
            // One tensor may be turned into real numbers any number of times.
            numbers += x.values.count
            guard numbers <= Self.mostNumbers else { throw ONNXError.tooManyNumbers(numbers) }
            let zero = operands.count > 2 ? operands[2]?.values : nil
            guard zero.map({ $0.count == scale.values.count }) ?? true else {
                throw ONNXError.node(
                    operator: node.kind, node: ONNXModel.label(node),
                    problem: "found another number of zero points than scales")
            }
            let values = x.values.indices.map { index in
                let place = quantization.place(of: index)
                return (x.values[index] - (zero?[place] ?? 0)) * scale.values[place]
            }
            let isDouble = tensors[node.inputs[1]]?.elementType == .float64
            try add(ONNXTensor(name: name, HostTensor(shape: x.shape, kind: .real, values: values), isDouble: isDouble))
            names.append(name)
        }
        let done = Set(names)
        nodes.removeAll { $0.kind == "DequantizeLinear" && done.contains($0.outputs.first ?? "") }
        return names
    }
}

/// Which scale belongs to which element: one to all, one to each place of an axis, or one to each block along it.
struct Quantization {
    struct Mismatch: Error { let problem: String }

    private let strides: [Int], extents: [Int], scales: [Int], blocks: [Int]

    init(_ shape: [Int], scale: [Int], axis: Int, block: Int) throws(Mismatch) {
        let problem = Mismatch(problem: "found scales of shape \(scale.shown) for integers of \(shape.shown)")
        var full = [Int](repeating: 1, count: shape.count), blocks = shape
        if scale.reduce(1, *) != 1 {
            let axis = axis < 0 ? axis + shape.count : axis
            guard shape.indices.contains(axis) else { throw problem }
            if block > 0 {
                guard block <= 1 << 40, scale.count == shape.count,
                    shape.indices.allSatisfy({ $0 == axis || scale[$0] == shape[$0] }),
                    scale[axis] == (shape[axis] + block - 1) / block
                else { throw problem }
                (full, blocks) = (scale, shape.map { _ in 1 })
                blocks[axis] = block
            } else {
                guard scale == [shape[axis]] else { throw problem }
                full[axis] = shape[axis]
                blocks[axis] = 1
            }
        }
        var strides = shape, scales = full, next = 1, nextScale = 1
        for i in shape.indices.reversed() {
            (strides[i], scales[i]) = (next, nextScale)
            next *= max(1, shape[i])
            nextScale *= full[i]
        }
        (self.strides, extents, self.scales, self.blocks) = (strides, shape, scales, blocks.map { max(1, $0) })
    }

    /// Of the element with this number, row by row.
    func place(of element: Int) -> Int {
        extents.indices.reduce(0) { $0 + element / strides[$1] % extents[$1] / blocks[$1] * scales[$1] }
    }
}
