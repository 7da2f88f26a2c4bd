import Foundation
import Landscape

/// What is said on standard error while work goes on: on a terminal one line that is written again, elsewhere a line now and
/// then, nothing when quiet.
final class Progress {
    private let name: String
    private let isQuiet: Bool
    private let started = Date()
    private var lastShown = Date.distantPast
    nonisolated(unsafe) private static var hasLine = false
    private static let isTerminal = isatty(STDERR_FILENO) != 0
    /// Seconds between lines: on a terminal, and elsewhere.
    private static let intervals = (terminal: 0.1, elsewhere: 10.0)

    init(_ name: String, quiet: Bool) {
        self.name = name
        isQuiet = quiet
    }

    /// Says how far the work is, if something was not said just now, and ends it if the user asked for that.
    /// The total is nil where it cannot be known.
    func update(_ done: Int, of total: Int?, _ detail: @autoclosure () -> String = "") throws {
        try Signals.check()
        let now = Date()
        let interval = Self.isTerminal ? Self.intervals.terminal : Self.intervals.elsewhere
        let first = lastShown == .distantPast
        if first, !Self.isTerminal { lastShown = now }  // nothing to say about work that has just begun
        guard !isQuiet, now.timeIntervalSince(lastShown) >= interval || (first && Self.isTerminal) else { return }
        lastShown = now
        let elapsed = now.timeIntervalSince(started)
        var line = "\(name)  \(done)"
        if let total {
            let share = total > 0 ? Double(done) / Double(total) : 0
            line += "/\(total)"
            if done > 0 {
                line +=
                    "  \(Format.duration(elapsed)) so far, \(Format.duration(elapsed * (1 - share) / max(share, 1e-9))) left"
            }
        } else {
            line += "  \(Format.duration(elapsed)) so far"
        }
        let extra = detail()
        if !extra.isEmpty { line += "  " + extra }
        Self.show(line)
    }

    private static func show(_ line: String) {
        if isTerminal {
            FileHandle.standardError.write(Data("\r\u{1B}[K\(line)".utf8))
            hasLine = true
        } else {
            say(line)
        }
    }

    /// Removes the line that is written again.
    static func clear() {
        if hasLine { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
        hasLine = false
    }

    /// A line of its own.
    static func say(_ text: String) {
        clear()
        FileHandle.standardError.write(Data("landscape: \(text)\n".utf8))
    }
}
