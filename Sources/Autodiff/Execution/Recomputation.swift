import CKernels

/// Lets loops compute cheap values again instead of storing and reading them.
///
/// It applies to simple arithmetic on one tensor and on numbers that repeat along it, such as x − mean, where all
/// readers are other loops.
struct Recomputation {
    private(set) var steps: [Step]
    private(set) var items: [Item]
    private let outputs: Set<Int>
    private var stepOf: [Int: Int] = [:]
    /// Readers of every item.
    private var readers: [[Int]]

    init(_ steps: [Step], _ items: [Item], outputs: Set<Int>) {
        (self.steps, self.items, self.outputs) = (steps, items, outputs)
        readers = .init(repeating: [], count: items.count)
        for (number, step) in steps.enumerated() {
            for id in step.items {
                stepOf[id] = number
                for view in items[id].operands where readers[view.base].last != id { readers[view.base].append(id) }
            }
        }
    }

    mutating func apply() {
        for id in items.indices where isCheaper(id) {
            let outside = readers[id].filter { stepOf[$0] != stepOf[id] }
            for (number, own) in Dictionary(grouping: outside, by: { stepOf[$0]! }).sorted(by: { $0.key < $1.key }) {
                items.append(items[id])
                let copy = items.count - 1
                (items[copy].node, items[copy].stage) = (nil, steps[number].stage)
                items[copy].isCommon = steps[number].isCommon
                let at = steps[number].items.firstIndex { own.contains($0) }!
                steps[number].items.insert(copy, at: at)
                for reader in own {
                    for i in items[reader].operands.indices where items[reader].operands[i].base == id {
                        items[reader].operands[i].base = copy
                    }
                }
            }
            if outside.count == readers[id].count { steps[stepOf[id]!].items.removeAll { $0 == id } }
        }
        steps.removeAll { $0.items.isEmpty }
    }

    private static let simple: Set<UInt32> = Set(
        [LS_ADD, LS_SUBTRACT, LS_MULTIPLY, LS_SUBTRACT_MULTIPLY, LS_SCALE, LS_OFFSET, LS_NEGATE].map {
            UInt32($0.rawValue)
        })

    private func isCheaper(_ id: Int) -> Bool {
        let item = items[id]
        guard case .elementwise(let primitive) = item.work, Self.simple.contains(UInt32(primitive.opcode.rawValue)),
            !outputs.contains(id), readers[id].contains(where: { stepOf[$0] != stepOf[id] })
        else { return false }
        // One operand is read element by element; the others are few numbers.
        var direct = 0
        for view in item.operands {
            let base = items[view.base]
            if base.type.count * 8 <= item.type.count { continue }
            guard view.offset == 0, view.shape == base.type.shape, view.isDense, stepOf[view.base] != stepOf[id] else {
                return false
            }
            direct += 1
        }
        guard direct == 1 else { return false }
        return readers[id].allSatisfy { reader in
            if case .kernel = items[reader].work { return false }
            return items[reader].operands.allSatisfy { $0.base != id || item.isRead(directlyBy: $0) }
        }
    }
}
