import Tensors

/// A sweep made ready to run: its steps for a block of examples, and sums over examples put together afterwards.
///
/// Threads take chunks of examples. Each has a bench of its own; each chunk has sums of its own, which are combined in order.
final class SweepLoop {
    private enum Work {
        case fused(FusedLoop), kernel(KernelLoop)
        /// Its sums, for every chunk, begin at an offset of the arena's.
        case fusedSums(FusedLoop, offset: Int, whole: FusedLoop), kernelSum(KernelLoop, offset: Int)
    }

    private let sweep: Sweep
    /// For whole blocks, and for a ragged last one.
    private let whole: [Work], ragged: [Work]
    /// Bytes of all sums, of every chunk.
    let sumBytes: Int
    let workspaceBytes: Int, operandCount: Int
    /// Of all examples.
    let operations: Int

    init(
        _ sweep: Sweep, _ steps: [Step], _ divisions: [StepDivision?], _ items: [Item], needed: Set<Int>,
        _ kernels: Kernels
    ) {
        self.sweep = sweep
        var sumBytes = 0, workspaceBytes = 0, operandCount = 0, operations = 0
        func take(_ bytes: Int) -> Int {
            defer { sumBytes += (bytes * sweep.chunks + 191) / 64 * 64 }  // vector loads may read past the end
            return sumBytes
        }
        func works(_ count: Int) -> [Work] {
            let part = (count: count, examples: sweep.examples)
            sumBytes = 0
            operations = 0
            return sweep.steps.map { number in
                let step = steps[number], hasSums = !divisions[number]!.sums.isEmpty
                switch step.kind {
                case .kernel:
                    let loop = KernelLoop(step, items, elementSize: kernels.precision.size, part: part)
                    workspaceBytes = max(workspaceBytes, loop.workspaceBytes(kernels))
                    operandCount = max(operandCount, loop.operandCount)
                    operations += loop.operations * sweep.examples / count
                    return hasSums
                        ? .kernelSum(loop, offset: take(loop.resultCount * kernels.precision.size)) : .kernel(loop)
                case .fused:
                    let loop = FusedLoop(step, items, needed: needed, part: part)
                    workspaceBytes = max(workspaceBytes, loop.workspaceBytes(kernels))
                    operandCount = max(operandCount, loop.operandCount)
                    guard hasSums else { return .fused(loop) }
                    return .fusedSums(
                        loop, offset: take(loop.accumulators(kernels) * 8),
                        whole: FusedLoop(step, items, needed: needed))
                }
            }
        }
        let left = sweep.examples % sweep.block
        ragged = left == 0 ? [] : works(left)
        whole = works(sweep.block)
        (self.sumBytes, self.workspaceBytes, self.operandCount) = (sumBytes, workspaceBytes, operandCount)
        self.operations = operations
    }

    /// - Parameter address: of an item, for a thread's bench, with the part of an example first.
    func run(
        _ kernels: Kernels, _ arena: Executable.Arena,
        address: (_ item: Int, _ bench: Executable.Bench, _ skipped: Int) -> UnsafeMutableRawPointer
    ) {
        arena.prepareBenches()
        let sums = arena.sums.address, size = kernels.precision.size
        Threads.forEach(sweep.chunks) { turn, thread in
            let chunk = sweep.isDescending ? sweep.chunks - 1 - turn : turn
            let bench = arena.benches[thread]
            for work in whole {
                switch work {
                case .fusedSums(let loop, let offset, _):
                    let bytes = loop.accumulators(kernels) * 8
                    clear(sums + offset + chunk * bytes, bytes)
                case .kernelSum(let loop, let offset):
                    let bytes = loop.resultCount * size
                    clear(sums + offset + chunk * bytes, bytes)
                case .fused, .kernel: break
                }
            }
            let end = min(sweep.examples, (chunk + 1) * sweep.chunk)
            for first in stride(from: chunk * sweep.chunk, to: end, by: sweep.block) {
                for work in end - first < sweep.block ? ragged : whole {
                    func at(_ item: Int, _ exampleStride: Int) -> UnsafeMutableRawPointer {
                        address(item, bench, first * exampleStride)
                    }
                    switch work {
                    case .fused(let loop): loop.run(kernels, bench, address: at)
                    case .kernel(let loop): loop.run(kernels, bench, address: at)
                    case .fusedSums(let loop, let offset, _):
                        let own = sums + offset + chunk * loop.accumulators(kernels) * 8
                        loop.run(kernels, bench, addingTo: own.assumingMemoryBound(to: Double.self), address: at)
                    case .kernelSum(let loop, let offset):
                        loop.run(kernels, bench, sum: sums + offset + chunk * loop.resultCount * size, address: at)
                    }
                }
            }
        }
        let bench = arena.benches[0]
        for work in whole {
            switch work {
            case .fused, .kernel: break
            case .fusedSums(_, let offset, let all):
                all.finish(
                    kernels, bench, (sums + offset).assumingMemoryBound(to: Double.self), parts: sweep.chunks
                ) { item, _ in address(item, bench, 0) }
            case .kernelSum(let loop, let offset):
                loop.finish(kernels, sums + offset, count: sweep.chunks) { address($0, bench, 0) }
            }
        }
    }

    private func clear(_ address: UnsafeMutableRawPointer, _ bytes: Int) {
        address.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }
}
