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
    }

    public let precision: Precision
    private let kernels: Kernels
    private let steps: [(stage: Stage, isCommon: Bool, work: Prepared)]
    private let plan: MemoryPlan
    private let outputItems: [Int: Int]
    private let inputNumbers: [Int: Int]
    private let constants: Buffer
    private let workspaceBytes: Int
    private let mostOperands: Int
    /// Multiplications and additions of products in one run of everything that depends on a batch.
    public let operations: Int
    /// For runs that are given none.
    private(set) lazy var arena = makeArena()

    public convenience init(_ graph: Graph, outputs: [Value], precision: Precision) {
        self.init(graph, outputs: outputs, kernels: Kernels(precision))
    }

    init(_ graph: Graph, outputs: [Value], kernels: Kernels) {
        self.kernels = kernels
        precision = kernels.precision
        let lowering = Lowering(graph, outputs: outputs)
        let items = lowering.items
        let fusion = Fusion(items)
        let bases = outputs.map { lowering.views[$0.id]!.base }
        plan = MemoryPlan(items, fusion.steps, outputs: Set(bases), elementSize: precision.size)
        let needed = MemoryPlan.neededOutside(items, fusion.steps).union(bases)
        steps = fusion.steps.map { step in
            switch step.kind {
            case .fused: (step.stage, step.isCommon, .fused(FusedLoop(step, items, needed: needed)))
            case .kernel: (step.stage, step.isCommon, .kernel(KernelLoop(step, items)))
            }
        }
        outputItems = Dictionary(zip(outputs.map(\.id), bases)) { a, _ in a }
        var numbers: [Int: Int] = [:]
        for (number, item) in plan.inputs.enumerated() { numbers[items[item].node!] = number }
        inputNumbers = numbers
        constants = Buffer(byteCount: max(1, plan.constants.count) * precision.size)
        constants.store(plan.constants, as: precision)
        var (workspaceBytes, mostOperands, operations) = (0, 0, 0)
        for step in steps {
            switch step.work {
            case .fused(let loop):
                workspaceBytes = max(workspaceBytes, loop.workspaceBytes(kernels))
                mostOperands = max(mostOperands, loop.operandCount)
            case .kernel(let loop):
                workspaceBytes = max(workspaceBytes, loop.workspaceBytes(kernels))
                mostOperands = max(mostOperands, loop.operandCount)
                if !step.isCommon { operations += loop.operations }
            }
        }
        self.operations = operations
        (self.workspaceBytes, self.mostOperands) = (workspaceBytes, mostOperands)
    }

    /// Bytes that every instance keeps between runs, that a run needs while it lasts, and that every context keeps.
    public var keptBytes: Int { plan.keptBytes }
    public var scratchBytes: Int { plan.scratchBytes }
    public var commonBytes: Int { plan.commonBytes.reduce(0, +) }

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

        fileprivate init(_ plan: MemoryPlan, _ context: Context) {
            self.context = context
            kept = Buffer(byteCount: plan.keptBytes)
            inputs = plan.inputs.map { _ in nil }
        }
    }

    /// What one run at a time needs while it lasts; nothing in it outlives the run.
    public final class Arena {
        let scratch: Buffer, workspace: Buffer
        let operands: Buffer

        fileprivate init(scratchBytes: Int, workspaceBytes: Int, operands: Int) {
            scratch = Buffer(byteCount: scratchBytes)
            workspace = Buffer(byteCount: workspaceBytes)
            self.operands = Buffer(byteCount: operands * MemoryLayout<ls_operand>.stride)
        }
    }

    /// A context, which shares what belongs to the parameters' stage with another where one is given.
    public func makeContext(sharing other: Context? = nil) -> Context { Context(plan, sharing: other) }
    public func makeInstance(_ context: Context? = nil) -> Instance { Instance(plan, context ?? makeContext()) }
    public func makeArena() -> Arena {
        Arena(scratchBytes: plan.scratchBytes, workspaceBytes: workspaceBytes, operands: mostOperands)
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

    /// The elements of an output after a run.
    public func address(of output: Value, in instance: Instance, _ context: Context? = nil) -> UnsafeRawPointer {
        guard let item = outputItems[output.id] else { preconditionFailure("not an output of this executable") }
        return UnsafeRawPointer(address(item, instance, context ?? instance.context, nil))
    }

    /// The numbers of a real output after a run.
    public func numbers(of output: Value, in instance: Instance, _ context: Context? = nil) -> [Double] {
        Buffer.load(address(of: output, in: instance, context), output.type.count, as: precision)
    }

    private func address(_ item: Int, _ instance: Instance?, _ context: Context, _ arena: Arena?)
        -> UnsafeMutableRawPointer
    {
        switch plan.places[item] {
        case .input(let number):
            guard let address = context.inputs[number] ?? instance?.inputs[number] else {
                preconditionFailure("input \(number) of the executable is not bound")
            }
            return UnsafeMutableRawPointer(mutating: address)
        case .constant(let number): return constants.address + number * precision.size
        case .common(let stage, let offset): return context.common[stage.rawValue].address + offset
        case .kept(let offset): return instance!.kept.address + offset
        case .scratch(let offset): return arena!.scratch.address + offset
        case .none: preconditionFailure("item \(item) has no memory")
        }
    }

    /// Computes every value of the stages from `first` through `last`; what earlier ones hold in the instance is used as it is.
    public func run(_ instance: Instance, from first: Stage = .data, through last: Stage = .tangent) {
        runCommon(instance.context, arena, from: first, through: last)
        run(instance, instance.context, arena, from: first, through: last)
    }

    /// Computes what depends on no data: once for all batches.
    public func runCommon(_ context: Context, _ arena: Arena, from first: Stage, through last: Stage) {
        for step in steps where step.isCommon && step.stage >= first && step.stage <= last {
            run(step.work, nil, context, arena)
        }
    }

    /// Computes what depends on a batch, from what `runCommon` has left in the context.
    public func run(
        _ instance: Instance, _ context: Context, _ arena: Arena, from first: Stage, through last: Stage
    ) {
        for step in steps where !step.isCommon && step.stage >= first && step.stage <= last {
            run(step.work, instance, context, arena)
        }
    }

    @inline(__always)
    private func run(_ work: Prepared, _ instance: Instance?, _ context: Context, _ arena: Arena) {
        switch work {
        case .fused(let loop): loop.run(kernels, arena) { address($0, instance, context, arena) }
        case .kernel(let loop): loop.run(kernels, arena) { address($0, instance, context, arena) }
        }
    }
}
