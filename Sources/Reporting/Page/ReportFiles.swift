import ArrayFiles
import Essentials
import Foundation
import Plotting

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
    private let style: FigureStyle
    private let styleOptions: (Set<FigureStyle.Part>) -> [String]
    private let onRemark: (_ line: String) -> Void
    private(set) var paths: [String] = []
    private(set) var parts: [Part] = []
    /// What was left out, and why.
    var remarks: [String] = []

    init(folder: String, run: ReportRun) {
        (self.folder, sharedOptions, onRemark) = (folder, run.sharedOptions, run.onRemark)
        (style, styleOptions) = (run.style, run.styleOptions)
    }

    func path(_ name: String) -> String { (folder as NSString).appendingPathComponent(name) }

    /// Makes a result and writes its picture and data under a name.
    ///
    /// - Parameters:
    ///   - command: nil for what is put together from other results.
    ///   - taken: what of a style the command takes.
    mutating func add<Result: Report>(
        _ heading: String, _ command: [String]?, _ name: String, _ taken: Set<FigureStyle.Part> = [],
        _ make: (_ started: Date) throws -> Result
    ) throws -> Result {
        let command = command.map { $0 + sharedOptions + styleOptions(taken) }
        let words = command.map { "landscape " + $0.map(\.quotedForShell).joined(separator: " ") }
        if let words { onRemark(words) }
        let report = try make(Date())
        let names = ["png", "npz", "json"].map { "\(name).\($0)" }
        let origin = try Origin(words: command, checkpoints: [report.context.checkpoint])
        for name in names { try report.write(to: path(name), style: style, origin: origin) }
        if let figure = report.figure {
            for miss in style.misses(in: figure) { onRemark("warning: \(names[0]): \(miss.remark)") }
        }
        paths += names.map(path)
        parts.append(
            Part(
                heading: heading, command: words, names: names,
                printed: (report.context.lines + report.lines).joined(separator: "\n") + "\n"))
        return report
    }

    /// Refuses a folder whose page another program wrote: it would be lost.
    static func checkPage(in folder: String) throws {
        let path = (folder as NSString).appendingPathComponent("index.html")
        guard FilePath.exists(path) else { return }
        let file = try? RandomAccessFile(path)
        let beginning = (try? file?.bytes(0..<min(file?.size ?? 0, 4096))) ?? []
        guard beginning.firstRange(of: Array("<title>\(ReportPage.titleStart)".utf8)) == nil else { return }
        throw UnusableRequest(
            "-o \(folder): found an index.html there that is no report of this program; name another folder, or move that file away"
        )
    }

    /// Writes the page; then all paths, its own last.
    func finish(_ html: HTML) throws -> [String] {
        let index = path("index.html")
        try AtomicFile.write(Array(html.text.utf8), to: index)
        return paths + [index]
    }
}
