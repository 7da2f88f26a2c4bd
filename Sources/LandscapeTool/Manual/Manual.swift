import ArgumentParser
import Foundation
import Landscape

/// Pages for `man`, made from what the parser knows: the same words as `--help`.
///
/// `landscape --generate-manual FOLDER` writes `landscape.1` and a page for each command, as `examples/install.sh` does.
struct Manual {
    /// The option that asks for the pages.
    static let option = "--generate-manual"

    /// The parser's description of a program (`--experimental-dump-help`).
    struct Description: Decodable {
        struct Command: Decodable {
            struct Argument: Decodable {
                struct Name: Decodable {
                    let kind: String, name: String
                    var text: String { (kind == "long" ? "--" : "-") + name }
                }
                let kind: String, abstract: String?, defaultValue: String?, allValues: [String]?, names: [Name]?
                let valueName: String?, isRepeating: Bool, isOptional: Bool, shouldDisplay: Bool
            }
            let commandName: String, abstract: String?, discussion: String?
            let subcommands: [Command]?, arguments: [Argument]?
        }
        let command: Command
    }

    private let program: Description.Command
    private let commands: [Description.Command]

    init() throws {
        program = try JSONDecoder().decode(Description.self, from: Data(LandscapeTool._dumpHelp().utf8)).command
        commands = (program.subcommands ?? []).filter { $0.commandName != "help" }
    }

    /// Writes the pages.
    func write(to folder: String) throws {
        try FilePath.makeFolder(folder)
        for (name, text) in pages {
            try AtomicFile.write(Array(text.utf8), to: (folder as NSString).appendingPathComponent(name))
        }
    }

    /// Each page by the name of its file.
    var pages: [(name: String, text: String)] {
        [("landscape.1", overview)] + commands.map { ("landscape-\($0.commandName).1", page($0)) }
    }

    // MARK: - Pages

    private var overview: String {
        var page = Page("landscape", program.abstract ?? "")
        page.section("SYNOPSIS")
        page.line("\\fBlandscape\\fR \\fIcommand\\fR [\\fIoptions\\fR]")
        page.section("DESCRIPTION")
        page.text(program.abstract ?? "")
        page.section("COMMANDS")
        for command in commands {
            page.item("\\fBlandscape\\-\(Page.escaped(command.commandName))\\fR(1)", command.abstract ?? "")
        }
        page.section("OPTIONS")
        page.add(program.arguments ?? [])
        page.item("\\fB\(Page.escaped(Self.option))\\fR \\fIfolder\\fR", "Write these pages.")
        page.item(
            "\\fB\\-\\-generate\\-completion\\-script\\fR \\fIshell\\fR",
            "Print a completion script for bash, zsh or fish.")
        page.examples(program.discussion)
        page.section("ENVIRONMENT")
        page.item("\\fBNO_COLOR\\fR", "If it is not empty, nothing is coloured.")
        page.item("\\fBCOLORTERM\\fR", "If it is truecolor or 24bit, --show uses all colours, else 256.")
        page.item("\\fBLANDSCAPE_KEEP_SECONDS\\fR", "Seconds of work that a killed process may lose; 30 by default.")
        page.item(
            "\\fBLANDSCAPE_MPI\\fR",
            "If it is off, processes of mpirun have nothing to do with each other; else the MPI library to load.")
        page.exitStatus()
        page.seeAlso(commands.map(\.commandName))
        return page.text
    }

    private func page(_ command: Description.Command) -> String {
        let name = command.commandName, arguments = command.arguments ?? []
        var page = Page("landscape-\(name)", command.abstract ?? "")
        page.section("SYNOPSIS")
        let positional = arguments.filter { $0.kind == "positional" }.map { argument in
            let text = "\\fI\(Page.escaped(argument.valueName ?? "argument"))\\fR\(argument.isRepeating ? " ..." : "")"
            return argument.isOptional ? "[\(text)]" : text
        }
        page.line(
            (["\\fBlandscape \(Page.escaped(name))\\fR", "[\\fIoptions\\fR]"] + positional).joined(separator: " "))
        page.section("DESCRIPTION")
        page.text(command.abstract ?? "")
        if let remark = Page.parts(command.discussion).remark {
            page.line(".PP")
            page.text(remark)
        }
        for (title, isPositional) in [("ARGUMENTS", true), ("OPTIONS", false)] {
            let own = arguments.filter { ($0.kind == "positional") == isPositional }
            guard !own.isEmpty else { continue }
            page.section(title)
            page.add(own)
        }
        page.examples(command.discussion)
        page.exitStatus()
        page.seeAlso(nil)
        return page.text
    }
}

/// A page in the macros of man(7), which every `man` reads.
private struct Page {
    private(set) var text: String

    init(_ name: String, _ abstract: String) {
        let title = Self.escaped(name)
        text = ".TH \"\(title.uppercased())\" \"1\" \"\" \"\(Self.escaped(Software.name))\" \"Landscape\"\n"
        section("NAME")
        line("\(title) \\- \(Self.escaped(Self.withoutStop(abstract)))")
    }

    private static func withoutStop(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }

    /// Text as it stands: no character of it is a request.
    static func escaped(_ text: String) -> String {
        let plain = text.replacingOccurrences(of: "\\", with: "\\e").replacingOccurrences(of: "-", with: "\\-")
        return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
    }

    mutating func section(_ title: String) { text += ".SH \(title)\n" }

    /// A line that holds requests for fonts.
    mutating func line(_ line: String) { text += line + "\n" }

    mutating func text(_ words: String) { text += Self.escaped(words) + "\n" }

    mutating func item(_ head: String, _ words: String) { text += ".TP\n\(head)\n\(Self.escaped(words))\n" }

    mutating func add(_ arguments: [Manual.Description.Command.Argument]) {
        for argument in arguments where argument.shouldDisplay {
            let value = "\\fI\(Self.escaped(argument.valueName ?? "value"))\\fR"
            let names = (argument.names ?? []).map { "\\fB\(Self.escaped($0.text))\\fR" }.joined(separator: ", ")
            let head = argument.kind == "flag" ? names : names.isEmpty ? value : names + " " + value
            let notes = [
                argument.allValues.map { "values: " + $0.joined(separator: ", ") },
                argument.defaultValue.map { "default: " + $0 },
            ].compactMap { $0 }
            let note = notes.isEmpty || argument.kind == "flag" ? "" : " (\(notes.joined(separator: "; ")))"
            item(head, (argument.abstract ?? "") + note)
        }
    }

    /// What stands before the examples of a command's help, and the lines of the examples.
    static func parts(_ discussion: String?) -> (remark: String?, examples: [String]) {
        let parts = (discussion ?? "").components(separatedBy: "EXAMPLES:\n")
        let remark = parts[0].trimmingCharacters(in: .whitespacesAndNewlines)
        return (remark.isEmpty ? nil : remark, parts.count > 1 ? parts[1].components(separatedBy: "\n") : [])
    }

    mutating func examples(_ discussion: String?) {
        let lines = Self.parts(discussion).examples
        guard !lines.isEmpty else { return }
        section("EXAMPLES")
        text += ".nf\n" + lines.map { Self.escaped($0) + "\n" }.joined() + ".fi\n"
    }

    mutating func exitStatus() {
        section("EXIT STATUS")
        for (code, meaning) in [
            ("0", "Done."), ("1", "The work failed."), ("2", "Unusable arguments."),
            ("130", "Interrupted; the work is kept, and --resume goes on from it."),
        ] {
            item("\\fB\(code)\\fR", meaning)
        }
    }

    mutating func seeAlso(_ commands: [String]?) {
        section("SEE ALSO")
        line(
            (commands.map { $0.map { "\\fBlandscape\\-\(Self.escaped($0))\\fR(1)" } } ?? ["\\fBlandscape\\fR(1)"])
                .joined(separator: ", "))
    }
}
