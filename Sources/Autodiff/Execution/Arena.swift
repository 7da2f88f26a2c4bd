import CKernels
import Tensors

/// What one run of an executable at a time needs while it lasts; nothing in it outlives the run.
public final class Arena {
    let scratch: Buffer, sums: Buffer
    private(set) var benches: [Bench]
    private let benchSize: Bench.Size

    init(scratchBytes: Int, sumBytes: Int, _ benchSize: Bench.Size) {
        scratch = Buffer(byteCount: scratchBytes)
        sums = Buffer(byteCount: sumBytes)
        self.benchSize = benchSize
        benches = [Bench(benchSize)]
    }

    /// One for each thread.
    func prepareBenches() {
        while benches.count < Threads.count { benches.append(Bench(benchSize)) }
    }
}

/// What a thread works with.
final class Bench {
    /// Of a sweep: what there is one block of.
    let block: Buffer
    let workspace: Buffer, operands: Buffer, ranges: Buffer

    init(_ size: Size) {
        block = Buffer(byteCount: size.blockBytes)
        workspace = Buffer(byteCount: size.workspaceBytes)
        operands = Buffer(byteCount: size.operands * MemoryLayout<ls_operand>.stride)
        ranges = Buffer(byteCount: size.ranges * MemoryLayout<ls_range>.stride)
    }

    /// What a bench has room for.
    struct Size {
        var blockBytes = 0, workspaceBytes = 0
        /// Operands of a loop, and ranges of memory that it is told about.
        var operands = 0, ranges = 0

        mutating func cover(_ other: Size) {
            blockBytes = max(blockBytes, other.blockBytes)
            workspaceBytes = max(workspaceBytes, other.workspaceBytes)
            operands = max(operands, other.operands)
            ranges = max(ranges, other.ranges)
        }
    }
}
