import CKernels
import Tensors

/// A graph made ready to run in one precision: lowered, fused, ordered by stage and given memory. Nothing is allocated while
/// it runs, beyond what the first run needs. Not for use by several threads at once; its loops are shared out among threads.
public final class Executable {
    private enum Prepared {
        case fused(FusedLoop)
        case kernel(KernelLoop)
    }

    public let precision: Precision
    private let kernels: Kernels
    private let steps: [(stage: Stage, work: Prepared)]
    private let plan: MemoryPlan
    private let outputItems: [Int: Int]
    private let inputNumbers: [Int: Int]
    private let constants: Buffer
    /// What all runs share; nothing in it outlives a run.
    let scratch: Buffer
    let workspace: Buffer

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
            case .fused: return (step.stage, .fused(FusedLoop(step, items, needed: needed)))
            case .kernel: return (step.stage, .kernel(KernelLoop(step, items)))
            }
        }
        outputItems = Dictionary(zip(outputs.map(\.id), bases)) { a, _ in a }
        var numbers: [Int: Int] = [:]
        for (number, item) in plan.inputs.enumerated() { numbers[items[item].node!] = number }
        inputNumbers = numbers
        constants = Buffer(byteCount: max(1, plan.constants.count) * precision.size)
        constants.store(plan.constants, as: precision)
        scratch = Buffer(byteCount: plan.scratchBytes)
        workspace = Buffer(
            byteCount: steps.reduce(0) { most, step in
                switch step.work {
                case .fused(let loop): max(most, loop.workspaceBytes(kernels))
                case .kernel(let loop): max(most, loop.workspaceBytes(kernels))
                }
            })
    }

    /// Bytes that every instance keeps between runs, and bytes that all share while running.
    public var keptBytes: Int { plan.keptBytes }
    public var scratchBytes: Int { plan.scratchBytes }

    /// The memory of one set of inputs: what it keeps of each stage serves later runs in which only later stages change.
    public final class Instance {
        fileprivate let kept: Buffer
        fileprivate var inputs: [UnsafeRawPointer?]

        fileprivate init(_ plan: MemoryPlan) {
            kept = Buffer(byteCount: plan.keptBytes)
            inputs = plan.inputs.map { _ in nil }
        }
    }

    public func makeInstance() -> Instance { Instance(plan) }

    /// Where an input of the graph is read from at every run; its memory must outlive the instance and be readable for
    /// 128 bytes past its end. An input that no output needs is passed over.
    public func bind(_ input: Value, to address: UnsafeRawPointer, in instance: Instance) {
        if let number = inputNumbers[input.id] { instance.inputs[number] = address }
    }

    /// The elements of an output after a run.
    public func address(of output: Value, in instance: Instance) -> UnsafeRawPointer {
        guard let item = outputItems[output.id] else { preconditionFailure("not an output of this executable") }
        return UnsafeRawPointer(address(item, instance))
    }

    /// The numbers of a real output after a run.
    public func numbers(of output: Value, in instance: Instance) -> [Double] {
        Buffer.load(address(of: output, in: instance), output.type.count, as: precision)
    }

    private func address(_ item: Int, _ instance: Instance) -> UnsafeMutableRawPointer {
        switch plan.places[item] {
        case .input(let number):
            guard let address = instance.inputs[number] else {
                preconditionFailure("input \(number) of the executable is not bound")
            }
            return UnsafeMutableRawPointer(mutating: address)
        case .constant(let number): return constants.address + number * precision.size
        case .kept(let offset): return instance.kept.address + offset
        case .scratch(let offset): return scratch.address + offset
        case nil: preconditionFailure("item \(item) has no memory")
        }
    }

    /// Computes every value of the stages from `first` through `last`; what earlier ones hold in the instance is used as it is.
    public func run(_ instance: Instance, from first: Stage = .data, through last: Stage = .tangent) {
        for step in steps where step.stage >= first && step.stage <= last {
            switch step.work {
            case .fused(let loop): loop.run(kernels, workspace: workspace.address) { address($0, instance) }
            case .kernel(let loop): loop.run(kernels, workspace: workspace.address) { address($0, instance) }
            }
        }
    }
}
