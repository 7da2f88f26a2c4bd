/// A binary tree over leaves 0..<count that does not depend on who computes them.
///
/// Node (level, index) covers the leaves index·2^level ..< (index + 1)·2^level, and is the sum of its two halves; a half without leaves
/// is left out. So a sum over the tree has the same bits, whoever adds which part of it.
public struct FixedTree: Sendable, Equatable {
    /// A sum of consecutive leaves.
    public struct Node: Equatable, Sendable {
        /// It covers 2^level leaves, fewer at the end.
        public var level: Int
        /// Which of its level, from 0.
        public var index: Int

        /// Node `index` of a level.
        public init(level: Int, index: Int) { (self.level, self.index) = (level, index) }

        var isLeft: Bool { index & 1 == 0 }
    }

    /// How many leaves it has, at least 1.
    public let count: Int

    /// - Precondition: `count` is at least 1.
    public init(leaves count: Int) {
        precondition(count > 0, "a tree of \(count) leaves")
        self.count = count
    }

    /// Levels above the leaves: ⌈log₂ count⌉.
    public var depth: Int { count == 1 ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount }

    /// Nodes that are the same without their missing right half have one name: the highest.
    func raised(_ node: Node) -> Node {
        var node = node
        while node.level < depth, node.isLeft, (node.index + 1) << node.level >= count {
            node = Node(level: node.level + 1, index: node.index / 2)
        }
        return node
    }

    /// Leaves of each rank: consecutive, as even as can be, cut where few nodes are left over. With more ranks than leaves some have none.
    public func shares(_ ranks: Int) -> [Range<Int>] {
        let most = (count + ranks - 1) / ranks
        for level in stride(from: depth, through: 0, by: -1) {
            let unit = 1 << level
            // The multiple of the unit that is nearest to rank · count / ranks.
            let cuts = (0...ranks).map {
                $0 == ranks ? count : min(count, ($0 * count + ranks * unit / 2) / (ranks * unit) * unit)
            }
            let shares = (0..<ranks).map { cuts[$0]..<max(cuts[$0], cuts[$0 + 1]) }
            if shares.allSatisfy({ $0.count <= most }) { return shares }
        }
        return (0..<ranks).map { $0 * count / ranks..<($0 + 1) * count / ranks }
    }

    /// The nodes that consecutive leaves add up to by themselves.
    public func nodes(of share: Range<Int>) -> [Node] {
        var sum = PartialSum<Void>(self)
        for leaf in share { sum.add((), Node(level: 0, index: leaf)) { _, _ in } }
        return sum.nodes
    }
}

/// Leaves or nodes of a tree in their order, merged as soon as both halves of a node are there: at most one value for each level is held.
public struct PartialSum<Value> {
    /// What is held, from left to right.
    public private(set) var nodes: [FixedTree.Node] = []
    /// The value of each node.
    public private(set) var values: [Value] = []
    private let tree: FixedTree

    /// The sum of nothing yet.
    public init(_ tree: FixedTree) { self.tree = tree }

    /// Adds the next leaf or node.
    ///
    /// - Parameter merge: adds the right half of a node to the left one.
    public mutating func add(_ value: Value, _ node: FixedTree.Node, _ merge: (inout Value, Value) -> Void) {
        nodes.append(tree.raised(node))
        values.append(value)
        mergeLast(merge)
    }

    /// Whether the next leaf is the right half of a node whose left half is held: what it is the sum of may be added to that.
    public func endsNode(_ leaf: Int) -> Bool {
        let right = tree.raised(FixedTree.Node(level: 0, index: leaf))
        guard let left = nodes.last else { return false }
        return left.level == right.level && left.isLeft && left.index + 1 == right.index
    }

    /// Adds the next leaf to the left half of its node.
    ///
    /// - Parameters:
    ///   - body: adds it to what it is given.
    ///   - merge: as in `add(_:_:_:)`.
    /// - Precondition: `endsNode`.
    public mutating func add(_ leaf: Int, _ body: (inout Value) -> Void, _ merge: (inout Value, Value) -> Void) {
        precondition(endsNode(leaf), "leaf \(leaf) after the nodes \(nodes)")
        body(&values[values.count - 1])
        let left = nodes.removeLast()
        nodes.append(tree.raised(FixedTree.Node(level: left.level + 1, index: left.index / 2)))
        mergeLast(merge)
    }

    private mutating func mergeLast(_ merge: (inout Value, Value) -> Void) {
        while nodes.count > 1 {
            let (left, right) = (nodes[nodes.count - 2], nodes[nodes.count - 1])
            guard left.level == right.level, left.isLeft, left.index + 1 == right.index else { return }
            nodes.removeLast(2)
            let last = values.removeLast()
            merge(&values[values.count - 1], last)
            nodes.append(tree.raised(FixedTree.Node(level: left.level + 1, index: left.index / 2)))
        }
    }

    /// Takes out the values; what was added is forgotten.
    public mutating func take() -> [Value] {
        defer { (nodes, values) = ([], []) }
        return values
    }
}
