import ArgumentParser
import Foundation
import Landscape

/// Reads damaged files the whole way that `landscape` does, up to a loss and a gradient where they still load, and says what became of
/// them. A trap, a hang or too much memory ends it by a signal, with the number of the case on standard error.
@main
struct LandscapeFuzz: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "landscape-fuzz", abstract: "Reads damaged files of a format and counts what became of them.",
        discussion:
            "Seven in eight copies have up to four bits flipped; the others are cut, overwritten, or have parts left out or repeated. "
            + "The same seed gives the same copies.")

    @Argument(help: "all, or one or more of: \(FuzzFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var formats: [String]
    @Option(help: "Damaged copies of each format.") var count = 1000
    @Option(help: "Seed of the damage.") var seed: UInt64 = 0
    @Option(help: "The first case, to go on or to see one again with --count 1.") var from = 0
    @Option(help: "Seconds that a case may take.") var timeLimit = 20
    @Option(help: "MiB that the program may have in memory.") var memory = 2048
    @Option(help: "Folder of the undamaged files of ONNX and PyTorch.") var fixtures = "Tests/Fixtures"

    func run() throws {
        let chosen = try formats.flatMap { name -> [FuzzFormat] in
            if name == "all" { return FuzzFormat.allCases }
            guard let format = FuzzFormat(rawValue: name) else {
                throw ValidationError(
                    "\(name): expected all or one of: \(FuzzFormat.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return [format]
        }
        guard count > 0, from >= 0, timeLimit > 0, (64...1 << 20).contains(memory) else {
            throw ValidationError("--count, --time-limit and --memory: expected numbers above 0 (--memory from 64)")
        }
        Threads.count = 1
        Watch.install(mebibytes: memory)
        let folder = try FuzzFolder()
        defer { folder.remove() }
        for format in chosen { print(try measure(format, folder)) }
    }

    private func measure(_ format: FuzzFormat, _ folder: FuzzFolder) throws -> String {
        let subjects = try format.subjects(fixtures: fixtures, folder)
        for subject in subjects { try subject.read(subject.bytes) }
        var refused = 0, flipped = 0, slowest = (seconds: 0.0, number: 0)
        let clock = ContinuousClock()
        for number in from..<(from + count) {
            let subject = subjects[number % subjects.count]
            let damage = Damage(seed: seed, number: number)
            flipped += damage.flipsBits ? 1 : 0
            Watch.begin(number, seconds: timeLimit)
            let start = clock.now
            do {
                try subject.read(damage.applied(to: subject.bytes))
            } catch {
                refused += 1
                let message = "\(error)"
                guard !message.contains("\n") else {
                    throw ValidationError("\(format.rawValue), case \(number): an error of several lines: \(message)")
                }
            }
            Watch.end()
            let seconds = (clock.now - start) / .seconds(1)
            if seconds > slowest.seconds { slowest = (seconds, number) }
        }
        let peak = Watch.peakMebibytes
        guard peak <= memory else {
            throw ValidationError("\(format.rawValue): \(peak) MiB in memory, expected at most \(memory)")
        }
        return
            "\(format.rawValue): \(count) damaged copies (\(flipped) by flipped bits), \(refused) refused, \(count - refused) read; "
            + "slowest \(String(format: "%.2f", slowest.seconds)) s (case \(slowest.number)), at most \(peak) MiB in memory"
    }
}
