import Foundation
import Landscape
import Synchronization

/// What is said while work goes on and after it: progress, remarks and errors on standard error, results on standard output.
///
/// On a terminal, progress is one line that a thread of its own writes again ten times a second, from what the work has noted by then:
/// time goes on there even where a step takes long, and a terminal that takes nothing stops no work. Elsewhere it is a line now and then.
/// `--progress json` has that thread write objects, wherever they go (`ProgressObjects`).
final class Terminal: Sendable {
    static let standard = Terminal()

    private struct State {
        /// Nil before work begins and after it.
        var progress: Progress?
        /// Whether words about the work are wanted for the next line.
        var wantsDetail = true
        /// Elsewhere than on a terminal: when a line was said.
        var lastSaid = 0.0
        var hasThread = false
        /// What was remarked already, such as of another checkpoint of the same training.
        var remarks: Set<String> = []
        var objects = ProgressObjects()
    }

    private let state = Mutex(State())
    /// Whether the line that is written again is there. Who has it may write on standard error.
    private let hasLine = Mutex(false)
    private let errors = Window.errors, output = Window.output
    private let writesObjects = ProgressForm.asked == .json
    /// Whether the thread tells of progress, and not the work itself.
    private var isFollowed: Bool { writesObjects || errors.canRewrite }
    /// Seconds between lines: on a terminal, and elsewhere.
    private static let intervals = (terminal: 0.1, elsewhere: 10.0)
    /// Removes the line, from its first column, where the cursor waits: whatever a window that became narrower has made of it.
    private static let eraser = "\r\u{1B}[J"

    private static var now: Double { ProcessInfo.processInfo.systemUptime }

    /// A monitor that shows progress and remarks as far as they are wanted, and ends the work where the user asks for that.
    func monitor(showsProgress: Bool, showsRemarks: Bool) -> Monitor {
        Monitor(
            onUpdate: { update in
                try Signals.check()
                if showsProgress { self.note(update) }
            },
            onRemark: { if showsRemarks { self.remark($0) } }, onCheck: { try Signals.check() },
            onBatch: { done, count in
                guard showsProgress else { return }
                let time = Self.now
                self.state.withLock { $0.progress?.pass(done, of: count, at: time) }
            })
    }

    /// Shows from now on that work goes on, until it says what it does.
    func begin(_ task: String) {
        let time = Self.now
        let isFirst = state.withLock { state in
            state.progress = Progress(task, at: time)
            state.lastSaid = time
            defer { state.hasThread = true }
            return !state.hasThread
        }
        if writesObjects { writeObjects() }
        if isFirst, isFollowed { Thread.detachNewThread { self.follow() } }
    }

    /// A remark, once.
    func remark(_ text: String) {
        if state.withLock({ $0.remarks.insert(text).inserted }) { say(.remark(text)) }
    }

    /// Notes how far the work is; elsewhere than on a terminal, says it if nothing was said just now.
    private func note(_ update: Monitor.State) {
        let time = Self.now
        let line = state.withLock { state -> String? in
            let isDue = isFollowed ? state.wantsDetail : time - state.lastSaid >= Self.intervals.elsewhere
            state.wantsDetail = false
            var progress = state.progress ?? Progress("", at: time)
            progress.update(
                update.task, update.done, of: update.total, next: update.next, isDue ? update.detail() : nil, at: time)
            // Elsewhere there is nothing to say about work that has just begun.
            if state.progress?.task != progress.task { state.lastSaid = time }
            if writesObjects, let former = state.progress, former.mark[0] != progress.mark[0] {
                state.objects.end(former, at: time)
            }
            state.progress = progress
            guard isDue, !isFollowed, state.lastSaid < time else { return nil }
            state.lastSaid = time
            return progress.line(at: time)
        }
        if let line { Self.tell("landscape: \(line.printable)\n") }
    }

    /// Writes the line, or an object, again and again.
    private func follow() {
        while true {
            Thread.sleep(forTimeInterval: Self.intervals.terminal)
            guard !writesObjects else {
                writeObjects()
                continue
            }
            hasLine.withLock { hasLine in
                let time = Self.now
                let line = state.withLock { state in
                    state.wantsDetail = true
                    return state.progress?.line(at: time)
                }
                guard let line, let columns = errors.size?.columns else { return }
                // What a window that became narrower just now has no room for is not to go on in the next line.
                Self.tell(
                    Self.eraser + "\u{1B}[?7l" + line.printable.cut(toColumns: columns - 1) + "\r\u{1B}[?7h")
                hasLine = true
            }
        }
    }

    /// Writes the objects that are due.
    ///
    /// - Parameter isLast: whether the work is done.
    private func writeObjects(isLast: Bool = false) {
        hasLine.withLock { _ in
            let time = Self.now
            let objects = state.withLock { state in
                state.wantsDetail = true
                return state.objects.due(state.progress, at: time, isLast: isLast)
            }
            for object in objects { Self.tell(object.text + "\n") }
        }
    }

    /// Removes the line that is written again, until work says again what it does.
    func clear() {
        if writesObjects { writeObjects(isLast: true) }
        state.withLock { $0.progress = nil }
        hasLine.withLock { Self.clear(&$0) }
    }

    /// The same in a signal's handler, before the program ends at once.
    static func clearAtOnce() {
        if Window.errors.canRewrite, ProgressForm.asked != .json { write(STDERR_FILENO, "\r\u{1B}[J\u{1B}[?7h", 9) }
    }

    private static func clear(_ hasLine: inout Bool) {
        if hasLine { Self.tell(eraser) }
        hasLine = false
    }

    /// Writes on standard error. What cannot be written there is dropped: remarks are no reason to lose work.
    private static func tell(_ text: String) { _ = try? put(text, on: STDERR_FILENO) }

    /// Writes text on a descriptor. A pipe that nobody empties holds the program no longer than until it is asked to stop.
    ///
    /// - Returns: the error's number; nil where all was written.
    /// - Throws: `Interruption`.
    private static func put(_ text: String, on descriptor: Int32) throws(Interruption) -> Int32? {
        guard Ensemble.isFirst else { return nil }
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

    /// A message of its own.
    func say(_ message: Message) {
        hasLine.withLock {
            Self.clear(&$0)
            Self.tell((writesObjects ? message.json.text : errors.shown(message: message.text)) + "\n")
        }
    }

    /// Prints a line of a result that may hold names from files.
    func print(line: String) throws { try print(output.shown(PrintedLine(line))) }

    /// Prints the lines of a result.
    ///
    /// - Parameter lines: for a window of so many columns; nil for lines of any length.
    func print(lines: (_ columns: Int?) -> [PrintedLine]) throws {
        try print(lines(output.columns).map(output.shown).joined(separator: "\n"))
    }

    /// Prints a result on standard output. Unlike with `print`, text that cannot be written is an error.
    func print(_ text: String) throws {
        clear()
        // A reader such as `head` that has had enough is no failure.
        if let number = try Self.put(text + "\n", on: STDOUT_FILENO), number != EPIPE {
            throw FileError.unprinted(reason: String(cString: strerror(number)))
        }
    }
}
