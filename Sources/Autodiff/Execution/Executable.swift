import CKernels
import Tensors

/// A graph made ready to run in one precision: lowered, fused, ordered by stage and given memory. Nothing is allocated while
/// it runs, beyond what the first run needs.
///
/// What a run reads and writes lies in three objects: a `Context` has what does not depend on data (θ, a tangent and what is
/// made of them alone), an `Instance` one batch and what is kept of it, an `Arena` what a run needs while it lasts. Runs with
/// different instances and arenas may go on at the same time; each shares its loops out among threads, unless it runs on one
/// of them.
public final class Executable {
    private enum Prepared {
        case fused(FusedLoop)
        case kernel(KernelLoop)
        case sweep(SweepLoop)
    }

    public let precision: Precision
    private let kernels: Kernels
    private let steps: [(stage: Stage, isCommon: Bool, work: Prepared)]
    private let plan: MemoryPlan
    private let outputItems: [Int: Int]
    private let inputNumbers: [Int: Int]
    private let constants: Buffer
    private let benchRoom: Bench.Room
    private let sumBytes: Int
    /// Multiplications and additions of products in one run of everything that depends on a batch.
    public let operations: Int
    /// For runs that are given none.
    private(set) lazy var arena = makeArena()

    /// - Parameter examples: how many the graph's data are, which lie along the first dimension of its inputs and of most values
    ///   made of them; by it, steps are run for a few examples at a time where that keeps values in cache.
    public convenience init(_ graph: Graph, outputs: [Value], precision: Precision, examples: Int = 1) {
        self.init(graph, outputs: outputs, kernels: Kernels(precision), examples: examples)
    }

    init(
        _ graph: Graph, outputs: [Value], kernels: Kernels, examples: Int = 1, sweepLimits: Sweep.Limits = .init()
    ) {
        self.kernels = kernels
        precision = kernels.precision
        let size = precision.size
        let lowering = Lowering(graph, outputs: outputs)
        let rematerialization = Rematerialization(
            lowering.items, outputs: outputs.map { lowering.views[$0.id]!.base })
        let bases = rematerialization.outputs
        let fusion = Fusion(rematerialization.items, outputs: Set(bases), examples: examples)
        let steps = fusion.steps, items = fusion.items
        var sweeps = fusion.runs.compactMap {
            Sweep($0, fusion.divisions, examples: examples, elementSize: size, sweepLimits)
        }
        for i in sweeps.indices where i % 2 == 1 { sweeps[i].isDescending = true }
        plan = MemoryPlan(
            items, steps, sweeps: sweeps, divisions: fusion.divisions, outputs: Set(bases), elementSize: size)
        let needed = MemoryPlan.neededOutside(items, steps).union(bases)
        var work: [(stage: Stage, isCommon: Bool, work: Prepared)] = []
        var benchRoom = Bench.Room(blockBytes: plan.blockBytes), (sumBytes, operations, next) = (0, 0, 0)
        for sweep in sweeps + [nil] {
            for step in steps[next..<(sweep?.steps.lowerBound ?? steps.count)] {
                switch step.kind {
                case .fused:
                    let loop = FusedLoop(step, items, needed: needed)
                    benchRoom.cover(loop.benchRoom(kernels))
                    work.append((step.stage, step.isCommon, .fused(loop)))
                case .kernel:
                    let loop = KernelLoop(step, items, elementSize: size)
                    benchRoom.cover(loop.benchRoom(kernels))
                    if !step.isCommon { operations += loop.operations }
                    work.append((step.stage, step.isCommon, .kernel(loop)))
                }
            }
            guard let sweep else { break }
            let loop = SweepLoop(sweep, steps, fusion.divisions, items, plan, needed: needed, kernels)
            benchRoom.cover(loop.benchRoom)
            sumBytes = max(sumBytes, loop.sumBytes)
            operations += loop.operations
            work.append((steps[sweep.steps.lowerBound].stage, false, .sweep(loop)))
            next = sweep.steps.upperBound
        }
        self.steps = work
        outputItems = Dictionary(zip(outputs.map(\.id), bases)) { a, _ in a }
        var numbers: [Int: Int] = [:]
        for (number, item) in plan.inputs.enumerated() { numbers[items[item].node!] = number }
        inputNumbers = numbers
        constants = Buffer(byteCount: max(1, plan.constants.count) * size)
        constants.store(plan.constants, as: precision)
        self.operations = operations
        (self.benchRoom, self.sumBytes) = (benchRoom, sumBytes)
    }

    /// Whether some steps are run for a few examples at a time.
    var hasSweeps: Bool { steps.contains { if case .sweep = $0.work { true } else { false } } }

    /// Bytes that every instance keeps between runs, that a run needs while it lasts, and that every context keeps.
    public var keptBytes: Int { plan.keptBytes }
    public var scratchBytes: Int { plan.scratchBytes + plan.blockBytes + sumBytes }
    public var commonBytes: Int { plan.commonBytes.reduce(0, +) }
    /// Bytes of an arena with what its threads work with. (Of workspaces beyond the first, next to nothing is touched.)
    public var arenaBytes: Int {
        plan.scratchBytes + sumBytes + benchRoom.workspaceBytes + plan.blockBytes * (hasSweeps ? Threads.capacity : 1)
    }

    /// What does not depend on data: inputs of later stages and what is computed from them alone.
    public final class Context {
        /// One for each stage.
        fileprivate let common: [Buffer]
        fileprivate var inputs: [UnsafeRawPointer?]

        fileprivate init(_ plan: MemoryPlan, sharing other: Context?) {
            common = plan.commonBytes.enumerated().map { stage, bytes in
                if let other, stage <= Stage.parameters.rawValue { return other.common[stage] }
                return Buffer(byteCount: bytes)
            }
            inputs = other?.inputs ?? plan.inputs.map { _ in nil }
        }
    }

    /// The memory of one batch: what it keeps of each stage serves later runs in which only later stages change.
    public final class Instance {
        /// Of runs that are given none.
        public let context: Context
        fileprivate let kept: Buffer
        fileprivate var inputs: [UnsafeRawPointer?]
        /// Of the last run.
        fileprivate weak var arena: Arena?

        fileprivate init(_ plan: MemoryPlan, _ context: Context) {
            self.context = context
            kept = Buffer(byteCount: plan.keptBytes)
            inputs = plan.inputs.map { _ in nil }
        }
    }

    /// A context, which shares what belongs to the parameters' stage with another where one is given.
    public func makeContext(sharing other: Context? = nil) -> Context { Context(plan, sharing: other) }
    public func makeInstance(_ context: Context? = nil) -> Instance { Instance(plan, context ?? makeContext()) }
    public func makeArena() -> Arena {
        Arena(scratchBytes: plan.scratchBytes, sumBytes: sumBytes, benchRoom)
    }

    /// Where an input of the graph is read from at every run; its memory must outlive the instance and be readable for
    /// 128 bytes past its end. An input that no output needs is passed over.
    public func bind(_ input: Value, to address: UnsafeRawPointer, in instance: Instance) {
        guard input.stage == .data else { return bind(input, to: address, in: instance.context) }
        if let number = inputNumbers[input.id] { instance.inputs[number] = address }
    }

    /// The same for an input that is no data.
    public func bind(_ input: Value, to address: UnsafeRawPointer, in context: Context) {
        precondition(input.stage > .data, "data in a context")
        if let number = inputNumbers[input.id] { context.inputs[number] = address }
    }

    /// The elements of an output after a run, as long as the arena is not used for another one.
    public func address(of output: Value, in instance: Instance, _ context: Context? = nil) -> UnsafeRawPointer {
        guard let item = outputItems[output.id] else { preconditionFailure("not an output of this executable") }
        return UnsafeRawPointer(RunMemory(self, instance, context ?? instance.context, instance.arena).address(item))
    }

    /// The numbers of a real output after a run.
    public func numbers(of output: Value, in instance: Instance, _ context: Context? = nil) -> [Double] {
        Buffer.load(address(of: output, in: instance, context), output.type.count, as: precision)
    }

    /// Where the elements of every item lie in one run.
    ///
    /// The threads of a run share it: while the run lasts, nobody binds inputs or makes benches, and threads write to different
    /// memory, each to its own bench and to the parts and sums of its own chunks of examples.
    struct RunMemory: @unchecked Sendable {
        private let executable: Executable
        private let instance: Instance?, context: Context
        private let arena: Arena?

        fileprivate init(_ executable: Executable, _ instance: Instance?, _ context: Context, _ arena: Arena?) {
            (self.executable, self.instance, self.context, self.arena) = (executable, instance, context, arena)
        }

        /// - Parameter skipped: bytes of the parts of earlier examples; a block has none of these.
        @inline(__always)
        func address(_ item: Int, _ bench: Bench? = nil, skipped: Int = 0) -> UnsafeMutableRawPointer {
            switch executable.plan.places[item] {
            case .input(let number):
                guard let address = context.inputs[number] ?? instance?.inputs[number] else {
                    preconditionFailure("input \(number) of the executable is not bound")
                }
                return UnsafeMutableRawPointer(mutating: address) + skipped
            case .constant(let number): return executable.constants.address + number * executable.precision.size
            case .common(let stage, let offset): return context.common[stage.rawValue].address + offset + skipped
            case .kept(let offset): return instance!.kept.address + offset + skipped
            case .scratch(let offset): return arena!.scratch.address + offset + skipped
            case .block(let offset): return bench!.block.address + offset
            case .none: preconditionFailure("item \(item) has no memory")
            }
        }

        /// Makes what is missing of a bench for each thread, before threads take them.
        func prepareBenches() { arena!.prepareBenches() }
        func bench(_ thread: Int) -> Bench { arena!.benches[thread] }
        var sums: UnsafeMutableRawPointer { arena!.sums.address }
    }

    /// Computes every value of the stages from `first` through `last`; what earlier ones hold in the instance is used as it is.
    public func run(_ instance: Instance, from first: Stage = .data, through last: Stage = .tangent) {
        // Another instance may have used the arena.
        let first = min(first, .recomputed)
        runCommon(instance.context, arena, from: first, through: last)
        run(instance, instance.context, arena, from: first, through: last)
    }

    /// Computes what depends on no data: once for all batches.
    public func runCommon(_ context: Context, _ arena: Arena, from first: Stage, through last: Stage) {
        let memory = RunMemory(self, nil, context, arena)
        for step in steps where step.isCommon && step.stage >= first && step.stage <= last { run(step.work, memory) }
    }

    /// Computes what depends on a batch, from what `runCommon` has left in the context. A run that begins after `.recomputed`
    /// takes what that stage has left in the arena.
    public func run(
        _ instance: Instance, _ context: Context, _ arena: Arena, from first: Stage, through last: Stage
    ) {
        instance.arena = arena
        let memory = RunMemory(self, instance, context, arena)
        for step in steps where !step.isCommon && step.stage >= first && step.stage <= last { run(step.work, memory) }
    }

    @inline(__always)
    private func run(_ work: Prepared, _ memory: RunMemory) {
        switch work {
        case .fused(let loop): loop.run(kernels, memory.bench(0)) { item, _ in memory.address(item) }
        case .kernel(let loop): loop.run(kernels, memory.bench(0)) { item, _ in memory.address(item) }
        case .sweep(let loop): loop.run(kernels, memory)
        }
    }
}
