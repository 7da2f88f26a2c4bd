import Ranks
import Tensors

/// How what batches give is added up: batches one after another make a leaf, and leaves are added in a fixed tree.
///
/// Leaves follow from shapes alone, so that any number of ranks has the same bits as one process.
package struct BatchTree {
    let batches: Int
    package let tree: FixedTree

    /// - Parameter numbers: how many each batch adds to.
    package init(batches: Int, numbers: Int) {
        self.batches = batches
        tree = FixedTree(leaves: max(1, min(batches, Self.leaves(batches: batches, numbers: numbers))))
    }

    /// Leaves at most: 64, ours, for as many ranks, and fewer where the sums that are held at once, one a level, take much memory.
    private static func leaves(batches: Int, numbers: Int) -> Int {
        switch 8 * numbers {
        case ...(2 << 20): 64
        case ...(8 << 20): 32
        case ...(32 << 20): 16
        case ...(256 << 20): 8
        // A few batches are no work for many ranks.
        default: batches < 16 ? 2 : 8
        }
    }

    /// Sums that are held at once beside the one that is asked for.
    var extra: Int { tree.depth }

    /// The batches of consecutive leaves.
    package func batches(of leaves: Range<Int>) -> Range<Int> { first(leaves.lowerBound)..<first(leaves.upperBound) }

    private func first(_ leaf: Int) -> Int { leaf * batches / tree.count }

    /// The leaf that a batch belongs to.
    func leaf(of batch: Int) -> Int { ((batch + 1) * tree.count - 1) / batches }

    /// Whether a batch is all of its leaf.
    func isWholeLeaf(_ batch: Int) -> Bool { endsLeaf(batch) && first(leaf(of: batch)) == batch }

    /// Whether a batch is the last of its leaf.
    func endsLeaf(_ batch: Int) -> Bool { batch + 1 == first(leaf(of: batch) + 1) }
}

/// The sums of a run, one for each tangent, as batches are handed in: for each tangent in their order, one at a time.
package final class BatchSums {
    private let tree: BatchTree
    private let numbers: Int
    private let isPlain: Bool
    private var sums: [PartialSum<[Double]>]
    /// The leaf under way of each tangent; empty where none is.
    private var leaves: [[Double]]
    /// Vectors that have been added to others.
    private var spare: [[Double]] = []

    /// - Parameters:
    ///   - numbers: how many each sum has.
    ///   - isPlain: whether each batch adds one number to each, as it is: multiples are rounded with what they are added to, so those of
    ///     a leaf are to be added up by themselves.
    package init(_ tree: BatchTree, tangents: Int, numbers: Int, isPlain: Bool = true) {
        (self.tree, self.numbers, self.isPlain) = (tree, numbers, isPlain)
        sums = (0..<tangents).map { _ in PartialSum(tree.tree) }
        leaves = [[Double]](repeating: [], count: tangents)
    }

    /// Adds what a batch gives.
    ///
    /// - Parameter body: adds it to what it is given.
    package func add(_ batch: Int, of tangent: Int, _ body: (inout [Double]) -> Void) {
        let number = tree.leaf(of: batch)
        func merge(_ left: inout [Double], _ right: [Double]) {
            Vectors.add(1, right, to: &left)
            spare.append(right)
        }
        // A leaf of one batch is what the batch gives, to the bit, and needs no vector where its node's other half is there.
        if isPlain, tree.isWholeLeaf(batch), sums[tangent].endsNode(number) {
            sums[tangent].add(number, body, merge)
            return
        }
        if leaves[tangent].isEmpty { leaves[tangent] = empty() }
        body(&leaves[tangent])
        guard tree.endsLeaf(batch) else { return }
        var leaf: [Double] = []
        swap(&leaf, &leaves[tangent])
        sums[tangent].add(leaf, .init(level: 0, index: number), merge)
    }

    private func empty() -> [Double] {
        guard var vector = spare.popLast() else { return Vectors.zeros(numbers) }
        vector.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
        return vector
    }

    /// The whole sums, which every rank gets; of a run whose batches are shared by ranks, each hands in its part.
    ///
    /// - Parameter team: those who share the batches; nil where this process has computed all.
    package func finish(_ team: Team?) throws -> [[Double]] {
        spare = []
        guard let team else { return sums.indices.map { sums[$0].take()[0] } }
        return try team.sum(&sums, tree.tree, numbers: numbers)
    }
}
