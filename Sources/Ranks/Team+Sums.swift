import Tensors

extension Team {
    /// Numbers of a sum up to which every rank adds up all of it: two rounds of messages would take longer. 4096, ours.
    private static let fewNumbers = 4096

    /// Sums over the leaves of a tree, of which each rank has added up its own: for each tangent the whole sum, on every rank.
    ///
    /// Each rank gets a slice of all ranks' nodes, adds it up in the tree's order, and hands it round.
    ///
    /// - Parameters:
    ///   - own: for each tangent the sum over the leaves of this rank's share (`FixedTree.shares`); emptied.
    ///   - numbers: how many each sum has.
    /// - Throws: `RankError`; on rank 0 `Interruption`, too.
    public func sum(
        _ own: inout [PartialSum<[Double]>], _ tree: FixedTree, numbers: Int
    ) throws -> [[Double]] {
        let nodes = tree.shares(count).map { tree.nodes(of: $0) }
        var parts = own.indices.map { own[$0].take() }
        // The result takes the place of the first node, part by part.
        for tangent in parts.indices where parts[tangent].isEmpty {
            parts[tangent] = [Vectors.zeros(numbers)]
        }
        let total = parts.count * numbers
        let isSmall = total <= Self.fewNumbers
        let most = Self.mostNumbers / (tree.depth + 1) * (isSmall ? 1 : count)
        for first in stride(from: 0, to: total, by: most) {
            let block = first..<min(first + most, total)
            // What each rank adds up.
            let slices = (0..<count).map { rank in
                isSmall
                    ? block
                    : block.lowerBound + rank * block.count / count..<block.lowerBound + (rank + 1) * block.count
                        / count
            }
            let slice = try add(slices, nodes, tree, parts, numbers)
            Self.store(slice, at: slices[rank].lowerBound, in: &parts, numbers)
            if !isSmall { try handRound(slice, slices, &parts, numbers) }
        }
        return parts.map { $0[0] }
    }

    /// This rank's slice of the sum.
    private func add(
        _ slices: [Range<Int>], _ nodes: [[FixedTree.Node]], _ tree: FixedTree, _ parts: [[[Double]]], _ numbers: Int
    ) throws -> [Double] {
        let mine = slices[rank]
        var received = [[[Double]]](repeating: [], count: count)
        received[rank] = nodes[rank].indices.map { Self.numbers(of: $0, mine, parts, numbers) }
        try exchange {
            nodes[rank].count * slices[$0].count
        } receive: {
            nodes[$0].count * mine.count
        } fill: { peer, target in
            for node in nodes[rank].indices {
                Self.copy(node, slices[peer], parts, numbers, to: target + node * slices[peer].count)
            }
        } take: { peer, source in
            received[peer] = nodes[peer].indices.map {
                Array(UnsafeBufferPointer(start: source + $0 * mine.count, count: mine.count))
            }
        }
        var sum = PartialSum<[Double]>(tree)
        for rank in 0..<count {
            for (value, node) in zip(received[rank], nodes[rank]) {
                sum.add(value, node) { left, right in Vectors.add(1, right, to: &left) }
            }
        }
        return sum.take()[0]
    }

    /// Exchanges the slices of the sum.
    private func handRound(
        _ slice: [Double], _ slices: [Range<Int>], _ parts: inout [[[Double]]], _ numbers: Int
    ) throws {
        var received: [(first: Int, values: [Double])] = []
        try exchange {
            _ in
            slice.count
        } receive: {
            slices[$0].count
        } fill: { _, target in
            slice.withUnsafeBufferPointer { target.initialize(from: $0.baseAddress!, count: slice.count) }
        } take: { peer, source in
            let values = Array(UnsafeBufferPointer(start: source, count: slices[peer].count))
            received.append((slices[peer].lowerBound, values))
        }
        for (first, values) in received { Self.store(values, at: first, in: &parts, numbers) }
    }

    // The sums of all tangents are numbered through: number i is that of tangent i / numbers.

    private static func numbers(of node: Int, _ range: Range<Int>, _ parts: [[[Double]]], _ numbers: Int) -> [Double] {
        [Double](unsafeUninitializedCapacity: range.count) { buffer, count in
            if let base = buffer.baseAddress { copy(node, range, parts, numbers, to: base) }
            count = range.count
        }
    }

    private static func copy(
        _ node: Int, _ range: Range<Int>, _ parts: [[[Double]]], _ numbers: Int, to target: UnsafeMutablePointer<Double>
    ) {
        forEachTangent(range, numbers) { tangent, own, place in
            parts[tangent][node].withUnsafeBufferPointer {
                (target + place).initialize(from: $0.baseAddress! + own.lowerBound, count: own.count)
            }
        }
    }

    private static func store(_ values: [Double], at first: Int, in parts: inout [[[Double]]], _ numbers: Int) {
        forEachTangent(first..<first + values.count, numbers) { tangent, own, place in
            parts[tangent][0].withUnsafeMutableBufferPointer { target in
                values.withUnsafeBufferPointer {
                    (target.baseAddress! + own.lowerBound).update(from: $0.baseAddress! + place, count: own.count)
                }
            }
        }
    }

    /// Calls `body` for the part of each tangent's numbers that lies in a range, with where it lies there.
    private static func forEachTangent(
        _ range: Range<Int>, _ numbers: Int, _ body: (_ tangent: Int, _ own: Range<Int>, _ place: Int) -> Void
    ) {
        var first = range.lowerBound
        while first < range.upperBound {
            let tangent = first / numbers, end = min(range.upperBound, (tangent + 1) * numbers)
            body(tangent, first - tangent * numbers..<end - tangent * numbers, first - range.lowerBound)
            first = end
        }
    }
}
