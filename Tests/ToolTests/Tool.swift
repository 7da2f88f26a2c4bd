import Foundation
import TestSupport
import Testing

/// The built program, run as a user runs it.
enum Tool {
    /// The folder of the package.
    static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// `landscape`, which SwiftPM puts beside the tests' own program.
    static let program: URL = {
        let beside = Bundle.main.executableURL?.deletingLastPathComponent().appending(path: "landscape")
        let built = package.appending(path: ".build/release/landscape")
        return [beside, built].compactMap { $0 }.first { FileManager.default.isExecutableFile(atPath: $0.path) }
            ?? built
    }()

    /// How a run ended.
    struct Outcome {
        let code: Int32
        /// Whether a signal ended it, such as a trap.
        let isKilled: Bool
        let output: String, errors: String
        var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
    }

    /// A run that goes on beside the test. Output goes to files: a pipe that nobody reads would stop it.
    final class Run {
        let process = Process()
        private let folder: Folder

        init(
            _ arguments: [String], in place: Folder, program: URL = Tool.program, environment: [String: String] = [:]
        ) throws {
            folder = try Folder()
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            process.executableURL = program
            process.arguments = arguments
            process.currentDirectoryURL = place.url
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = try folder.handle("output")
            process.standardError = try folder.handle("errors")
            try process.run()
        }

        var errors: String { (try? folder.text("errors")) ?? "" }

        /// Waits until a condition holds or the run has ended.
        func wait(until condition: () -> Bool) {
            while process.isRunning, !condition() { usleep(2000) }
        }

        func finish() throws -> Outcome {
            process.waitUntilExit()
            return Outcome(
                code: process.terminationStatus, isKilled: process.terminationReason == .uncaughtSignal,
                output: try folder.text("output"), errors: errors)
        }
    }

    static func run(_ arguments: [String], in folder: Folder) throws -> Outcome {
        try Run(arguments, in: folder).finish()
    }

    /// The outcome of a run that is expected to succeed.
    @discardableResult
    static func succeed(_ line: String, in folder: Folder, sourceLocation: SourceLocation = #_sourceLocation) throws
        -> Outcome
    {
        let outcome = try run(words(line), in: folder)
        #expect(
            outcome.code == 0 && !outcome.isKilled, "landscape \(line): \(outcome.errors)",
            sourceLocation: sourceLocation)
        return outcome
    }

    /// The outcome of a long run that gets a signal once it has begun to keep its work.
    @discardableResult
    static func interrupted(
        _ line: String, by signal: Int32, in folder: Folder, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Outcome {
        // Heads and some results.
        func kept() throws -> Set<String> {
            Set(try folder.names().filter { try $0.hasSuffix(".unfinished") && folder.bytes($0).count > 1000 })
        }
        let before = try kept()
        let run = try Run(words(line), in: folder, environment: ["LANDSCAPE_KEEP_SECONDS": "0"])
        run.wait { (try? kept() != before) ?? true }
        kill(run.process.processIdentifier, signal)
        let outcome = try run.finish()
        #expect(
            outcome.isKilled == (signal == SIGKILL) && (outcome.isKilled || outcome.code == 130),
            "landscape \(line): \(outcome.errors)", sourceLocation: sourceLocation)
        return outcome
    }

    /// The JSON object that a command prints.
    static func json(_ line: String, in folder: Folder, sourceLocation: SourceLocation = #_sourceLocation) throws
        -> [String: Any]
    {
        let outcome = try succeed(line + " --json --quiet", in: folder, sourceLocation: sourceLocation)
        #expect(outcome.errors.isEmpty, sourceLocation: sourceLocation)
        return try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any],
            sourceLocation: sourceLocation)
    }

    /// Runs a command that must be refused: by exit code, with one clear line, nothing printed and nothing left behind.
    ///
    /// - Parameter saying: what the line must hold.
    static func refuse(
        _ line: String, in folder: Folder, saying: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = try folder.snapshot()
        let outcome = try run(words(line), in: folder)
        func check(_ holds: Bool, _ complaint: String) {
            #expect(
                holds, "landscape \(line): \(complaint). It said: \(outcome.errors)", sourceLocation: sourceLocation)
        }
        check(!outcome.isKilled, "ended by signal \(outcome.code)")
        check([1, 2].contains(outcome.code), "exit code \(outcome.code)")
        check(outcome.output.isEmpty, "printed \(outcome.output.prefix(200))")
        check(outcome.errorLines.count == 1, "\(outcome.errorLines.count) lines")
        check(outcome.errors.hasPrefix("landscape: error: "), "no 'landscape: error:'")
        check(outcome.errors.count <= 500, "\(outcome.errors.count) characters")
        for words in saying { check(outcome.errors.contains(words), "'\(words)' is missing") }
        check(try folder.snapshot() == before, "files changed")
    }

    /// The words of a command line; single quotes keep spaces.
    static func words(_ line: String) -> [String] {
        var words: [String] = [], word = "", isQuoted = false, hasWord = false
        for character in line {
            switch character {
            case "'": (isQuoted, hasWord) = (!isQuoted, true)
            case " " where !isQuoted:
                if hasWord { words.append(word) }
                (word, hasWord) = ("", false)
            default: (word, hasWord) = (word + String(character), true)
            }
        }
        return hasWord ? words + [word] : words
    }
}
