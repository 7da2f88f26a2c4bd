/// Where every item lies. Values of a batch that a later stage reads, and outputs, are kept; the batch's others share one
/// scratch arena in which items whose lifetimes do not meet use the same bytes. What is common to all batches lies apart.
struct MemoryPlan {
    enum Place {
        case none
        case input(Int), constant(Int), common(Stage, Int), kept(Int), scratch(Int)
    }

    private(set) var places: [Place]
    /// For each stage.
    private(set) var commonBytes = [Int](repeating: 0, count: Stage.tangent.rawValue + 1)
    private(set) var keptBytes = 0
    private(set) var scratchBytes = 0
    private(set) var constants: [Double] = []
    private(set) var inputs: [Int] = []
    private static let alignment = 64

    init(_ items: [Item], _ steps: [Step], outputs: Set<Int>, elementSize: Int) {
        func bytes(_ id: Int) -> Int {
            let size = items[id].type.element == .index ? 4 : elementSize
            let slack = 128  // what vector loads may read past the end
            return (items[id].type.count * size + slack + MemoryPlan.alignment - 1) / MemoryPlan.alignment
                * MemoryPlan.alignment
        }
        places = items.map { _ in .none }
        for (id, item) in items.enumerated() {
            switch item.work {
            case .input:
                places[id] = .input(inputs.count)
                inputs.append(id)
            case .constant(let number):
                places[id] = .constant(constants.count)
                constants.append(number)
            default: break
            }
        }
        // Readers of every item: the last step, and whether a later stage is among them.
        var lastStep: [Int: Int] = [:], crosses: Set<Int> = outputs
        for (number, step) in steps.enumerated() {
            for id in step.items {
                lastStep[id] = max(lastStep[id] ?? 0, number)
                for view in items[id].operands {
                    lastStep[view.base] = max(lastStep[view.base] ?? 0, number)
                    if items[view.base].stage < step.stage { crosses.insert(view.base) }
                }
            }
        }
        let needed = MemoryPlan.neededOutside(items, steps).union(outputs)
        var free = FreeList()
        var expiring: [Int: [(offset: Int, size: Int)]] = [:]
        for (number, step) in steps.enumerated() {
            for id in step.items where needed.contains(id) {
                let size = bytes(id)
                if items[id].isCommon {
                    places[id] = .common(items[id].stage, commonBytes[items[id].stage.rawValue])
                    commonBytes[items[id].stage.rawValue] += size
                } else if crosses.contains(id) {
                    places[id] = .kept(keptBytes)
                    keptBytes += size
                } else {
                    let offset = free.take(size)
                    places[id] = .scratch(offset)
                    expiring[lastStep[id]!, default: []].append((offset, size))
                }
            }
            for block in expiring[number] ?? [] { free.give(block.offset, block.size) }
        }
        scratchBytes = free.end
    }

    /// Items that anything but their own fused loop reads.
    static func neededOutside(_ items: [Item], _ steps: [Step]) -> Set<Int> {
        var needed: Set<Int> = []
        for step in steps {
            let own = Set(step.items)
            for id in step.items {
                if !items[id].isElementwise { needed.insert(id) }
                for view in items[id].operands {
                    let direct = items[view.base].isElementwise && items[view.base].isRead(directlyBy: view)
                    if !(own.contains(view.base) && direct) { needed.insert(view.base) }
                }
            }
        }
        return needed
    }
}

/// Free ranges of an arena: the smallest that fits is taken, and neighbours join.
private struct FreeList {
    private var ranges: [(offset: Int, size: Int)] = []
    private(set) var end = 0

    mutating func take(_ size: Int) -> Int {
        if let best = ranges.indices.filter({ ranges[$0].size >= size }).min(by: { ranges[$0].size < ranges[$1].size })
        {
            let offset = ranges[best].offset
            if ranges[best].size == size {
                ranges.remove(at: best)
            } else {
                ranges[best] = (offset + size, ranges[best].size - size)
            }
            return offset
        }
        if let last = ranges.last, last.offset + last.size == end {
            ranges.removeLast()
            end = last.offset + size
            return last.offset
        }
        defer { end += size }
        return end
    }

    mutating func give(_ offset: Int, _ size: Int) {
        let at = ranges.firstIndex { $0.offset > offset } ?? ranges.count
        ranges.insert((offset, size), at: at)
        if at + 1 < ranges.count, ranges[at].offset + ranges[at].size == ranges[at + 1].offset {
            ranges[at].size += ranges.remove(at: at + 1).size
        }
        if at > 0, ranges[at - 1].offset + ranges[at - 1].size == ranges[at].offset {
            ranges[at - 1].size += ranges.remove(at: at).size
        }
    }
}
