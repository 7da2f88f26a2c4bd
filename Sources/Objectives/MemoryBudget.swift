import Essentials
import Foundation

/// The memory that a process may take, and who has it: what objectives are made within.
///
/// Copies share one holder. Of all objectives that are made with copies of one budget, the one that computes holds the memory for
/// programs, and the one before gives up what it kept: they are for one thread at a time.
public struct MemoryBudget: Sendable {
    /// Upper limit for the process's memory, in bytes: the program, data, vectors, and what programs keep. `nil` means what the machine or
    /// its control group can give, less a tenth (`MachineMemory.usable`), of which what is kept only to save time gets `forSpeed`.
    public var limit: Int?
    /// Bytes of the limit that the caller sets aside for vectors of θ's length, such as a Krylov basis, beyond the few that every
    /// analysis holds.
    public var reserved: Int
    let holder = Holder()

    /// Bytes that a process grows to for the sake of speed alone, where no limit is given: 1 GiB, ours. It does not depend on the machine,
    /// so that results do not.
    public static let forSpeed = 1 << 30

    /// The limit, or what the machine gives.
    var most: Int { limit ?? MachineMemory.usable }

    /// - Parameters:
    ///   - limit: bytes; `nil` for the default.
    ///   - reserved: bytes of it for the caller's own vectors.
    public init(limit: Int? = nil, reserved: Int = 0) { (self.limit, self.reserved) = (limit, reserved) }

    /// Who holds the memory for programs. Threads may share it: `current` is read and written under the lock. Objectives are for one
    /// thread at a time, and so are all those of one budget together: one gives up its memory when another computes.
    final class Holder: @unchecked Sendable {
        private let lock = NSLock()
        private weak var current: (any MemoryHolder)?

        func claim(by holder: any MemoryHolder) {
            lock.withLock {
                if current !== holder { current?.releaseMemory() }
                current = holder
            }
        }
    }
}

protocol MemoryHolder: AnyObject {
    /// Gives up all memory but that of the data and the programs themselves.
    func releaseMemory()
}
