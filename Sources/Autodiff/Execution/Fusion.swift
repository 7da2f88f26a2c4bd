/// Groups the items of a lowering into steps and puts the steps in order.
///
/// The depth of an item is the number of fused loops that must have ended before it can be computed. Elementwise items
/// of one stage, depth and shape can always share a loop: a path from one to another through anything else would raise
/// the depth. A reduction belongs to the loop of its operand.
///
/// Steps that divide by the examples of a batch are placed one after another. Each of `runs` is a range of such steps
/// in which no step needs another one's result for all examples.
struct Fusion {
    /// The given items, followed by copies that loops compute again for themselves.
    let items: [Item]
    let steps: [Step]
    /// For each step, how it divides by examples; all `nil` where the number of examples is 1.
    let divisions: [StepDivision?]
    let runs: [Range<Int>]
    private static let mostInstructions = 48

    /// - Parameter keepsApart: whether loops that have nothing in common but few numbers stay loops of their own, each at its place.
    init(_ items: [Item], outputs: Set<Int> = [], examples: Int = 1, keepsApart: Bool = false) {
        var depth = [Int](repeating: 0, count: items.count)
        for (id, item) in items.enumerated() {
            for view in item.operands {
                let operand = items[view.base]
                let fuses = operand.isElementwise && operand.isRead(directlyBy: view)
                switch (item.work, operand.work) {
                case (_, .input), (_, .constant): break
                case (.elementwise, _): depth[id] = max(depth[id], depth[view.base] + (fuses ? 0 : 1))
                // A reduction of what cannot be fused with it is a loop of its own.
                case (.reduction, _): depth[id] = max(depth[id], depth[view.base] + (fuses ? 0 : 1))
                default: depth[id] = max(depth[id], depth[view.base])
                }
            }
        }
        var recomputation = Recomputation(
            Fusion.grouped(items, depth, keepsApart), items, outputs: outputs)
        recomputation.apply()
        self.items = recomputation.items
        (steps, divisions, runs) = Fusion.ordered(recomputation.steps, recomputation.items, examples)
    }

    private struct Key: Hashable {
        let stage: Int, isCommon: Bool, depth: Int, shape: [Int]
    }

    private static func grouped(_ items: [Item], _ depth: [Int], _ keepsApart: Bool) -> [Step] {
        var steps: [Step] = []
        var open: [Key: [Int]] = [:]  // steps that may still grow
        var stepOf: [Int: Int] = [:]
        var reads: [Int: Set<Int>] = [:]  // items that a step reads
        var axes: [Int: [Int]] = [:]  // what the reductions of a step sum over
        for (id, item) in items.enumerated() {
            switch item.work {
            case .input, .constant: break
            case .kernel:
                stepOf[id] = steps.count
                steps.append(Step(kind: .kernel, items: [id], stage: item.stage, isCommon: item.isCommon))
            case .elementwise, .reduction:
                let domain = item.operands.first?.shape ?? item.type.shape
                let key = Key(stage: item.stage.rawValue, isCommon: item.isCommon, depth: depth[id], shape: domain)
                var bases = Set(item.operands.map(\.base))
                if keepsApart {
                    let count = domain.reduce(1, *)
                    bases = bases.filter {
                        if case .constant = items[$0].work { return false }
                        return items[$0].type.count * 4 > count
                    }
                }
                var reducedAxes: [Int]?
                if case .reduction(let reduction) = item.work { reducedAxes = reduction.axes }
                // A loop with which this item shares a value, so that it is read or made once; not before a loop of the
                // same kind that it waits for, or the two would wait for each other.
                let after = bases.compactMap { stepOf[$0] }.filter { (open[key] ?? []).contains($0) }.max() ?? 0
                let fitting = (open[key] ?? []).last { step in
                    guard step >= after else { return false }
                    let shares = bases.contains { stepOf[$0] == step || reads[step, default: []].contains($0) }
                    let full = steps[step].items.count >= mostInstructions
                    return shares && !full && (reducedAxes == nil || axes[step] == nil || axes[step] == reducedAxes)
                }
                let step = fitting ?? steps.count
                if fitting == nil {
                    steps.append(Step(kind: .fused, items: [], stage: item.stage, isCommon: item.isCommon))
                    open[key, default: []].append(step)
                }
                steps[step].items.append(id)
                stepOf[id] = step
                reads[step, default: []].formUnion(bases)
                if let reducedAxes { axes[step] = reducedAxes }
            }
        }
        return steps
    }

    /// Puts steps in an order with operands first. Among the steps that are ready, one that continues the run comes
    /// first, then the one whose last item is earliest, which keeps lifetimes short.
    private static func ordered(_ steps: [Step], _ items: [Item], _ examples: Int)
        -> ([Step], [StepDivision?], [Range<Int>])
    {
        var producer = [Int: Int]()
        for (number, step) in steps.enumerated() {
            for id in step.items { producer[id] = number }
        }
        var waiting = [Int](repeating: 0, count: steps.count)
        var readers = [[Int]](repeating: [], count: steps.count)
        for (number, step) in steps.enumerated() {
            let before = Set(step.items.flatMap { items[$0].operands.compactMap { producer[$0.base] } }).subtracting([
                number
            ])
            waiting[number] = before.count
            for other in before { readers[other].append(number) }
        }
        let divisions = steps.map { StepDivision($0, items, examples: examples) }
        var order: [Int] = [], runs: [Range<Int>] = []
        for stage in Set(steps.map(\.stage)).sorted() {
            // Common steps come first: they run before all batches, wherever they stand. Then those that go on with the run, as far as it was
            // not found that they do not: what holds a step back was made before the step was ready, so the end of one run frees it.
            var common = SmallestFirst(), going = SmallestFirst(), held = SmallestFirst(), undivided = SmallestFirst()
            func add(_ number: Int) {
                let key = steps[number].items.last!
                if steps[number].isCommon {
                    common.insert(number, key: key)
                } else if divisions[number] == nil {
                    undivided.insert(number, key: key)
                } else {
                    going.insert(number, key: key)
                }
            }
            for number in steps.indices where steps[number].stage == stage && waiting[number] == 0 { add(number) }
            var start = order.count, made: Set<Int> = [], sums: Set<Int> = []
            func goesOn(_ number: Int) -> Bool {
                guard let division = divisions[number] else { return false }
                return division.wholeReads.isDisjoint(with: made) && division.reads.isDisjoint(with: sums)
            }
            func endRun() {
                if start < order.count { runs.append(start..<order.count) }
                (start, made, sums) = (order.count, [], [])
                for number in held.removeAll() { add(number) }
            }
            func next() -> Int? {
                if let number = common.removeFirst() { return number }
                while let number = going.removeFirst() {
                    if goesOn(number) { return number }
                    held.insert(number, key: steps[number].items.last!)
                }
                guard let key = held.firstKey else { return undivided.removeFirst() }
                return key < undivided.firstKey ?? .max ? held.removeFirst() : undivided.removeFirst()
            }
            while let number = next() {
                if !goesOn(number) { endRun() }
                order.append(number)
                if let division = divisions[number] {
                    made.formUnion(steps[number].items)
                    sums.formUnion(division.sums)
                } else {
                    start = order.count
                }
                for reader in readers[number] {
                    waiting[reader] -= 1
                    if waiting[reader] == 0, steps[reader].stage == stage { add(reader) }
                }
            }
            endRun()
        }
        precondition(order.count == steps.count, "fused loops wait for each other")
        return (order.map { steps[$0] }, order.map { divisions[$0] }, runs)
    }
}
