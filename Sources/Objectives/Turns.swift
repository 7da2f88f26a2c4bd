import Foundation

/// Lets threads that finish in any order hand in what they have in a fixed one, one at a time. There are several series of
/// turns; in each, turn n waits for turn n − 1. Turns must be started in order, as `Threads.forEach` does.
final class Turns {
    private let condition = NSCondition()
    private var next: [Int]

    init(_ series: Int) { next = .init(repeating: 0, count: series) }

    func take(_ turn: Int, of series: Int, _ body: () -> Void) {
        condition.lock()
        while next[series] != turn { condition.wait() }
        body()
        next[series] += 1
        condition.broadcast()
        condition.unlock()
    }
}
