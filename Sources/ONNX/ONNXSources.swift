import ArrayFiles
import Essentials

/// A model's nodes in an order in which operands come first, reduced to what one output needs, and the tensors that the file
/// holds, whether as initializers or in Constant nodes.
struct ONNXSources {
    var nodes: [ONNXModel.Node] = []
    private(set) var tensors: [String: ONNXTensor] = [:]
    /// Names of the tensors in the file's order, initializers first.
    private(set) var order: [String] = []

    /// - Parameter given: names whose values come from outside.
    init(_ all: [ONNXModel.Node], _ initializers: [ONNXTensor], outputs: [String], given: Set<String>) throws(ONNXError)
    {
        for tensor in initializers { try add(tensor) }
        var producer: [String: Int] = [:]
        for (index, node) in all.enumerated() {
            if node.kind == "Constant", node.domain.isEmpty,
                var tensor = node.attributes.first(where: { ["value", "sparse_value"].contains($0.name) })?.tensor,
                let name = node.outputs.first
            {
                (tensor.name, tensor.constantNode) = (name, node.name)
                try add(tensor)
                continue
            }
            for name in node.outputs where !name.isEmpty {
                guard producer[name] == nil, tensors[name] == nil, !given.contains(name) else {
                    throw .givenTwice(name)
                }
                producer[name] = index
            }
        }
        var needed = [Bool](repeating: false, count: all.count)
        var pending = outputs.compactMap { producer[$0] }
        while let index = pending.popLast() {
            if needed[index] { continue }
            needed[index] = true
            for name in all[index].inputs {
                if let other = producer[name] { pending.append(other) }
            }
        }
        try sort(all, needed, producer, given)
    }

    /// Names of the tensors that are stored as sparse ones.
    var sparseTensors: [String] { order.filter { tensors[$0]?.isSparse ?? false } }

    /// Refuses a file of few bytes that stands for more numbers than there is memory for: zeros of sparse tensors, and one part of another
    /// file for any number of tensors.
    func checkSize() throws(ONNXError) {
        var numbers = 0
        let read = Set(nodes.flatMap(\.inputs))
        for tensor in tensors.values where read.contains(tensor.name) && tensor.isSparseOrExternal {
            guard let count = tensor.count, count <= ONNXTensor.mostDense || !tensor.isSparse else { continue }
            numbers += min(count, 1 << 40)
            guard numbers <= Self.mostNumbers else { throw .tooManyNumbers(numbers) }
        }
    }

    /// Numbers that fit the machine's memory as Float64.
    static let mostNumbers = MachineMemory.bytes / 8

    /// Adds a tensor that no file has.
    mutating func add(_ tensor: ONNXTensor) throws(ONNXError) {
        guard !tensor.name.isEmpty, tensors.updateValue(tensor, forKey: tensor.name) == nil else {
            throw .notONNX("tensor '\(tensor.name.shown)' is given twice or has no name")
        }
        order.append(tensor.name)
    }

    /// Makes tensors the transposes of others instead, where exporters wrote both: a table that is also the last product's weights.
    mutating func transpose(_ copies: [(copy: String, original: String)]) {
        let names = Set(copies.map(\.copy))
        for name in names { tensors[name] = nil }
        order.removeAll(where: names.contains)
        nodes =
            copies.reversed().map { copy, original in
                var node = ONNXModel.Node()
                (node.name, node.kind, node.inputs, node.outputs) = (copy, "Transpose", [original], [copy])
                return node
            } + nodes
    }

    /// Puts other numbers in a tensor's place.
    mutating func replace(_ name: String, by values: HostTensor, isDouble: Bool) {
        guard let old = tensors[name] else { return }
        var tensor = ONNXTensor(name: name, values, isDouble: isDouble)
        tensor.constantNode = old.constantNode
        tensors[name] = tensor
    }

    private mutating func sort(
        _ all: [ONNXModel.Node], _ needed: [Bool], _ producer: [String: Int], _ given: Set<String>
    ) throws(ONNXError) {
        var waiting = [Int](repeating: 0, count: all.count)
        var readers: [Int: [Int]] = [:]
        for (index, node) in all.enumerated() where needed[index] {
            for name in node.inputs where !name.isEmpty {
                if let other = producer[name] {
                    waiting[index] += 1
                    readers[other, default: []].append(index)
                } else if tensors[name] == nil, !given.contains(name) {
                    throw .undefined(value: name, node: ONNXModel.label(node))
                }
            }
        }
        var ready = all.indices.filter { needed[$0] && waiting[$0] == 0 }
        var next = 0
        while next < ready.count {
            let index = ready[next]
            next += 1
            nodes.append(all[index])
            for reader in readers[index] ?? [] {
                waiting[reader] -= 1
                if waiting[reader] == 0 { ready.append(reader) }
            }
        }
        if let stuck = all.indices.first(where: { needed[$0] && waiting[$0] > 0 }) {
            throw .cycle(node: ONNXModel.label(all[stuck]))
        }
    }
}
