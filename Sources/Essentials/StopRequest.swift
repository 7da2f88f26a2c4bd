import Foundation
import Synchronization

/// Whether this process was asked to stop, and waiting for pipes and devices that ends when it is.
package enum StopRequest {
    private static let isNoted = Atomic(false)

    /// Notes a request. Signal handlers may call it, after `isMade` was read once.
    ///
    /// - Returns: whether there was one before.
    package static func note() -> Bool { isNoted.exchange(true, ordering: .relaxed) }

    /// Whether there was one.
    package static var isMade: Bool { isNoted.load(ordering: .relaxed) }

    /// How a wait ended.
    package enum Waited {
        /// The descriptor is ready, or has an error that the next call tells; `isClosed` where nobody is at a pipe's other end any more.
        case ready(isClosed: Bool)
        case timeout, stopped
    }

    /// Waits until a descriptor can be read from or written to.
    ///
    /// - Parameters:
    ///   - events: `POLLIN` or `POLLOUT`.
    ///   - seconds: how long at most; `nil` for as long as it takes.
    package static func wait(for descriptor: Int32, _ events: Int32, seconds: Double? = nil) -> Waited {
        let end = seconds.map { Date().addingTimeInterval($0) }
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            // The signal may come just before the call, or in another thread.
            let found = poll(&entry, 1, 50)
            if found > 0 { return .ready(isClosed: entry.revents & Int16(POLLHUP | POLLERR) != 0) }
            if found < 0, errno != EINTR { return .ready(isClosed: false) }
            if isMade { return .stopped }
            if let end, Date() >= end { return .timeout }
        }
    }
}
