import ArrayFiles
import Essentials
import Foundation

/// The files beside a report's page, and the commands that make them again.
struct ReportFiles {
    /// One result: its command, and where its data are.
    struct Part {
        /// What it is, and of which checkpoint.
        let heading: String
        /// A line for a shell; nil for what is put together from other parts.
        let command: String?
        /// Names of its files in the folder.
        let names: [String]
        /// As the command prints it.
        let printed: String
    }

    let folder: String
    /// Options that all commands get.
    let sharedOptions: [String]
    let onSection: (_ command: String) -> Void
    private(set) var paths: [String] = []
    private(set) var parts: [Part] = []
    /// What was left out, and why.
    var remarks: [String] = []

    init(folder: String, run: ReportRun) {
        (self.folder, sharedOptions, onSection) = (folder, run.sharedOptions, run.onSection)
    }

    func path(_ name: String) -> String { (folder as NSString).appendingPathComponent(name) }

    /// Makes a result and writes its picture and data under a name.
    ///
    /// - Parameter command: nil for what is put together from other results.
    mutating func add<Result: Report>(
        _ heading: String, _ command: [String]?, _ name: String, _ make: (_ started: Date) throws -> Result
    ) throws -> Result {
        let words = command.map { "landscape " + ($0 + sharedOptions).map(\.quotedForShell).joined(separator: " ") }
        if let words { onSection(words) }
        let report = try make(Date())
        let names = ["png", "npz", "json"].map { "\(name).\($0)" }
        let origin = try Origin(words: command.map { $0 + sharedOptions }, checkpoints: [report.context.checkpoint])
        for name in names { try report.write(to: path(name), origin: origin) }
        paths += names.map(path)
        parts.append(
            Part(
                heading: heading, command: words, names: names,
                printed: (report.context.lines + report.lines).joined(separator: "\n") + "\n"))
        return report
    }

    /// Writes the page; then all paths, its own last.
    func finish(_ html: HTML) throws -> [String] {
        let index = path("index.html")
        try AtomicFile.write(Array(html.text.utf8), to: index)
        return paths + [index]
    }
}
