import ArrayFiles
import Autodiff
import Essentials
import Networks

/// Builds a graph from a model's operators for one size of batch. Shapes are known then, so whatever the model computes from
/// them is computed here, once, and is no part of the graph.
final class OperatorInterpreter {
    /// Elements of a tensor for one example beyond which a model is refused.
    static let mostElements = 1 << 26
    /// Elements of what is computed while the graph is built.
    static let mostHostElements = 1 << 22
    /// The same of all nodes together.
    static let mostHostTotal = 1 << 25
    /// Nodes of the graph that a model may come to, each time it is built.
    var mostNodes = 1 << 21

    let builder: NetworkBuilder
    let description: OperatorGraph
    /// Where the model was exported for a fixed batch that is another.
    private(set) var fixedBatch: FixedBatch?
    let batch: Int
    private(set) var values: [String: Operand]
    private var hostTotal = 0
    /// Bodies of branches and loops that a model may come to, and nodes run in all.
    static let mostBodies = 4096
    private static let mostRun = 1 << 20
    private var bodies = 0, nodesRun = 0
    /// Names that the bodies which are being run have given values, innermost last.
    private var scopes: [Set<String>] = []
    /// Nodes that were in the graph before: a model that is built in blocks can be built as often as it takes.
    private let nodesBefore: Int

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
        nodesBefore = builder.graph.nodeCount
    }

    /// Computes every value of the model.
    ///
    /// - Throws: `ONNXError` where a node cannot be built.
    func run() throws {
        for (name, tensor) in description.constants { values[name] = .host(tensor) }
        for node in description.nodes { try run(node) }
    }

    /// Computes what a body of the graph gives.
    ///
    /// - Parameter inputs: of the body, in its order.
    func run(body index: Int, _ inputs: [Operand], _ call: OperatorCall) throws -> [Operand] {
        guard let all = description.bodies, all.indices.contains(index), scopes.count < 8 else {
            throw call.failure("its body is missing, or within too many others")
        }
        let body = all[index]
        bodies += 1
        guard bodies <= Self.mostBodies else {
            throw call.failure(
                "found more than \(Self.mostBodies) steps of loops; export the loop unrolled, or a shorter one")
        }
        guard body.inputs.count == inputs.count else {
            throw call.failure("found a body of \(body.inputs.count) inputs, expected \(inputs.count)")
        }
        scopes.append([])
        defer { for name in scopes.removeLast() { values[name] = nil } }
        for (name, operand) in zip(body.inputs, inputs) { try define(name, operand, call) }
        for node in body.nodes { try run(node) }
        return try body.outputs.map { name in
            guard let operand = values[name] else { throw ONNXError.undefined(value: name, node: call.node.name) }
            return operand
        }
    }

    /// Gives a name a value; within a body only for as long as that is run.
    private func define(_ name: String, _ operand: Operand, _ call: OperatorCall) throws {
        if !scopes.isEmpty {
            guard values[name] == nil else { throw call.failure("'\(name.shown)' is given twice") }
            scopes[scopes.count - 1].insert(name)
        }
        values[name] = operand
    }

    private func run(_ node: OperatorGraph.Node) throws {
        nodesRun += 1
        guard nodesRun <= Self.mostRun else {
            throw ONNXError.limit("its loops come to more than \(Self.mostRun) steps")
        }
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
            try define(name, results[index], call)
        }
        fixedBatch?.follow(node) { values[$0]?.shape }
        guard hostTotal <= Self.mostHostTotal, builder.graph.nodeCount - nodesBefore <= mostNodes else {
            throw call.failure("the model computes too much from its constants, or has too many steps")
        }
    }

    /// A value as [batch, numbers], and its shape for one example.
    func rows(of name: String) throws -> (output: Value, shape: [Int]) {
        let value = try result(name)
        guard let first = value.shape.first, first == batch else {
            throw ONNXError.output("has shape \(value.shape.shown), expected one row for each of \(batch) examples")
        }
        return (value.reshaped([batch, value.type.count / batch]), Array(value.shape.dropFirst()))
    }

    /// A value of one number as [1, 1].
    func single(_ name: String) throws -> Value {
        let value = try result(name)
        guard value.type.count == 1 else {
            throw ONNXError.output("has shape \(value.shape.shown), expected one number for the batch")
        }
        return value.reshaped([1, 1])
    }

    /// A value as it lies in the graph, on the way of what is computed of it.
    func stored(_ name: String) throws -> Value {
        guard case .graph(let tensor)? = values[name] else {
            throw ONNXError.output("'\(name)' does not depend on the examples")
        }
        return tensor.stored
    }

    private func result(_ name: String) throws -> Value {
        guard let operand = values[name] else { throw ONNXError.undefined(value: name, node: "output") }
        guard case .graph(let tensor) = operand else { throw ONNXError.output("does not depend on the examples") }
        return tensor.value.asReal()
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
