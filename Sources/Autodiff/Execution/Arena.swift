import CKernels
import Tensors

/// Memory that a run of an `Executable` needs while it lasts. One arena serves one run at a time, of any instance.
public final class Arena {
    let scratch: Buffer, sums: Buffer
    private(set) var benches: [Bench]
    private let benchRoom: Bench.Room

    init(scratchBytes: Int, sumBytes: Int, _ benchRoom: Bench.Room) {
        scratch = Buffer(byteCount: scratchBytes)
        sums = Buffer(byteCount: sumBytes)
        self.benchRoom = benchRoom
        benches = [Bench(benchRoom)]
    }

    /// Makes a bench for each thread.
    func prepareBenches() {
        while benches.count < Threads.count { benches.append(Bench(benchRoom)) }
    }
}

/// A thread's working memory.
final class Bench {
    /// Values of a sweep that exist for one block of examples at a time.
    let block: Buffer
    let workspace: Buffer, operands: Buffer, ranges: Buffer

    init(_ room: Room) {
        block = Buffer(byteCount: room.blockBytes)
        workspace = Buffer(byteCount: room.workspaceBytes)
        operands = Buffer(byteCount: room.operands * MemoryLayout<ls_operand>.stride)
        ranges = Buffer(byteCount: room.ranges * MemoryLayout<ls_range>.stride)
    }

    /// The sizes of a bench.
    struct Room {
        var blockBytes = 0, workspaceBytes = 0
        /// Operands of a loop, and ranges of memory that it is told about.
        var operands = 0, ranges = 0

        mutating func cover(_ other: Room) {
            blockBytes = max(blockBytes, other.blockBytes)
            workspaceBytes = max(workspaceBytes, other.workspaceBytes)
            operands = max(operands, other.operands)
            ranges = max(ranges, other.ranges)
        }
    }
}
