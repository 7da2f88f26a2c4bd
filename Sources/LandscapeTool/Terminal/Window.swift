import Foundation
import Landscape

/// What stands behind standard output or standard error: a window of a terminal, or a file or pipe, which get plain lines.
struct Window: Sendable {
    private let descriptor: Int32
    let isTerminal: Bool
    /// Whether a line can be written again in its place.
    let canRewrite: Bool
    /// Whether text may have colours: on a terminal that knows them, unless the user wants none (https://no-color.org).
    let hasColors: Bool

    init(_ descriptor: Int32) {
        let environment = ProcessInfo.processInfo.environment
        self.descriptor = descriptor
        // A launcher gives its processes a terminal of its own, whatever the user's output goes to.
        isTerminal = isatty(descriptor) != 0 && Launch(environment) == nil
        canRewrite = isTerminal && environment["TERM"] != "dumb"
        hasColors = canRewrite && (environment["NO_COLOR"] ?? "").isEmpty
    }

    static let output = Window(STDOUT_FILENO), errors = Window(STDERR_FILENO)

    /// Its columns and rows as they are now; 80 × 24 where they are not known, nil for files and pipes.
    var size: (columns: Int, rows: Int)? {
        guard isTerminal else { return nil }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Text is not folded to fewer columns than any word needs.
    var columns: Int? { size.map { max(20, $0.columns) } }

    /// Text in a style, where there are colours.
    func styled(_ text: String, _ style: Style) -> String {
        hasColors ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// By number of the terminal's attributes.
    enum Style: String { case bold = "1", dim = "2", error = "1;31", warning = "1;33" }

    /// A line of a result as it is shown here: as it is in a file, folded and with a bold head on a terminal.
    func shown(_ line: PrintedLine) -> String {
        let lines = columns.map { line.text.printable.folded(toColumns: $0) } ?? [line.text.printable]
        return lines.map { line.isHeader ? styled($0, .bold) : $0 }.joined(separator: "\n")
    }

    /// A message: what is wrong stands out, remarks stay in the background.
    func shown(message text: String) -> String {
        let text = "landscape: \(text.printable)"
        guard let columns else { return text }
        let lines = text.folded(toColumns: columns)
        for (word, style) in [("error:", Style.error), ("warning:", .warning)] {
            guard let found = lines[0].range(of: "landscape: " + word) else { continue }
            return
                ([lines[0].replacingCharacters(in: found, with: "landscape: " + styled(word, style))]
                + lines.dropFirst()).joined(separator: "\n")
        }
        return lines.map { styled($0, .dim) }.joined(separator: "\n")
    }
}
