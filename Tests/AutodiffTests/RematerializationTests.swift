import Tensors
import Testing

@testable import Autodiff

@Suite struct RematerializationTests {
    private static func isFree(_ item: Item) -> Bool {
        switch item.work {
        case .input, .constant: true
        default: item.isCommon
        }
    }

    /// What an instance keeps of a batch for tangents.
    private func kept(_ items: [Item]) -> Set<Int> {
        Set(items.filter { $0.stage >= .recomputed && !$0.isCommon }.flatMap { $0.operands.map(\.base) })
            .filter { items[$0].stage < .recomputed && !Self.isFree(items[$0]) }
    }

    private func elements(_ items: [Item], _ ids: Set<Int>) -> Int { ids.reduce(0) { $0 + items[$1].type.count } }

    /// The fewest elements of which all can be made that tangents read, by trial of all choices; nil where there are too many.
    private func fewest(_ items: [Item]) -> Int? {
        let wanted = kept(items)
        var candidates = wanted, waiting = Array(wanted)
        while let id = waiting.popLast() {
            guard items[id].isElementwise else { continue }
            let new = Set(items[id].operands.map(\.base)).subtracting(candidates).filter { !Self.isFree(items[$0]) }
            candidates.formUnion(new)
            waiting += new
        }
        let choices = candidates.sorted()
        guard choices.count <= 14 else { return nil }
        func canBeMade(_ id: Int, _ kept: Set<Int>) -> Bool {
            if kept.contains(id) || Self.isFree(items[id]) { return true }
            return items[id].isElementwise && items[id].operands.allSatisfy { canBeMade($0.base, kept) }
        }
        return (0..<(1 << choices.count)).compactMap { bits -> Int? in
            let kept = Set(choices.indices.filter { bits >> $0 & 1 == 1 }.map { choices[$0] })
            return wanted.allSatisfy { canBeMade($0, kept) } ? elements(items, kept) : nil
        }.min()
    }

    /// Products and sums, arithmetic on them at random, and tangents that read some of it.
    @Test func keepsTheFewestElements() {
        var tried = 0, gained = 0
        for seed in 0..<400 {
            let random = RandomNumbers(seed: UInt64(seed)).named("arithmetic")
            var counter = 0
            func below(_ count: Int) -> Int {
                counter += 1
                return Int(random.bits(at: counter) % UInt64(count))
            }
            let graph = Graph()
            let x = graph.input("x", TensorType([3, 2]), .data)
            var values = (0..<3).map { x.product(graph.input("w\($0)", TensorType([2, 4]), .parameters)) }
            if below(2) == 0 { values.append(values[0].sum([1]).broadcast([3, 4])) }
            for _ in 0..<(2 + below(6)) {
                let (a, b) = (values[below(values.count)], values[below(values.count)])
                values.append([a * b, a + b, a.relu(), a.exp(), a.maximum(b)][below(5)])
            }
            let t = graph.input("t", TensorType([3, 4]), .tangent)
            let outputs = (0..<(1 + below(4))).map { _ in (t * values[below(values.count)]).sum() }
            let lowering = Lowering(graph, outputs: outputs)
            guard let fewest = fewest(lowering.items) else { continue }
            let result = Rematerialization(lowering.items, outputs: outputs.map { lowering.views[$0.id]!.base })
            #expect(elements(result.items, kept(result.items)) == fewest, "seed \(seed)")
            tried += 1
            if fewest < elements(lowering.items, kept(lowering.items)) { gained += 1 }
            for (id, item) in result.items.enumerated() {
                for view in item.operands {
                    let isBefore: Bool = view.base < id && result.items[view.base].stage <= item.stage
                    #expect(isBefore)
                }
            }
        }
        #expect(tried > 300 && gained > 50, "\(tried) graphs, \(gained) with a gain")
    }

    /// Of a dense layer with GELU: its sum, from which the activation and both its derivatives follow, and what comes back to it.
    @Test func activationsFollowFromTheirArgument() {
        let graph = Graph()
        let x = graph.input("x", TensorType([7, 5]), .data)
        let w = [[5, 6], [6, 4], [4, 1]].map { graph.input("w", TensorType($0), .parameters) }
        let loss = w.dropLast().reduce(x) { $0.product($1).gelu() }.product(w[2]).squared().sum()
        let v = w.map { graph.input("v", $0.type, .tangent) }
        let outputs = graph.hessianVectorProduct(of: loss, at: w, along: v)
        let lowering = Lowering(graph, outputs: outputs)
        let result = Rematerialization(lowering.items, outputs: outputs.map { lowering.views[$0.id]!.base })
        #expect(elements(result.items, kept(result.items)) == 7 * (2 * 6 + 2 * 4 + 1))
    }
}
