/// A computation: primitives applied to values, in an order in which operands come first. Nodes are only ever added, so a
/// transformation adds the nodes of a derivative to the graph it differentiates and shares what both need; the same
/// primitive on the same operands is one node.
public final class Graph {
    struct Node {
        let primitive: any Primitive
        let operands: [Int]
        let type: TensorType
        let stage: Stage
    }

    private struct Key: Hashable {
        let primitive: AnyHashable
        let operands: [Int]
    }

    private(set) var nodes: [Node] = []
    private var known: [Key: Int] = [:]

    public init() {}

    /// A value that is given from outside. Two inputs are different values even where type and stage agree.
    public func input(_ name: String, _ type: TensorType, _ stage: Stage) -> Value {
        add(Input(name: name, number: nodes.count, type: type), [], type, stage)
    }

    /// The same number in every element.
    public func constant(_ number: Double, shape: [Int] = []) -> Value {
        apply(Constant(number: number, shape: shape), [])
    }

    func apply(_ primitive: some Primitive, _ operands: [Value]) -> Value {
        precondition(operands.allSatisfy { $0.graph === self }, "\(primitive.name): operands of another graph")
        let type = primitive.type(of: operands.map(\.type))
        return add(primitive, operands.map(\.id), type, operands.map(\.stage).max() ?? .data)
    }

    private func add(_ primitive: some Primitive, _ operands: [Int], _ type: TensorType, _ stage: Stage) -> Value {
        let key = Key(primitive: AnyHashable(primitive), operands: operands)
        if let id = known[key] { return Value(graph: self, id: id) }
        nodes.append(Node(primitive: primitive, operands: operands, type: type, stage: stage))
        known[key] = nodes.count - 1
        return Value(graph: self, id: nodes.count - 1)
    }

    /// Which nodes `outputs` are computed from, themselves included.
    func ancestors(of outputs: [Int]) -> [Bool] {
        var needed = [Bool](repeating: false, count: nodes.count)
        for id in outputs { needed[id] = true }
        for id in nodes.indices.reversed() where needed[id] {
            for operand in nodes[id].operands { needed[operand] = true }
        }
        return needed
    }
}

/// A node of a graph, as the functions that build graphs see it.
public struct Value: Hashable {
    public let graph: Graph
    let id: Int

    public var type: TensorType { graph.nodes[id].type }
    public var shape: [Int] { type.shape }
    public var stage: Stage { graph.nodes[id].stage }

    public static func == (a: Value, b: Value) -> Bool { a.id == b.id && a.graph === b.graph }
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
