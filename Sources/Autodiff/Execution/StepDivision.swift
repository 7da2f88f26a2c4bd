/// How a step can run for some examples of a batch at a time.
///
/// A tensor whose first dimension counts the batch's n examples, or m parts of each, holds the examples one after
/// another. A step divides by examples where each example's part of its results depends only on that example's part of
/// its inputs and on values that are complete before. It also divides where its results are sums over examples.
struct StepDivision {
    /// Items read example by example.
    private(set) var reads: Set<Int> = []
    /// Items that are read beyond the example's part; they must be complete before.
    private(set) var wholeReads: Set<Int> = []
    /// The step's items that are sums over examples.
    private(set) var sums: Set<Int> = []
    /// Elements that the step reads and writes for each example.
    private(set) var elements = 0

    /// Nil where the step does not divide.
    init?(_ step: Step, _ items: [Item], examples n: Int) {
        guard n > 1, !step.isCommon else { return nil }
        let divides: Bool
        switch step.kind {
        case .kernel: divides = addKernel(items[step.items[0]], step.items[0], items, n)
        case .fused: divides = addLoop(step, items, n)
        }
        guard divides else { return nil }
        let results = step.items.filter { !sums.contains($0) }
        elements = (reads.map { $0 } + results).reduce(0) { $0 + items[$1].type.count / n }
    }

    private mutating func addKernel(_ item: Item, _ id: Int, _ items: [Item], _ n: Int) -> Bool {
        guard case .kernel(let primitive) = item.work else { return false }
        let types = item.operands.map { TensorType($0.shape, items[$0.base].type.element) }
        func counts(_ shape: [Int]) -> Bool { shape.first.map { $0 % n == 0 } ?? false }
        guard let division = primitive.byExample(types), division.isSum || counts(item.type.shape) else { return false }
        for (view, isRead) in zip(item.operands, division.operands) {
            guard !isRead || counts(view.shape) else { return false }
            if isRead { reads.insert(view.base) } else { wholeReads.insert(view.base) }
        }
        if division.isSum { sums.insert(id) }
        return true
    }

    private mutating func addLoop(_ step: Step, _ items: [Item], _ n: Int) -> Bool {
        let first = items[step.items[0]], domain = first.operands.first?.shape ?? first.type.shape
        guard let rows = domain.first, rows % n == 0 else { return false }
        let own = Set(step.items)
        for id in step.items {
            for view in items[id].operands where !own.contains(view.base) {
                if StepDivision.staysInExample(view, items[view.base], rows / n, n) {
                    reads.insert(view.base)
                } else {
                    wholeReads.insert(view.base)
                }
            }
            if case .reduction(let reduction) = items[id].work, reduction.axes.first == 0 {
                guard reduction.kind != .maximum else { return false }
                sums.insert(id)
            }
        }
        return true
    }

    /// Whether rows of a view, m to each example, lie in the part of the memory that belongs to the example.
    private static func staysInExample(_ view: StridedView, _ base: Item, _ m: Int, _ n: Int) -> Bool {
        guard let rows = base.type.shape.first, rows % n == 0 else { return false }
        let part = base.type.count / n
        let farthest = zip(view.shape.dropFirst(), view.strides.dropFirst()).reduce((m - 1) * view.strides[0]) {
            $0 + ($1.0 - 1) * $1.1
        }
        return m * view.strides[0] == part && view.offset + farthest < part
    }
}

/// Consecutive steps that run together for a few examples after another, so that one step's results are still in the
/// core's own cache when the next step reads them.
struct Sweep: Sendable {
    let steps: Range<Int>
    let examples: Int
    /// Examples that all steps run for before the next ones; a ragged last block has fewer.
    let block: Int
    /// Examples that one thread takes, whose sums are added up together. Shapes alone decide it.
    let chunk: Int
    /// Whether chunks are taken from the last to the first. Every other sweep does, so that it begins with what the
    /// sweep before left in the shared cache.
    var isDescending = false

    var chunks: Int { (examples + chunk - 1) / chunk }

    struct Limits {
        /// Bytes that the steps of a sweep touch at least; less is in the cache anyway.
        var leastBytes = 1 << 20
        /// Bytes that a step of a block touches: about a third of a core's own cache, with reads and writes.
        var blockBytes = 384 << 10
        /// Examples of a chunk at least; for fewer, adding up their sums would cost too much.
        var leastChunk = 8
        var mostChunks = 16
    }

    /// Nil where a sweep would gain nothing.
    init?(
        _ steps: Range<Int>, _ divisions: [StepDivision?], examples: Int, elementSize: Int, _ limits: Limits = Limits()
    ) {
        let elements = steps.map { divisions[$0]?.elements ?? 0 }
        guard steps.count > 1, elements.reduce(0, +) * examples * elementSize >= limits.leastBytes else { return nil }
        self.steps = steps
        self.examples = examples
        let block = min(examples, max(1, limits.blockBytes / (elementSize * max(1, elements.max()!))))
        let chunk = max(limits.leastChunk, (examples + limits.mostChunks - 1) / limits.mostChunks)
        self.block = block
        self.chunk = (chunk + block - 1) / block * block
    }
}
