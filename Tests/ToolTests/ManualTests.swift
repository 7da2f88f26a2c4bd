import Foundation
import TestSupport
import Testing

@testable import LandscapeTool

/// The pages for `man`, and what `examples/install.sh` leaves.
@Suite struct ManualTests {
    private static func has(_ program: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
        }
    }

    private static func shell(_ script: String, in folder: Folder) throws -> Tool.Outcome {
        try Tool.Run(["-c", script, Tool.program.path], in: folder, program: URL(filePath: "/bin/bash")).finish()
    }

    /// A page for each command says what its help says: every option, its placeholder, and the examples.
    @Test func pages() throws {
        let pages = Dictionary(uniqueKeysWithValues: try Manual().pages.map { ($0.name, $0.text) })
        #expect(Set(pages.keys) == Set(["landscape.1"] + HelpTests.commands.map { "landscape-\($0).1" }))
        let overview = try #require(pages["landscape.1"])
        for command in HelpTests.commands {
            #expect(overview.contains("\\fBlandscape\\-\(command)\\fR(1)"))
            let page = try #require(pages["landscape-\(command).1"])
            let plain = page.replacing(/\\f[BIR]/, with: "").replacingOccurrences(of: "\\-", with: "-")
            let help = try Tool.succeed("\(command) --help", in: try Folder()).output
            for option in help.matches(of: /\n  (-[^ ,]+(?:, --[^ ]+)?(?: <[^>]+>)?)/) {
                let text = option.1.replacing(/[<>]/, with: "")
                #expect(plain.contains("\n.TP\n\(text)\n"), "\(command): \(text)")
            }
            for words in HelpTests.examples(help) { #expect(plain.contains(words.dropFirst().first!)) }
            // No word of ours is taken for a request.
            for line in page.split(separator: "\n") where line.hasPrefix(".") {
                #expect([".TH", ".SH", ".TP", ".PP", ".nf", ".fi"].contains(line.prefix { $0 != " " }), "\(line)")
            }
        }
    }

    /// The script installs program, pages and completions where systems look for them, and all of them are well formed.
    @Test func installed() throws {
        let folder = try Folder(), script = Tool.package.appending(path: "examples/install.sh").path
        let run = try Self.shell("'\(script)' --prefix 'a prefix' --landscape \"$0\"", in: folder)
        #expect(run.code == 0, "\(run.errors)")
        for name in [
            "bin/landscape", "share/man/man1/landscape.1", "share/man/man1/landscape-slice.1",
            "share/bash-completion/completions/landscape", "share/zsh/site-functions/_landscape",
            "share/fish/vendor_completions.d/landscape.fish",
        ] {
            #expect(folder.exists("a prefix/" + name), "\(name)")
        }
        let version = try Self.shell("'a prefix/bin/landscape' --version", in: folder)
        #expect(version.code == 0 && version.output.hasPrefix("Landscape") || version.output.contains("."))
        var checks = ["bash -n 'a prefix/share/bash-completion/completions/landscape'"]
        if Self.has("zsh") { checks.append("zsh -n 'a prefix/share/zsh/site-functions/_landscape'") }
        if Self.has("fish") { checks.append("fish -n 'a prefix/share/fish/vendor_completions.d/landscape.fish'") }
        // The date is left out on purpose: pages are the same whenever they are made.
        if Self.has("mandoc") {
            checks.append("! mandoc -T lint -W warning 'a prefix'/share/man/man1/*.1 | grep -v 'missing date'")
        }
        if Self.has("groff") {
            checks.append(
                "for page in 'a prefix'/share/man/man1/*.1; do groff -man -Tutf8 -K utf8 -ww \"$page\" 2>&1 > page.txt; test -s page.txt || exit 1; done"
            )
        }
        for check in checks {
            let outcome = try Self.shell(check, in: folder)
            #expect(
                outcome.code == 0 && outcome.output.isEmpty && outcome.errors.isEmpty,
                "\(check): \(outcome.output)\(outcome.errors)")
        }
        // bash completes commands and options.
        let completed = try Self.shell(
            """
            source 'a prefix/share/bash-completion/completions/landscape'
            COMP_WORDS=(landscape sli) COMP_CWORD=1 COMP_LINE='landscape sli' COMP_POINT=13; _landscape landscape sli landscape; echo "${COMPREPLY[@]}"
            """, in: folder)
        #expect(completed.output == "slice\n", "\(completed.output)\(completed.errors)")
    }

    @Test(arguments: ["--prefix", "--prfix a", "--landscape no/such/program --prefix a"]) func refused(_ words: String)
        throws
    {
        let folder = try Folder(), script = Tool.package.appending(path: "examples/install.sh").path
        let run = try Self.shell("'\(script)' \(words)", in: folder)
        #expect(run.code == 2 && run.errors.split(separator: "\n").count == 1)
        #expect(try folder.names().isEmpty)
    }

    @Test func folderIsMissing() throws {
        try Tool.refuse("--generate-manual", in: try Folder(), saying: "expected the folder for the pages")
    }
}
