import Foundation
import Tensors

// What a program gets that sets nothing: the number of threads, and how many a loop runs on where each waits for all.
let arrived = Counter(Threads.count)
Threads.forEach(Threads.count) { _, thread in arrived.wait(for: thread) }
print(Threads.count, arrived.threads)

/// Counts threads that are in a loop's body together; after a while it waits no longer.
final class Counter: @unchecked Sendable {
    private let condition = NSCondition()  // guards `seen`
    private var seen: Set<Int> = []
    private let expected: Int
    var threads: Int { condition.withLock { seen.count } }

    init(_ expected: Int) { self.expected = expected }

    func wait(for thread: Int) {
        let end = Date(timeIntervalSinceNow: 10)
        condition.withLock {
            seen.insert(thread)
            condition.broadcast()
            while seen.count < expected, condition.wait(until: end) {}
        }
    }
}
