import CKernels
import Tensors

/// A graph made ready to run in one precision: lowered, fused, ordered by stage and given memory. A run allocates
/// nothing beyond what the first run needs.
///
/// A run reads and writes three objects. A `Context` holds what does not depend on data: θ, a tangent, and values
/// computed from them alone. An `Instance` holds one batch and what is kept of it. An `Arena` holds what a run needs
/// while it lasts. Runs with different instances and arenas may go on at the same time. A run shares its loops out
/// among the threads, unless it runs on one of them.
public final class Executable {
    private enum Prepared {
        case fused(FusedLoop)
        case kernel(KernelLoop)
        case sweep(SweepLoop)
    }

    /// The arithmetic that its real values are computed in.
    public let precision: Precision
    private let kernels: Kernels
    private let steps: [Planned]

    /// A step, with the outputs that are passed on when it has run: their numbers among those, and their items.
    private typealias Planned = (stage: Stage, isCommon: Bool, work: Prepared, passed: [(number: Int, item: Int)])
    private let plan: MemoryPlan
    private let outputItems: [Int: Int]
    /// Outputs to be passed on that not every run computes, which are there at its end.
    private let unpassed: [(number: Int, item: Int)]
    private let inputNumbers: [Int: Int]
    private let constants: Buffer
    private let benchRoom: Bench.Room
    private let sumBytes: Int
    /// Multiplications and additions of matrix products and convolutions, in one run of everything that depends on a
    /// batch.
    public let operations: Int
    /// Those of them that depend on a batch and θ alone, and need not be done again for another tangent where a batch is kept.
    public let keptOperations: Int
    /// For runs that are given none.
    private(set) lazy var arena = makeArena()

    /// Compiles the computation of `outputs`.
    ///
    /// - Parameters:
    ///   - outputs: values that can be read after a run. Nodes that none of them needs are left out.
    ///   - examples: number of examples of a batch, the first extent of the data and of most values computed from them.
    ///     Where that keeps values in cache, steps are run for a few examples at a time.
    ///   - keepsApart: for a graph that computes large values one after another: loops that share few numbers are not made one, which
    ///     would need all of those values at once.
    ///   - runsWhole: whether every run of a batch begins with the data's stage, so that no instance keeps anything between runs.
    ///   - passing: outputs that a run passes on as soon as they are computed, and that have no memory after that.
    public convenience init(
        _ graph: Graph, outputs: [Value], precision: Precision, examples: Int = 1, keepsApart: Bool = false,
        runsWhole: Bool = false, passing: [Value] = []
    ) {
        self.init(
            graph, outputs: outputs, kernels: Kernels(precision), examples: examples, keepsApart: keepsApart,
            runsWhole: runsWhole, passing: passing)
    }

    init(
        _ graph: Graph, outputs: [Value], kernels: Kernels, examples: Int = 1, keepsApart: Bool = false,
        runsWhole: Bool = false, passing: [Value] = [], sweepLimits: Sweep.Limits = .init()
    ) {
        self.kernels = kernels
        precision = kernels.precision
        let size = precision.size
        let outputs = outputs + passing
        let lowering = Lowering(graph, outputs: outputs)
        let rematerialization = Rematerialization(
            lowering.items, outputs: outputs.map { lowering.views[$0.id]!.base })
        let bases = rematerialization.outputs
        let fusion = Fusion(
            rematerialization.items, outputs: Set(bases), examples: examples, keepsApart: keepsApart)
        let steps = fusion.steps, items = fusion.items
        var sweeps = fusion.runs.compactMap {
            Sweep($0, fusion.divisions, examples: examples, elementSize: size, sweepLimits)
        }
        for i in sweeps.indices where i % 2 == 1 { sweeps[i].isDescending = true }
        let others = outputs.count - passing.count, stays = Set(bases.prefix(others))
        var passed: [Int: [Int]] = [:], unpassed: [(number: Int, item: Int)] = []
        let computed = Set(steps.lazy.filter { !$0.isCommon && (runsWhole || $0.stage == .tangent) }.flatMap(\.items))
        for (number, base) in bases.dropFirst(others).enumerated() {
            if computed.contains(base), !stays.contains(base) {
                passed[base, default: []].append(number)
            } else {
                unpassed.append((number, base))
            }
        }
        self.unpassed = unpassed
        plan = MemoryPlan(
            items, steps, sweeps: sweeps, divisions: fusion.divisions, outputs: Set(bases),
            passing: Set(passed.keys), runsWhole: runsWhole, elementSize: size)
        let needed = MemoryPlan.neededOutside(items, steps).union(bases)
        var work: [Planned] = []
        func passes(_ some: ArraySlice<Step>) -> [(number: Int, item: Int)] {
            some.flatMap(\.items).flatMap { item in (passed[item] ?? []).map { ($0, item) } }
        }
        var benchRoom = Bench.Room(blockBytes: plan.blockBytes),
            (sumBytes, operations, keptOperations, next) = (0, 0, 0, 0)
        func count(_ some: Int, _ step: Step) {
            operations += some
            if step.stage < .recomputed { keptOperations += some }
        }
        for sweep in sweeps + [nil] {
            for step in steps[next..<(sweep?.steps.lowerBound ?? steps.count)] {
                switch step.kind {
                case .fused:
                    let loop = FusedLoop(step, items, needed: needed)
                    benchRoom.cover(loop.benchRoom(kernels))
                    work.append((step.stage, step.isCommon, .fused(loop), passes([step])))
                case .kernel:
                    let loop = KernelLoop(step, items, elementSize: size)
                    benchRoom.cover(loop.benchRoom(kernels))
                    if !step.isCommon { count(loop.operations, step) }
                    work.append((step.stage, step.isCommon, .kernel(loop), passes([step])))
                }
            }
            guard let sweep else { break }
            let loop = SweepLoop(sweep, steps, fusion.divisions, items, plan, needed: needed, kernels)
            benchRoom.cover(loop.benchRoom)
            sumBytes = max(sumBytes, loop.sumBytes)
            count(loop.operations, steps[sweep.steps.lowerBound])
            work.append((steps[sweep.steps.lowerBound].stage, false, .sweep(loop), passes(steps[sweep.steps])))
            next = sweep.steps.upperBound
        }
        self.steps = work
        outputItems = Dictionary(zip(outputs.map(\.id), bases)) { a, _ in a }
        var numbers: [Int: Int] = [:]
        for (number, item) in plan.inputs.enumerated() { numbers[items[item].node!] = number }
        inputNumbers = numbers
        constants = Buffer(byteCount: max(1, plan.constants.count) * size)
        constants.store(plan.constants, as: precision)
        (self.operations, self.keptOperations) = (operations, keptOperations)
        (self.benchRoom, self.sumBytes) = (benchRoom, sumBytes)
    }

    /// Whether some steps are run for a few examples at a time.
    var hasSweeps: Bool { steps.contains { if case .sweep = $0.work { true } else { false } } }

    /// Bytes that every instance keeps between runs.
    public var keptBytes: Int { plan.keptBytes }
    /// Bytes of an arena that hold values and partial sums during a run.
    public var scratchBytes: Int { plan.scratchBytes + plan.blockBytes + sumBytes }
    /// Bytes that every context keeps between runs.
    public var commonBytes: Int { plan.commonBytes.reduce(0, +) }
    /// Bytes of an arena with the workspaces of its threads. Hardly any memory of workspaces beyond the first is ever
    /// touched, so one is counted.
    public var arenaBytes: Int {
        plan.scratchBytes + sumBytes + benchRoom.workspaceBytes + plan.blockBytes * (hasSweeps ? Threads.capacity : 1)
    }

    /// Memory for what does not depend on data: addresses of θ and tangents, and values computed from them alone.
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

    /// Memory of one batch. What it keeps of each stage serves later runs in which only later stages change.
    public final class Instance {
        /// The context of runs that name no other.
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

    /// A new context. Where `other` is given, both share the values of the parameters' stage, so θ is processed once
    /// for them.
    public func makeContext(sharing other: Context? = nil) -> Context { Context(plan, sharing: other) }
    /// Memory for a batch, with a context of its own where none is given.
    public func makeInstance(_ context: Context? = nil) -> Instance { Instance(plan, context ?? makeContext()) }
    /// An arena for one run at a time; give every thread that runs the executable its own.
    public func makeArena() -> Arena {
        Arena(scratchBytes: plan.scratchBytes, sumBytes: sumBytes, benchRoom)
    }

    /// Sets the memory that an input is read from at every run: row-major, in the executable's precision, or Int32 for
    /// indices.
    ///
    /// The memory must outlive the instance and be readable for 128 bytes past its end, as a `Buffer` is. An input that
    /// no output needs is ignored. An input of a later stage than `.data` is bound in the instance's own context.
    public func bind(_ input: Value, to address: UnsafeRawPointer, in instance: Instance) {
        guard input.stage == .data else { return bind(input, to: address, in: instance.context) }
        if let number = inputNumbers[input.id] { instance.inputs[number] = address }
    }

    /// Sets the memory that an input of a later stage than `.data`, such as θ or a tangent, is read from in a context.
    ///
    /// - Precondition: the input is no data.
    public func bind(_ input: Value, to address: UnsafeRawPointer, in context: Context) {
        precondition(input.stage > .data, "data in a context")
        if let number = inputNumbers[input.id] { context.inputs[number] = address }
    }

    /// The elements of an output after a run, row-major. They are valid until the arena of that run is used again.
    ///
    /// - Precondition: `output` is one of the executable's outputs.
    public func address(of output: Value, in instance: Instance, _ context: Context? = nil) -> UnsafeRawPointer {
        guard let item = outputItems[output.id] else { preconditionFailure("not an output of this executable") }
        return UnsafeRawPointer(RunMemory(self, instance, context ?? instance.context, instance.arena).address(item))
    }

    /// The numbers of a real output after a run, row-major.
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

    /// Is handed an output that is passed on: its number among those, and its elements, row-major, which are valid during the call.
    public typealias Take = (_ number: Int, _ address: UnsafeRawPointer) -> Void

    /// Computes all values of the stages from `first` through `last`, in the executable's own arena. Values of earlier
    /// stages are taken from the instance as they are.
    ///
    /// - Precondition: every input that an output needs is bound.
    public func run(
        _ instance: Instance, from first: Stage = .data, through last: Stage = .tangent, taking take: Take? = nil
    ) {
        // Another instance may have used the arena.
        let first = min(first, .recomputed)
        runCommon(instance.context, arena, from: first, through: last)
        run(instance, instance.context, arena, from: first, through: last, taking: take)
    }

    /// Computes the values that depend on no data: once for all batches, before `run(_:_:_:from:through:)`.
    public func runCommon(_ context: Context, _ arena: Arena, from first: Stage, through last: Stage) {
        let memory = RunMemory(self, nil, context, arena)
        for step in steps where step.isCommon && step.stage >= first && step.stage <= last { run(step.work, memory) }
    }

    /// Computes the values that depend on a batch, after `runCommon(_:_:from:through:)` has filled the context.
    ///
    /// A run that begins after `.recomputed` takes from the arena what that stage has left there, so no other batch may
    /// have used it in between.
    ///
    /// - Parameter take: is handed what is passed on, in the order in which it is computed.
    public func run(
        _ instance: Instance, _ context: Context, _ arena: Arena, from first: Stage, through last: Stage,
        taking take: Take? = nil
    ) {
        instance.arena = arena
        let memory = RunMemory(self, instance, context, arena)
        for step in steps where !step.isCommon && step.stage >= first && step.stage <= last {
            run(step.work, memory)
            guard let take else { continue }
            for (number, item) in step.passed { take(number, memory.address(item)) }
        }
        if let take { for (number, item) in unpassed { take(number, memory.address(item)) } }
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
