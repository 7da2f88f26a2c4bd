import ArrayFiles
import Autodiff
import Networks

/// Builds a graph from a model's operators for one size of batch. Shapes are known then, so whatever the model computes from
/// them is computed here, once, and is no part of the graph.
final class OperatorInterpreter {
    /// Elements of a tensor for one example beyond which a model is refused.
    static let mostElements = 1 << 26
    /// Elements of what is computed while the graph is built.
    static let mostHostElements = 1 << 22
    /// The same of all nodes together, and nodes of the graph that a model may come to.
    static let mostHostTotal = 1 << 25, mostNodes = 1 << 21

    let builder: NetworkBuilder
    let description: OperatorGraph
    /// Where the model was exported for a fixed batch that is another.
    private(set) var fixedBatch: FixedBatch?
    let batch: Int
    private(set) var values: [String: Operand]
    private var hostTotal = 0

    init(
        _ builder: NetworkBuilder, _ description: OperatorGraph, batch: Int, exported: [String: ExportedValue]? = nil,
        given: [String: Operand] = [:]
    ) {
        self.builder = builder
        self.description = description
        self.batch = batch
        if let exported, let size = description.exportedBatch, size != batch {
            fixedBatch = FixedBatch(exported: size, batch: batch, values: exported)
        }
        values = given
    }

    /// Declares the network's tensors and computes every value of the model.
    ///
    /// - Throws: `ONNXError` where a node cannot be built.
    func run() throws {
        for (name, tensor) in description.constants { values[name] = .host(tensor) }
        for tensor in description.parameters {
            values[tensor.name] = Self.arranged(
                builder.parameter(tensor.name, tensor.storedShape, .constant(0)), tensor)
        }
        for tensor in description.buffers {
            values[tensor.name] = Self.arranged(builder.buffer(tensor.name, tensor.storedShape, 0), tensor)
        }
        for node in description.nodes { try run(node) }
    }

    private static func arranged(_ value: Value, _ tensor: OperatorGraph.Tensor) -> Operand {
        guard tensor.filterAxis != 0 else { return .graph(value) }
        let order = tensor.order
        return .graph(value.permuted(tensor.shape.indices.map { order.firstIndex(of: $0)! }))
    }

    private func run(_ node: OperatorGraph.Node) throws {
        guard let implementation = Operators.table[node.kind] else {
            throw ONNXError.unsupported([.init(name: node.kind, nodes: [node.name])])
        }
        let operands = try node.inputs.map { name -> Operand? in
            if name.isEmpty { return nil }
            guard let operand = values[name] else { throw ONNXError.undefined(value: name, node: node.name) }
            return operand
        }
        let call = OperatorCall(node: node, operands: operands, interpreter: self)
        let results = try implementation(call)
        for (index, name) in node.outputs.enumerated() where !name.isEmpty {
            guard index < results.count else { throw call.failure("output \(index) is not supported") }
            switch results[index] {
            case .graph(let tensor): try call.check(tensor.shape)
            case .host(let tensor): hostTotal += tensor.values.count
            }
            values[name] = results[index]
        }
        fixedBatch?.follow(node) { values[$0]?.shape }
        guard hostTotal <= Self.mostHostTotal, builder.graph.nodeCount <= Self.mostNodes else {
            throw call.failure("the model computes too much from its constants, or has too many steps")
        }
    }

    /// A value as [batch, outputs].
    func output() throws -> Value {
        guard let operand = values[description.output] else {
            throw ONNXError.undefined(value: description.output, node: "output")
        }
        guard case .graph(let tensor) = operand else { throw ONNXError.output("does not depend on the examples") }
        let value = tensor.value.asReal()
        guard let first = value.shape.first, first == batch else {
            throw ONNXError.output("has shape \(value.shape.shown), expected one row for each of \(batch) examples")
        }
        return value.reshaped([batch, value.type.count / batch])
    }

}

/// The shape of a value at the batch that a model was exported for, and its numbers where it is a shape itself.
struct ExportedValue: Sendable {
    let shape: [Int]
    let integers: [Int]?

    init(_ operand: Operand) {
        shape = operand.shape
        if case .host(let tensor) = operand, tensor.kind == .integer, tensor.shape.count == 1 {
            integers = tensor.integers
        } else {
            integers = nil
        }
    }
}

extension OperatorGraph {
    /// Adds the model to a graph. `x` is [n, …example shape] of any shape of that size.
    func build(_ builder: NetworkBuilder, _ x: Value, exported: [String: ExportedValue]?) throws -> Value {
        let batch = x.shape[0]
        let examples = x.reshaped([batch] + exampleShape)
        let interpreter = OperatorInterpreter(
            builder, self, batch: batch, exported: exported,
            given: [input: .graph(examples, inputIsInteger ? .integer : .real)])
        try interpreter.run()
        return try interpreter.output()
    }

    /// What every value is at the batch that the model was exported for; nil where any batch will do.
    func valuesAtExport() throws -> [String: ExportedValue]? {
        guard let exportedBatch else { return nil }
        let builder = NetworkBuilder(Graph(), .stored, .init())
        let x = builder.graph.input("x", TensorType([exportedBatch] + exampleShape), .data)
        let interpreter = OperatorInterpreter(
            builder, self, batch: exportedBatch, given: [input: .graph(x, inputIsInteger ? .integer : .real)])
        try interpreter.run()
        return interpreter.values.mapValues(ExportedValue.init)
    }

    /// The network, after it was built on trial for several sizes of batch, so that no size fails later.
    ///
    /// - Parameters:
    ///   - name: what it is called in results.
    ///   - inputShape: of one example of the data, of as many numbers as the model takes.
    /// - Throws: `ONNXError` where the model cannot be built, or does not give one row of numbers an example.
    public func network(name: String, inputShape: [Int], takesTokens: Bool) throws -> Network {
        let expected = exampleShape.reduce(1.0) { $0 * Double($1) }, found = inputShape.reduce(1.0) { $0 * Double($1) }
        guard expected == found, expected <= 1e9 else {
            throw ONNXError.inputMismatch(
                expected: "examples of shape \(exampleShape.shown)", found: "examples of shape \(inputShape.shown)")
        }
        guard takesTokens || !inputIsInteger else {
            throw ONNXError.inputMismatch(expected: "tokens (whole numbers)", found: "real numbers")
        }
        let exported = try valuesAtExport()
        var outputs = 0
        for batch in Set([
            1, 2, 3, 5, 6, exportedBatch.map { min($0, 64) } ?? 1, exportedBatch.map { min(2 * min($0, 64), 64) } ?? 1,
        ]).sorted() {
            let builder = NetworkBuilder(Graph(), .stored, .init())
            let x = builder.graph.input("x", TensorType([batch] + inputShape, takesTokens ? .index : .real), .data)
            let output = try build(builder, x, exported: exported)
            guard batch == 1 || output.shape[1] == outputs else {
                throw ONNXError.output(
                    "has \(outputs) numbers for one example, but \(output.shape[1]) an example for \(batch)")
            }
            outputs = output.shape[1]
        }
        let architecture = Architecture(vocabulary: vocabulary) { builder, x in
            do {
                return try self.build(builder, x, exported: exported)
            } catch {
                fatalError(
                    "a model that was built on trial cannot be built for \(x.shape[0]) examples: \(error)")
            }
        }
        return Network(
            architecture, specification: name, inputShape: inputShape, takesTokens: takesTokens, outputs: outputs)
    }
}
