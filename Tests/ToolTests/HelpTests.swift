import ArgumentParser
import TestSupport
import Testing

@testable import LandscapeTool

/// What `--help` prints can be followed.
@Suite struct HelpTests {
    static let commands = LandscapeTool.configuration.subcommands.map { $0.configuration.commandName ?? "" }

    /// The examples in a help text, each as the words of one command line.
    static func examples(_ help: String) -> [[String]] {
        help.replacing(" \\\n", with: " ").split(separator: "\n").filter { $0.hasPrefix("  landscape ") }
            .map { Tool.words(String($0)) }
    }

    /// Every command shows two examples of its own, and the parser accepts them.
    @Test(arguments: commands) func examplesParse(_ command: String) throws {
        let help = try Tool.succeed("\(command) --help", in: try Folder()).output
        let examples = Self.examples(help)
        #expect(examples.count == 2, "\(help)")
        for words in examples {
            #expect(words[1] == command)
            let parsed = try LandscapeTool.parseAsRoot(Array(words.dropFirst()))
            #expect(type(of: parsed).configuration.commandName == command)
        }
        // What a terminal of 80 columns breaks cannot be copied.
        for line in help.split(separator: "\n") where line.hasPrefix(" ") { #expect(line.count <= 80, "\(line)") }
    }

    /// The list of all commands has examples, too.
    @Test func overview() throws {
        let help = try Tool.succeed("--help", in: try Folder()).output
        let examples = Self.examples(help)
        #expect(examples.count == 2)
        for words in examples { _ = try LandscapeTool.parseAsRoot(Array(words.dropFirst())) }
        for command in Self.commands { #expect(help.contains("\n  \(command) ")) }
    }

    /// An example that is too long for a line goes on after a backslash, and is read as one.
    @Test func longExamples() {
        let value = String(repeating: "v", count: 30)
        let command = "landscape slice --one \(value) --two \(value) --three \(value)"
        let text = CommandConfiguration.discussion(examples: [command, "landscape slice"])
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 } && text.contains("\\\n"))
        #expect(Self.examples(text) == [Tool.words(command), ["landscape", "slice"]])
    }
}
