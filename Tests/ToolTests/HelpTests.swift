import ArgumentParser
import ArrayFiles
import Foundation
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

    /// Every command shows two examples of its own at least, and the parser accepts them.
    @Test(arguments: commands) func examplesParse(_ command: String) throws {
        let help = try Tool.succeed("\(command) --help", in: try Folder()).output
        let examples = Self.examples(help)
        #expect(examples.count >= 2, "\(help)")
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

    /// A placeholder says what the value is, and not the option's name again, unless that is a noun for it.
    @Test func placeholders() throws {
        let text = try Tool.run(["--experimental-dump-help"], in: try Folder()).output
        let description = try JSONDecoder().decode(Manual.Description.self, from: Data(text.utf8))
        for command in description.command.subcommands ?? [] {
            for argument in command.arguments ?? [] where argument.kind == "option" {
                let name = argument.names?.first?.name ?? "", value = argument.valueName ?? ""
                #expect(!value.isEmpty && value != name, "\(command.commandName) --\(name) <\(value)>")
            }
        }
    }

    /// `landscape` alone says what to do next, in commands that work in this order.
    @Test func start() throws {
        let folder = try DocumentedCommandsTests.folderWithModel()
        let page = try Tool.succeed("", in: folder).output, commands = Self.examples(page)
        #expect(commands.map { $0[1] } == ["train", "slice", "sharpness", "import", "evaluate"])
        #expect(page.split(separator: "\n").count < 15 && page.contains("landscape --help"))
        for words in commands {
            let outcome = try Tool.run(Array(words.dropFirst()) + ["--quiet"], in: folder)
            #expect(outcome.code == 0, "\(words): \(outcome.errors)")
        }
    }

    /// Every example runs as typed where the files that it names are there.
    @Test(arguments: commands) func examplesRun(_ command: String) throws {
        let folder = try Self.folderOfExamples()
        for words in Self.examples(try Tool.succeed("\(command) --help", in: folder).output) {
            // A shell would expand the names.
            let expanded = words.dropFirst().flatMap { $0 == "epoch_*.pt" ? ["epoch_1.pt", "epoch_2.pt"] : [$0] }
            let outcome = try Tool.run(expanded + ["--quiet"], in: folder)
            #expect(outcome.code == 0, "\(words.joined(separator: " ")): \(outcome.errors)")
        }
    }

    /// Every file that an example names.
    private static func folderOfExamples() throws -> Folder {
        let folder = try DocumentedCommandsTests.folderWithModel()
        for name in ["ckpt.bin", "sgd.bin", "model.bin"] { try folder.write(Trained.checkpoint, to: name) }
        try Tool.succeed("\(Trained.command) --seed 1 -o sam.bin", in: folder)
        try folder.makeFolder("run")
        try Tool.succeed("\(Trained.command) --save-every 1 -o run/ckpt.bin", in: folder)
        try folder.makeFolder("runs")
        for seed in 1...3 { try Tool.succeed("\(Trained.command) --seed \(seed) -o runs/\(seed).bin", in: folder) }
        try Tool.succeed("slice --points 5x5 --quiet -o slice.npz", in: folder)
        for part in 1...2 {
            try Tool.succeed("slice --points 5x5 --shard \(part)/2 --quiet -o part\(part).npz", in: folder)
        }
        let arrays = try [("x", "X.npy"), ("y", "Y.npy")].map {
            ($0.0, NPZ.Value.array(try NPY.read(folder.path($0.1))))
        }
        try folder.write(NPZ.encode(arrays), to: "data.npz")
        try folder.write(Array("width = \"3.25in\"\n".utf8), to: "paper.toml")
        let weights = Fixtures.folder.appending(path: "cnn_digits/model.pt")
        for epoch in 1...2 {
            try FileManager.default.copyItem(at: weights, to: folder.url.appending(path: "epoch_\(epoch).pt"))
        }
        return folder
    }
}
