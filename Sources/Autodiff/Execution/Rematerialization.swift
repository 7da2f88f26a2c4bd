/// Chooses the values at θ that a batch keeps between Hessian–vector products, and the steps that recompute the others.
///
/// The values that tangent passes read take most of the memory of a Hessian product. Much of it is elementwise
/// arithmetic on other values: activations and their derivatives, normalised rows, masked gradients. So the fewest
/// elements are kept from which everything else that is read follows by elementwise arithmetic. They are a minimum cut
/// of the graph (Ford, Fulkerson 1956, doi:10.4153/CJM-1956-045-5). The recomputed values have a stage of their own,
/// which runs once each time a run comes back to a batch, for any number of tangents.
struct Rematerialization {
    /// Operands first.
    private(set) var items: [Item] = []
    /// The items that are outputs.
    private(set) var outputs: [Int] = []

    init(_ given: [Item], outputs: [Int]) {
        let again = Rematerialization.recomputed(given, outputs: Set(outputs))
        // Tangents read the recomputed copies. Originals that nothing else reads are dropped below.
        let source =
            given.indices.filter { given[$0].stage < .recomputed }.map { (old: $0, isCopy: false) }
            + again.sorted().map { (old: $0, isCopy: true) }
            + given.indices.filter { given[$0].stage > .recomputed }.map { (old: $0, isCopy: false) }
        var original = [Int](repeating: 0, count: given.count), copy = original
        var all: [Item] = []
        for (old, isCopy) in source {
            var item = given[old]
            if isCopy {
                (item.stage, item.node) = (.recomputed, nil)
                copy[old] = all.count
            } else {
                original[old] = all.count
            }
            for i in item.operands.indices {
                let base = item.operands[i].base
                item.operands[i].base = item.stage >= .recomputed && again.contains(base) ? copy[base] : original[base]
            }
            all.append(item)
        }
        var isNeeded = [Bool](repeating: false, count: all.count)
        for output in outputs { isNeeded[original[output]] = true }
        for i in all.indices.reversed() where isNeeded[i] { for view in all[i].operands { isNeeded[view.base] = true } }
        var number = [Int](repeating: 0, count: all.count)
        for i in all.indices where isNeeded[i] {
            number[i] = items.count
            var item = all[i]
            for k in item.operands.indices { item.operands[k].base = number[item.operands[k].base] }
            items.append(item)
        }
        self.outputs = outputs.map { number[original[$0]] }
    }

    /// The items that tangents read, or that are needed for these, and that are not kept.
    private static func recomputed(_ items: [Item], outputs: Set<Int>) -> Set<Int> {
        func isFree(_ id: Int) -> Bool {
            switch items[id].work {
            case .input, .constant: true
            default: items[id].isCommon
            }
        }
        func canBeRecomputed(_ id: Int) -> Bool {
            items[id].isElementwise && items[id].stage == .parameters && !outputs.contains(id)
        }
        func read(in stages: (Stage) -> Bool) -> Set<Int> {
            Set(
                items.filter { stages($0.stage) && !$0.isCommon }.flatMap { $0.operands.map(\.base) }.filter {
                    !isFree($0)
                })
        }
        let wanted = read { $0 > .recomputed }.filter { items[$0].stage < .recomputed }
        let keptAnyway = read { $0 == .parameters }.filter { items[$0].stage < .parameters }.union(outputs)
        var network = FlowNetwork(2 * items.count + 2)
        let (source, sink) = (2 * items.count, 2 * items.count + 1)
        var reached = wanted, waiting = wanted.sorted()
        while let id = waiting.popLast() {
            network.add(from: 2 * id, to: 2 * id + 1, capacity: keptAnyway.contains(id) ? 0 : items[id].type.count)
            guard canBeRecomputed(id) else {
                network.add(from: source, to: 2 * id, capacity: .max)
                continue
            }
            for base in Set(items[id].operands.map(\.base)).sorted() where !isFree(base) {
                network.add(from: 2 * base + 1, to: 2 * id, capacity: .max)
                if reached.insert(base).inserted { waiting.append(base) }
            }
        }
        for id in wanted.sorted() { network.add(from: 2 * id + 1, to: sink, capacity: .max) }
        network.saturate(from: source, to: sink)
        // Of all minimum cuts the one next to the readers, which recomputes least.
        let open = network.reaching(sink)
        var result: Set<Int> = []
        waiting = wanted.sorted()
        while let id = waiting.popLast() {
            let isKept = open[2 * id + 1] && !open[2 * id]
            guard !isKept, canBeRecomputed(id), result.insert(id).inserted else { continue }
            waiting += items[id].operands.map(\.base).filter { !isFree($0) }
        }
        return result
    }
}

/// A directed graph with capacities, and a flow through it.
private struct FlowNetwork {
    /// Capacity left on each edge; edge number e and its reverse e ^ 1 differ in the last bit.
    private var room: [Int] = [], target: [Int] = []
    private var edges: [[Int]]

    init(_ vertices: Int) { edges = .init(repeating: [], count: vertices) }

    mutating func add(from a: Int, to b: Int, capacity: Int) {
        edges[a].append(target.count)
        edges[b].append(target.count + 1)
        target += [b, a]
        room += [capacity, 0]
    }

    /// Sends as much flow as passes, along shortest paths (Edmonds, Karp 1972, doi:10.1145/321694.321699).
    mutating func saturate(from source: Int, to sink: Int) {
        while true {
            var last = [Int?](repeating: nil, count: edges.count), queue = [source], next = 0
            while next < queue.count, last[sink] == nil {
                for edge in edges[queue[next]]
                where room[edge] > 0 && target[edge] != source && last[target[edge]] == nil {
                    last[target[edge]] = edge
                    queue.append(target[edge])
                }
                next += 1
            }
            guard last[sink] != nil else { return }
            var way: [Int] = [], vertex = sink
            while vertex != source {
                way.append(last[vertex]!)
                vertex = target[last[vertex]! ^ 1]
            }
            let amount = way.map { room[$0] }.min()!
            for edge in way {
                room[edge] -= amount
                room[edge ^ 1] += amount
            }
        }
    }

    /// For each vertex, whether more could flow from it to another one.
    func reaching(_ sink: Int) -> [Bool] {
        var result = [Bool](repeating: false, count: edges.count), queue = [sink]
        result[sink] = true
        while let vertex = queue.popLast() {
            for edge in edges[vertex] where room[edge ^ 1] > 0 && !result[target[edge]] {
                result[target[edge]] = true
                queue.append(target[edge])
            }
        }
        return result
    }
}
