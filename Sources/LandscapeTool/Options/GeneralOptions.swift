import ArgumentParser
import Foundation
import Landscape

/// Threads, output and noise: what every command takes.
struct GeneralOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Number of threads (default: all processors). Any number gives the same bits.", valueName: "count"))
    var threads: Int?
    @Flag(help: "Print one JSON object instead of a table.") var json = false
    @Option(
        name: .customLong("key"),
        help: ArgumentHelp(
            "Print only this value of the JSON object, such as trace.value or eigenvalues.0. Repeatable, one line each.",
            valueName: "name")
    )
    var keys: [String] = []
    @Flag(help: "Print no progress and no remarks.") var quiet = false
    @Option(
        help: ArgumentHelp(
            "How standard error tells of progress: auto (for people), json (an object a line, for programs; remarks and errors, too) or none.",
            valueName: "form"))
    var progress = ProgressForm.auto

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads \(threads): expected at least 1") }
    }

    /// Settles what the process is, and shows that it works from now on.
    ///
    /// - Parameters:
    ///   - phase: what it does first.
    ///   - limit: of its memory. Within one, what is freed is given back.
    func prepare(_ phase: String = "starting", limit: String? = nil) {
        if limit == nil, MachineMemory.addressSpace == nil { ProcessEnd.keepMemory() }
        if let threads { Threads.count = threads }
        Signals.watch()
        if showsProgress { Terminal.standard.begin(phase) }
        if threads == nil, let words = Ensemble.remark { remark(words) }
    }

    private var showsProgress: Bool { !quiet && progress != .none }
    var monitor: Monitor { Terminal.standard.monitor(showsProgress: showsProgress, showsRemarks: !quiet) }

    /// Prints a result: the values of the keys, the whole object, or lines for people.
    func print(_ json: JSONValue, _ lines: @autoclosure () -> [String]) throws {
        try print(json) { _ in lines().map { PrintedLine($0) } }
    }

    /// The same, with lines for a window of so many columns; nil for lines of any length.
    func print(_ json: JSONValue, lines: (_ columns: Int?) -> [PrintedLine]) throws {
        guard self.json || !keys.isEmpty else { return try Terminal.standard.print(lines: lines) }
        try Terminal.standard.print(keys.isEmpty ? json.text : try values(json).joined(separator: "\n"))
    }

    /// A remark on standard error, unless quiet.
    func remark(_ text: String) { if !quiet { Terminal.standard.say(.remark(text)) } }

    /// What is printed of a result for each `--key`.
    ///
    /// - Throws: `UnusableRequest` where it has not one of them.
    func values(_ json: JSONValue) throws -> [String] {
        try keys.map { key in
            guard let value = json[key] else {
                throw UnusableRequest("--key \(key): the result has no such key; expected \(json.keys(near: key))")
            }
            if case .string(let text) = value { return text.printable }
            return value.text
        }
    }
}
