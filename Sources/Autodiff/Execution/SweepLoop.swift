import CKernels
import Tensors

/// A sweep made ready to run: its steps for a block of examples, and the sums over examples, which are combined
/// afterwards.
///
/// Threads take chunks of examples. Each thread has a bench, and each chunk has sums, which are combined in the order
/// of chunks. While a block's last convolution multiplies, the memory of the next block is prefetched.
final class SweepLoop: Sendable {
    private enum Work: Sendable {
        case fused(FusedLoop), kernel(KernelLoop)
        case fusedSums(FusedLoop, ChunkSums, whole: FusedLoop), kernelSum(KernelLoop, ChunkSums)

        var readsAhead: Bool {
            switch self {
            case .kernel(let loop), .kernelSum(let loop, _): loop.readsAhead
            case .fused, .fusedSums: false
            }
        }
    }

    /// Where the sums of every chunk lie in an arena's.
    private struct ChunkSums: Sendable {
        let offset: Int, bytes: Int

        func address(_ memory: Executable.RunMemory, _ chunk: Int) -> UnsafeMutableRawPointer {
            memory.sums + offset + chunk * bytes
        }
    }

    private let sweep: Sweep
    /// For whole blocks, and for a ragged last one.
    private let whole: [Work], ragged: [Work]
    /// What the steps read and write example by example in memory that outlives a block, and its bytes an example.
    private let touched: [(item: Int, bytes: Int)]
    /// The last step that can prefetch.
    private let reader: Int?
    /// Bytes of all sums, of every chunk.
    let sumBytes: Int
    let benchRoom: Bench.Room
    /// Of all examples.
    let operations: Int

    init(
        _ sweep: Sweep, _ steps: [Step], _ divisions: [StepDivision?], _ items: [Item], _ plan: MemoryPlan,
        needed: Set<Int>, _ kernels: Kernels
    ) {
        self.sweep = sweep
        let size = kernels.precision.size
        var sumBytes = 0, benchRoom = Bench.Room(), operations = 0
        func sums(_ bytes: Int) -> ChunkSums {
            defer { sumBytes += (bytes * sweep.chunks + 191) / 64 * 64 }  // vector loads may read past the end
            return ChunkSums(offset: sumBytes, bytes: bytes)
        }
        func works(_ count: Int) -> [Work] {
            let part = (count: count, examples: sweep.examples)
            sumBytes = 0
            operations = 0
            return sweep.steps.map { number in
                let step = steps[number], hasSums = !divisions[number]!.sums.isEmpty
                switch step.kind {
                case .kernel:
                    let loop = KernelLoop(step, items, elementSize: size, part: part)
                    benchRoom.cover(loop.benchRoom(kernels))
                    operations += loop.operations * sweep.examples / count
                    return hasSums ? .kernelSum(loop, sums(loop.resultCount * size)) : .kernel(loop)
                case .fused:
                    let loop = FusedLoop(step, items, needed: needed, part: part)
                    benchRoom.cover(loop.benchRoom(kernels))
                    guard hasSums else { return .fused(loop) }
                    return .fusedSums(
                        loop, sums(loop.accumulators(kernels) * 8), whole: FusedLoop(step, items, needed: needed))
                }
            }
        }
        let left = sweep.examples % sweep.block
        ragged = left == 0 ? [] : works(left)
        whole = works(sweep.block)
        reader = whole.lastIndex(where: \.readsAhead)
        var touched: Set<Int> = []
        for number in sweep.steps {
            touched.formUnion(divisions[number]!.reads)
            touched.formUnion(steps[number].items.filter { !divisions[number]!.sums.contains($0) })
        }
        self.touched = touched.sorted().filter { plan.outlivesBlock($0) }.map {
            ($0, items[$0].type.count / sweep.examples * (items[$0].type.element == .index ? 4 : size))
        }
        benchRoom.ranges = self.touched.count
        (self.sumBytes, self.benchRoom, self.operations) = (sumBytes, benchRoom, operations)
    }

    func run(_ kernels: Kernels, _ memory: Executable.RunMemory) {
        memory.prepareBenches()
        Threads.forEach(sweep.chunks) { turn, thread in
            let chunk = sweep.isDescending ? sweep.chunks - 1 - turn : turn
            let bench = memory.bench(thread)
            for work in whole {
                switch work {
                case .fusedSums(_, let sums, _), .kernelSum(_, let sums):
                    sums.address(memory, chunk).initializeMemory(as: UInt8.self, repeating: 0, count: sums.bytes)
                case .fused, .kernel: break
                }
            }
            let end = min(sweep.examples, (chunk + 1) * sweep.chunk)
            for first in stride(from: chunk * sweep.chunk, to: end, by: sweep.block) {
                let works = end - first < sweep.block ? ragged : whole
                for i in works.indices {
                    func at(_ item: Int, _ exampleStride: Int) -> UnsafeMutableRawPointer {
                        memory.address(item, bench, skipped: first * exampleStride)
                    }
                    let ahead = i == reader ? ahead(first + sweep.block, end, bench, memory) : nil
                    switch works[i] {
                    case .fused(let loop): loop.run(kernels, bench, address: at)
                    case .kernel(let loop): loop.run(kernels, bench, ahead: ahead, address: at)
                    case .fusedSums(let loop, let sums, _):
                        let own = sums.address(memory, chunk).assumingMemoryBound(to: Double.self)
                        loop.run(kernels, bench, addingTo: own, address: at)
                    case .kernelSum(let loop, let sums):
                        loop.run(kernels, bench, sum: sums.address(memory, chunk), ahead: ahead, address: at)
                    }
                }
            }
        }
        let bench = memory.bench(0)
        for work in whole {
            switch work {
            case .fused, .kernel: break
            case .fusedSums(_, let sums, let all):
                let own = sums.address(memory, 0).assumingMemoryBound(to: Double.self)
                all.finish(kernels, bench, own, parts: sweep.chunks) { item, _ in memory.address(item, bench) }
            case .kernelSum(let loop, let sums):
                loop.finish(kernels, sums.address(memory, 0), count: sweep.chunks) { memory.address($0, bench) }
            }
        }
    }

    /// Memory that the block beginning with an example touches; `nil` where the chunk has ended.
    private func ahead(
        _ first: Int, _ end: Int, _ bench: Bench, _ memory: Executable.RunMemory
    ) -> UnsafeBufferPointer<ls_range>? {
        guard first < end else { return nil }
        let ranges = bench.ranges.address.assumingMemoryBound(to: ls_range.self)
        for (i, (item, bytes)) in touched.enumerated() {
            ranges[i] = ls_range(
                start: memory.address(item, bench, skipped: first * bytes),
                bytes: Int64(bytes * min(sweep.block, end - first)))
        }
        return UnsafeBufferPointer(start: ranges, count: touched.count)
    }
}
