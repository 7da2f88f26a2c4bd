import Foundation
import Synchronization
import TestSupport
import Testing

/// A terminal of some size, without a window: what a program writes to it is kept, with the time that it came.
final class PseudoTerminal: Sendable {
    private let master: Int32, slave: Int32
    private let received = Mutex<[(time: Double, text: String)]>([])

    init(columns: Int, rows: Int) throws {
        // What grantpt, unlockpt and ptsname do on Linux: TIOCSPTLCK and TIOCGPTN.
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var isLocked: Int32 = 0, number: UInt32 = 0
        try #require(
            master >= 0 && ioctl(master, 0x4004_5431, &isLocked) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
        slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(slave >= 0)
        resize(columns: columns, rows: rows)
    }

    deinit { close(master) }

    /// Changes the window's size, as a user who drags its border.
    func resize(columns: Int, rows: Int) {
        var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        #expect(ioctl(master, UInt(TIOCSWINSZ), &size) == 0)
    }

    /// Runs the program with both outputs on the terminal, until it ends.
    ///
    /// - Parameters:
    ///   - environment: beside `TERM=xterm-256color`; nothing of the tests' own terminal.
    ///   - meanwhile: called while it runs.
    /// - Returns: all that was written, with `\n` for a line's end.
    @discardableResult
    func run(
        _ line: String, in folder: Folder, environment: [String: String] = [:],
        meanwhile: (Process) throws -> Void = { _ in }
    ) throws -> String {
        let process = Process(), started = Date()
        var clean = ProcessInfo.processInfo.environment
        for name in ["NO_COLOR", "COLORTERM", "TERM_PROGRAM", "KITTY_WINDOW_ID", "TMUX"] { clean[name] = nil }
        process.environment = clean.merging(["TERM": "xterm-256color"]) { $1 }.merging(environment) { $1 }
        process.executableURL = Tool.program
        process.arguments = Tool.words(line)
        process.currentDirectoryURL = folder.url
        process.standardInput = FileHandle.nullDevice
        let end = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
        (process.standardOutput, process.standardError) = (end, end)
        try process.run()
        close(slave)
        let finished = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [self] in
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            while case let count = read(master, &bytes, bytes.count), count > 0 || (count < 0 && errno == EINTR) {
                guard count > 0 else { continue }
                let text = String(decoding: bytes[..<count], as: UTF8.self)
                received.withLock { $0.append((Date().timeIntervalSince(started), text)) }
            }
            finished.signal()
        }
        try meanwhile(process)
        process.waitUntilExit()
        finished.wait()
        return text
    }

    /// What came so far, with its times.
    var chunks: [(time: Double, text: String)] { received.withLock { $0 } }
    var text: String { chunks.map(\.text).joined().replacingOccurrences(of: "\r\n", with: "\n") }

    /// The lines of progress that were shown one after another.
    var progress: [String] {
        text.matches(of: /\r\u{1B}\[J\u{1B}\[\?7l([^\r\n\u{1B}]+)\r\u{1B}\[\?7h/).map { String($0.1) }
    }

    /// What a person sees in the end: no line that was written again, no colours.
    static func seen(_ text: String) -> String {
        text.replacing(/\r\u{1B}\[J\u{1B}\[\?7l([^\r\n\u{1B}]+)\r\u{1B}\[\?7h/, with: "").replacing(
            /\r?\u{1B}\[J/, with: ""
        )
        .replacing(/\u{1B}\[[0-9;]*m/, with: "")
    }
}
