/// Gives every item a place in memory.
///
/// - Values of a batch that a later stage reads, and outputs, are kept, unless every run computes all of a batch.
/// - Other values of a batch share a scratch arena, in which items with separate lifetimes use the same bytes. Outputs
///   that are not kept, and values recomputed for tangents, stay there to the end of the run. Those that are passed on do not.
/// - Values common to all batches have memory of their own.
/// - A sum that is taken up term by term stays in one place.
/// - Values that only one sweep makes and reads exist for one block of examples at a time.
struct MemoryPlan {
    enum Place {
        case none
        case input(Int), constant(Int), common(Stage, Int), kept(Int), scratch(Int), block(Int)
    }

    private(set) var places: [Place]
    /// For each stage.
    private(set) var commonBytes = [Int](repeating: 0, count: Stage.tangent.rawValue + 1)
    private(set) var keptBytes = 0
    private(set) var scratchBytes = 0
    /// For each thread that takes part in a sweep.
    private(set) var blockBytes = 0
    private(set) var constants: [Double] = []
    private(set) var inputs: [Int] = []
    private static let alignment = 64

    init(
        _ items: [Item], _ steps: [Step], sweeps: [Sweep] = [], divisions: [StepDivision?] = [], outputs: Set<Int>,
        passing: Set<Int> = [], runsWhole: Bool = false, elementSize: Int
    ) {
        func bytes(_ id: Int, of sweep: Sweep? = nil) -> Int {
            let size = items[id].type.element == .index ? 4 : elementSize
            let slack = 128  // what vector loads may read past the end
            let count = sweep.map { items[id].type.count / $0.examples * $0.block } ?? items[id].type.count
            return (count * size + slack + MemoryPlan.alignment - 1) / MemoryPlan.alignment
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
        var lastStep: [Int: Int] = [:], crosses = outputs.subtracting(passing)
        for (number, step) in steps.enumerated() {
            for id in step.items {
                lastStep[id] = max(lastStep[id] ?? 0, number)
                for view in items[id].operands {
                    lastStep[view.base] = max(lastStep[view.base] ?? 0, number)
                    if !runsWhole, items[view.base].stage < step.stage { crosses.insert(view.base) }
                }
            }
        }
        let needed = MemoryPlan.neededOutside(items, steps).union(outputs)
        // A sweep's steps take turns: what any of them reads lives until all have ended.
        var groups: [(steps: Range<Int>, sweep: Sweep?)] = [], next = 0
        for sweep in sweeps {
            groups += (next..<sweep.steps.lowerBound).map { ($0..<($0 + 1), nil) } + [(sweep.steps, sweep)]
            next = sweep.steps.upperBound
        }
        groups += (next..<max(next, steps.count)).map { ($0..<($0 + 1), nil) }
        var groupOf = [Int](repeating: 0, count: steps.count)
        for (number, group) in groups.enumerated() { for step in group.steps { groupOf[step] = number } }

        /// The operand whose memory an item's kernel may write to, because nothing reads it later.
        func overwritten(_ id: Int, _ step: Int) -> Int? {
            guard case .kernel(let primitive) = items[id].work, let number = primitive.overwritten else { return nil }
            let view = items[id].operands[number]
            guard items[view.base].isRead(directlyBy: view), lastStep[view.base] == step,
                items[view.base].type == items[id].type,
                items[id].operands.count(where: { $0.base == view.base }) == 1
            else { return nil }
            return view.base
        }
        var free = FreeList()
        var expiring: [Int: [(offset: Int, size: Int)]] = [:]
        for (number, group) in groups.enumerated() {
            var blockFree = FreeList(), blockExpiring: [Int: [(offset: Int, size: Int)]] = [:]
            let inBlocks = group.sweep.map { MemoryPlan.blockItems($0, steps, divisions) } ?? []
            for step in group.steps {
                for id in steps[step].items where needed.contains(id) {
                    let isKept = crosses.contains(id) && !runsWhole && items[id].stage < .recomputed
                    if items[id].isCommon {
                        places[id] = .common(items[id].stage, commonBytes[items[id].stage.rawValue])
                        commonBytes[items[id].stage.rawValue] += bytes(id)
                    } else if !isKept, group.sweep == nil, let operand = overwritten(id, step),
                        !crosses.contains(operand),
                        case .scratch(let offset) = places[operand],
                        let known = expiring[number]?.firstIndex(where: { $0.offset == offset })
                    {
                        // Where the result is needed to the end, so is its memory.
                        places[id] = .scratch(offset)
                        let size = expiring[number]!.remove(at: known).size
                        if !crosses.contains(id) {
                            expiring[groupOf[lastStep[id]!], default: []].append((offset, size))
                        }
                    } else if crosses.contains(id) {
                        if isKept {
                            places[id] = .kept(keptBytes)
                            keptBytes += bytes(id)
                        } else {
                            places[id] = .scratch(free.take(bytes(id)))
                        }
                    } else if inBlocks.contains(id), !passing.contains(id), group.steps.contains(lastStep[id]!) {
                        let size = bytes(id, of: group.sweep), offset = blockFree.take(size)
                        places[id] = .block(offset)
                        blockExpiring[lastStep[id]!, default: []].append((offset, size))
                    } else {
                        let size = bytes(id), offset = free.take(size)
                        places[id] = .scratch(offset)
                        expiring[groupOf[lastStep[id]!], default: []].append((offset, size))
                    }
                }
                for block in blockExpiring[step] ?? [] { blockFree.give(block.offset, block.size) }
            }
            for block in expiring[number] ?? [] { free.give(block.offset, block.size) }
            blockBytes = max(blockBytes, blockFree.end)
        }
        scratchBytes = free.end
    }

    /// Items that a sweep makes and reads example by example only.
    private static func blockItems(_ sweep: Sweep, _ steps: [Step], _ divisions: [StepDivision?]) -> Set<Int> {
        var result: Set<Int> = []
        for step in sweep.steps { result.formUnion(Set(steps[step].items).subtracting(divisions[step]!.sums)) }
        for step in sweep.steps { result.subtract(divisions[step]!.wholeReads) }
        return result
    }

    /// Whether an item of a batch has memory for all examples.
    func outlivesBlock(_ item: Int) -> Bool {
        switch places[item] {
        case .input, .kept, .scratch: true
        case .none, .constant, .common, .block: false
        }
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

/// Free ranges of an arena. The smallest range that fits is taken, and neighbours join.
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
