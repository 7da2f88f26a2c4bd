import Foundation

/// Lets threads that finish in any order hand in what they have in a fixed one, one at a time. There are several series of
/// turns; in each, turn n waits for turn n − 1. Turns must be started in order, as `Threads.forEach` does. The first error ends
/// all of them: nobody waits any more, and nothing more is taken.
///
/// Threads share it: all that it holds is read and written under the lock of its condition, and so is what bodies change.
final class Turns<Failure: Error>: @unchecked Sendable {
    private let condition = NSCondition()
    private var next: [Int]
    private var error: Failure?

    init(_ series: Int) { next = .init(repeating: 0, count: series) }

    var failure: Failure? { condition.withLock { error } }

    func take(_ turn: Int, of series: Int, _ body: () throws(Failure) -> Void) {
        condition.withLock {
            while next[series] != turn, error == nil { condition.wait() }
            guard error == nil else { return }
            do throws(Failure) { try body() } catch { self.error = error }
            next[series] += 1
            condition.broadcast()
        }
    }
}
