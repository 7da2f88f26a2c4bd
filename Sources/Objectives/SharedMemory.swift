import Foundation

/// Memory that several objectives of one program share: the one that computes has it, and the one before gives up what it kept.
public final class SharedMemory: @unchecked Sendable {
    private let lock = NSLock()
    private weak var owner: (any MemoryHolder)?

    public init() {}

    func claim(by holder: any MemoryHolder) {
        lock.withLock {
            if owner !== holder { owner?.releaseMemory() }
            owner = holder
        }
    }
}

protocol MemoryHolder: AnyObject {
    /// Gives up all memory but that of the data and the programs themselves.
    func releaseMemory()
}
