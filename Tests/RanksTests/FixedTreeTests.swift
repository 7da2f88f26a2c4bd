import Testing

@testable import Ranks

/// The tree that sums over ranks are made in.
struct FixedTreeTests {
    /// Numbers whose sum depends on the order of addition.
    private static func leaf(_ number: Int) -> Double {
        var state = UInt64(number) &* 0x9E37_79B9_7F4A_7C15 &+ 12345
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (Double(state >> 11) * 0x1p-53 - 0.5) * Double(1 << (state >> 7 & 15))
    }

    /// The sum by the tree's definition.
    private static func defined(_ tree: FixedTree, _ level: Int, _ index: Int) -> Double? {
        guard index << level < tree.count else { return nil }
        guard level > 0 else { return leaf(index) }
        let left = defined(tree, level - 1, 2 * index), right = defined(tree, level - 1, 2 * index + 1)
        return right.map { left! + $0 } ?? left
    }

    private static func sum(_ tree: FixedTree, _ shares: [Range<Int>]) -> Double {
        var whole = PartialSum<Double>(tree)
        for share in shares {
            var part = PartialSum<Double>(tree)
            for number in share { part.add(leaf(number), .init(level: 0, index: number), +=) }
            #expect(part.nodes == tree.nodes(of: share))
            for (value, node) in zip(part.values, part.nodes) { whole.add(value, node, +=) }
        }
        #expect(whole.values.count == 1)
        return whole.values[0]
    }

    @Test(arguments: [1, 2, 3, 5, 7, 8, 12, 31, 37, 64])
    func sharesOfAnyNumberOfRanksHaveTheSameBits(_ leaves: Int) {
        let tree = FixedTree(leaves: leaves), expected = Self.defined(tree, tree.depth, 0)
        for ranks in 1...9 {
            let shares = tree.shares(ranks)
            #expect(shares.map(\.count).reduce(0, +) == leaves && shares.count == ranks)
            #expect(shares.allSatisfy { $0.count <= (leaves + ranks - 1) / ranks })
            #expect(Self.sum(tree, shares) == expected)
        }
        for cut in 0...leaves { #expect(Self.sum(tree, [0..<cut, cut..<leaves]) == expected) }
    }

    /// The order matters for these leaves, or the test above could not fail.
    @Test func anotherOrderHasOtherBits() {
        let tree = FixedTree(leaves: 37)
        #expect((0..<37).reduce(0) { $0 + Self.leaf($1) } != Self.defined(tree, tree.depth, 0))
    }

    /// A leaf that is added to the left half of its node needs no value of its own, and gives the same bits.
    @Test(arguments: [1, 2, 3, 7, 8, 37, 64]) func leavesInPlaceHaveTheSameBits(_ leaves: Int) {
        let tree = FixedTree(leaves: leaves)
        var sum = PartialSum<Double>(tree), inPlace = 0
        for number in 0..<leaves {
            if sum.endsNode(number) {
                sum.add(number, { $0 += Self.leaf(number) }, { $0 += $1 })
                inPlace += 1
            } else {
                sum.add(Self.leaf(number), .init(level: 0, index: number)) { $0 += $1 }
            }
        }
        #expect(sum.values == [Self.sum(tree, [0..<leaves])] && inPlace >= leaves / 2)
    }

    @Test func holdsOneValueALevel() {
        let tree = FixedTree(leaves: 64)
        var sum = PartialSum<Double>(tree), most = 0
        for number in 0..<64 {
            sum.add(Self.leaf(number), .init(level: 0, index: number), +=)
            most = max(most, sum.nodes.count)
        }
        #expect(most == tree.depth && tree.depth == 6)
    }
}
