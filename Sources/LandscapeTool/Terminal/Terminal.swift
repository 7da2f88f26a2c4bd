import Foundation
import Landscape
import Synchronization

/// What is said on standard error while work goes on: on a terminal one line that is written again, elsewhere a line now and then.
final class Terminal: Sendable {
    static let standard = Terminal()

    private struct State {
        /// Whether the line that is written again is there.
        var hasLine = false
        /// The task that was told of last, since when, and when a line was shown.
        var task = "", started = Date(), lastShown = Date.distantPast
        /// What was remarked already, such as of another checkpoint of the same training.
        var remarks: Set<String> = []
    }

    private let state = Mutex(State())
    private let isTerminal = isatty(STDERR_FILENO) != 0
    /// Seconds between lines: on a terminal, and elsewhere.
    private static let intervals = (terminal: 0.1, elsewhere: 10.0)

    /// A monitor that shows progress and remarks, unless quiet, and ends the work where the user asks for that.
    func monitor(quiet: Bool) -> Monitor {
        Monitor(
            onUpdate: { state in
                try Signals.check()
                if !quiet { self.show(state) }
            },
            onRemark: { if !quiet { self.remark($0) } }, onCheck: { try Signals.check() })
    }

    /// A remark, once.
    func remark(_ text: String) {
        if state.withLock({ $0.remarks.insert(text).inserted }) { say(text) }
    }

    /// Says how far the work is, if something was not said just now.
    private func show(_ progress: Monitor.State) {
        state.withLock { state in
            let now = Date()
            if state.task != progress.task {
                (state.task, state.started) = (progress.task, now)
                // Elsewhere there is nothing to say about work that has just begun.
                state.lastShown = isTerminal ? .distantPast : now
            }
            let interval = isTerminal ? Self.intervals.terminal : Self.intervals.elsewhere
            guard now.timeIntervalSince(state.lastShown) >= interval else { return }
            state.lastShown = now
            let line = Self.line(progress, elapsed: now.timeIntervalSince(state.started))
            if isTerminal {
                Self.tell("\r\u{1B}[K\(line)")
                state.hasLine = true
            } else {
                Self.tell("landscape: \(line)\n")
            }
        }
    }

    private static func line(_ progress: Monitor.State, elapsed: Double) -> String {
        let done = progress.done
        var line = "\(progress.task)  \(done)"
        if let total = progress.total {
            let share = total > 0 ? Double(done) / Double(total) : 0
            line += "/\(total)"
            if done > 0 {
                line +=
                    "  \(Format.duration(elapsed)) so far, \(Format.duration(elapsed * (1 - share) / max(share, 1e-9))) left"
            }
        } else {
            line += "  \(Format.duration(elapsed)) so far"
        }
        let detail = progress.detail()
        return (detail.isEmpty ? line : line + "  " + detail).printable
    }

    /// Removes the line that is written again.
    func clear() { state.withLock { Self.clear(&$0) } }

    private static func clear(_ state: inout State) {
        if state.hasLine { Self.tell("\r\u{1B}[K") }
        state.hasLine = false
    }

    /// Writes on standard error. What cannot be written there is dropped: remarks are no reason to lose work.
    private static func tell(_ text: String) { _ = try? put(text, on: STDERR_FILENO) }

    /// Writes text on a descriptor. A pipe that nobody empties holds the program no longer than until it is asked to stop.
    ///
    /// - Returns: the error's number; nil where all was written.
    /// - Throws: `Interruption`.
    private static func put(_ text: String, on descriptor: Int32) throws(Interruption) -> Int32? {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            if case .stopped = StopRequest.wait(for: descriptor, POLLOUT) { throw Interruption() }
            // As much as a pipe that has room takes at once.
            let put = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, min($0.count, Int(PIPE_BUF))) }
            if put < 0, errno == EINTR || errno == EAGAIN { continue }
            guard put > 0 else { return put < 0 ? errno : EIO }
            bytes = bytes.dropFirst(put)
        }
        return nil
    }

    /// A line of its own.
    func say(_ text: String) {
        state.withLock { state in
            Self.clear(&state)
            Self.tell("landscape: \(text.printable)\n")
        }
    }

    /// Prints a line of a result that may hold names from files.
    func print(line: String) throws { try print(line.printable) }

    /// Prints a result on standard output. Unlike with `print`, text that cannot be written is an error.
    func print(_ text: String) throws {
        clear()
        // A reader such as `head` that has had enough is no failure.
        if let number = try Self.put(text + "\n", on: STDOUT_FILENO), number != EPIPE {
            throw FileError.unprinted(reason: String(cString: strerror(number)))
        }
    }
}
