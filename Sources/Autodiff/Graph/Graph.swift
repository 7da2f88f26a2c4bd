/// A computation: primitives applied to values, in an order in which operands come first.
///
/// Nodes are only ever added, and the same primitive on the same operands is one node. So a derivative is added to the
/// graph that it differentiates, and shares what both need.
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

    /// A graph without nodes.
    public init() {}

    /// Declares a value that is given from outside before each run.
    ///
    /// Two inputs are different values, even where name, type and stage agree.
    ///
    /// - Parameter stage: how often it changes; `bind(_:to:in:)` of the executable gives it memory.
    public func input(_ name: String, _ type: TensorType, _ stage: Stage) -> Value {
        add(Input(name: name, number: nodes.count, type: type), [], type, stage)
    }

    /// The same number in every element, without memory for each.
    public func constant(_ number: Double, shape: [Int] = []) -> Value {
        apply(Constant(number: number, shape: shape), [])
    }

    func apply(_ primitive: some Primitive, _ operands: [Value]) -> Value {
        precondition(operands.allSatisfy { $0.graph === self }, "\(primitive.name): operands of another graph")
        let type = primitive.type(of: operands.map(\.type))
        let own = (primitive as? Deferred)?.stage ?? .data
        return add(primitive, operands.map(\.id), type, max(own, operands.map(\.stage).max() ?? .data))
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

/// A node of a graph: an array of numbers that is computed when the graph runs.
///
/// Networks, losses and derivatives are written in operations on values. Shapes broadcast as in NumPy.
public struct Value: Hashable {
    /// The graph that the node belongs to.
    public let graph: Graph
    let id: Int

    /// Shape and kind of its elements.
    public var type: TensorType { graph.nodes[id].type }
    /// Extents, outermost first; a scalar's is empty.
    public var shape: [Int] { type.shape }
    /// The latest stage among the inputs it is computed from.
    public var stage: Stage { graph.nodes[id].stage }

    /// Whether both are the same node of the same graph. Numbers are not compared.
    public static func == (a: Value, b: Value) -> Bool { a.id == b.id && a.graph === b.graph }
    /// Feeds the node's number to a hasher.
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
