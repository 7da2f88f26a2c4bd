import CKernels
import Tensors

/// What one run of an executable at a time needs while it lasts; nothing in it outlives the run.
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

    /// One for each thread.
    func prepareBenches() {
        while benches.count < Threads.count { benches.append(Bench(benchRoom)) }
    }
}

/// What a thread works with.
final class Bench {
    /// Of a sweep: what there is one block of.
    let block: Buffer
    let workspace: Buffer, operands: Buffer, ranges: Buffer

    init(_ room: Room) {
        block = Buffer(byteCount: room.blockBytes)
        workspace = Buffer(byteCount: room.workspaceBytes)
        operands = Buffer(byteCount: room.operands * MemoryLayout<ls_operand>.stride)
        ranges = Buffer(byteCount: room.ranges * MemoryLayout<ls_range>.stride)
    }

    /// What a bench has room for.
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
