import ArgumentParser
import Foundation
import Landscape

extension Precision: ExpressibleByArgument {}
extension Split: ExpressibleByArgument {}

/// How batch normalisation gets its statistics in an analysis.
enum BatchNormOption: String, ExpressibleByArgument, CaseIterable { case stored, batch, recalibrate }

/// Threads, output and noise: what every command takes.
struct GeneralOptions: ParsableArguments {
    @Option(
        help: "Threads; by default as many as the machine has processors. The result has the same bits for any number.")
    var threads: Int?
    @Flag(help: "Print one JSON object instead of a table.") var json = false
    @Option(
        name: .customLong("key"),
        help:
            "Print only this value of the JSON object, such as trace.value or eigenvalues.0; may be repeated, a line each."
    )
    var keys: [String] = []
    @Flag(help: "No progress and no remarks on standard error.") var quiet = false

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads \(threads): expected at least 1") }
    }

    /// What is printed of a result: the values of the keys, the whole object, or lines for people.
    func text(_ json: JSONValue, _ lines: @autoclosure () -> [String]) throws -> String {
        guard keys.isEmpty else {
            return try keys.map { key in
                guard let value = json[key] else {
                    throw UnusableRequest("--key \(key): the result has no such key; expected \(json.keys(near: key))")
                }
                if case .string(let text) = value { return text }
                return value.text
            }.joined(separator: "\n")
        }
        return self.json ? json.text : lines().joined(separator: "\n")
    }

    /// Settles what the process is.
    func prepare() {
        Threads.count = threads ?? ProcessInfo.processInfo.activeProcessorCount
        Signals.watch()
    }
}

/// What every analysis takes.
struct AnalysisOptions: ParsableArguments {
    @Argument(help: "The checkpoint.", completion: .file()) var checkpoint = "ckpt.bin"
    @Option(help: "Data instead of those the checkpoint was trained on: \(DataSpecification.forms).") var data: String?
    @Option(help: "train or test.") var split = Split.train
    @Option(help: "Only the first N examples.") var examples: Int?
    @Option(help: "Examples taken at once; by default what suits the memory.") var batchSize: Int?
    @Option(help: "float or double.") var precision = Precision.float
    @Option(
        help:
            "Memory that the process may take, such as 512M or 4G; by default 1G, and more for large data and vectors.")
    var memory: String?
    @Option(help: "Seed of everything random.") var seed: UInt64 = 0
    @Option(help: "Statistics of batch normalisation: stored, batch, or recalibrate (averaged over the data first).")
    var batchnorm = BatchNormOption.stored
    @Option(
        name: .customShort("o"),
        help: "Write the result to a file: .png, .svg, .pdf, .npz, .json, .csv, .vti or .vtr; may be repeated.")
    var output: [String] = []
    @OptionGroup var decay: WeightDecayOptions
    @OptionGroup var general: GeneralOptions

    func validate() throws {
        if let examples, examples < 1 { throw ValidationError("--examples \(examples): expected at least 1") }
        if let batchSize, batchSize < 1 { throw ValidationError("--batch-size \(batchSize): expected at least 1") }
        _ = try memoryBytes()
        for path in output {
            do { try PlainReport.checkFormat(of: path) } catch { throw ValidationError("-o: \(error)") }
        }
    }

    /// Nil where none is given.
    func memoryBytes() throws -> Int? {
        guard let memory else { return nil }
        let units: [Character: Double] = ["K": 0x1p10, "M": 0x1p20, "G": 0x1p30, "T": 0x1p40]
        let unit = memory.uppercased().last.flatMap { units[$0] }
        let number = Double(unit == nil ? memory : String(memory.dropLast()))
        guard let number, number > 0, number * (unit ?? 1) >= 0x1p20, number * (unit ?? 1) < 0x1p62 else {
            throw ValidationError("--memory \(memory): expected a size of at least 1M, such as 512M or 4G")
        }
        return Int(number * (unit ?? 1))
    }
}
