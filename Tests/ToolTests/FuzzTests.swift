import Foundation
import TestSupport
import Testing

/// A short run of `landscape-fuzz` on every format; docs/SECURITY.md says how to start a long one.
@Suite(.timeLimit(.minutes(10))) struct FuzzTests {
    static let program = Tool.program.deletingLastPathComponent().appending(path: "landscape-fuzz")

    @Test func everyFormatSurvives() throws {
        let folder = try Folder()
        let run = try Tool.Run(
            ["all", "--count", "160", "--fixtures", Fixtures.folder.path], in: folder,
            program: Self.program)
        let outcome = try run.finish()
        #expect(outcome.code == 0 && !outcome.isKilled, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 17 && lines.allSatisfy { $0.contains("160 damaged copies (140 by flipped bits)") })
        // Damage is seen: some copies of every format are refused. What is damaged in a journal is computed again.
        for line in lines where !line.hasPrefix("journal:") { #expect(!line.contains(", 0 refused"), "\(line)") }
    }

    @Test func mistakesAreExplained() throws {
        let folder = try Folder()
        let outcome = try Tool.Run(["gif"], in: folder, program: Self.program).finish()
        #expect(outcome.code != 0 && !outcome.isKilled && outcome.errors.contains("expected all or one of: onnx"))
    }
}
