import ArgumentParser
import Foundation
import Landscape

extension Precision: ExpressibleByArgument {}
extension Split: ExpressibleByArgument {}

extension ModelLoss.BatchStatistics: ExpressibleByArgument {}
extension CurvatureKind: ExpressibleByArgument {}
extension SpectrumAnalysis.Method: ExpressibleByArgument {}
extension DirectionNormalization: ExpressibleByArgument {}
extension Ball.Norm: ExpressibleByArgument {}

/// What every analysis takes beside its checkpoints.
struct AnalysisOptions: ParsableArguments {
    @Option(help: .data) var data: String?
    @Option(help: ArgumentHelp("Split of the data.", valueName: "name")) var split = Split.train
    @Option(help: .examples) var examples: Int?
    @Option(help: .batchSize) var batchSize: Int?
    @Option(help: .analysisPrecision) var precision: Precision?
    @Option(
        help: ArgumentHelp(
            "Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give, less a tenth). If the analysis cannot run within it, the command stops and prints the smallest value that works.",
            valueName: "size")
    )
    var memory: String?
    @Option(help: .seed) var seed: UInt64 = 0
    @Option(help: .batchnorm) var batchnorm = ModelLoss.BatchStatistics.stored
    @Option(
        name: .customShort("o"),
        help: .file("Write the result to a file: .png, .svg, .pdf, .npz, .json, .csv, .vti or .vtr. Repeatable."),
        completion: .file())
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

    /// Which examples, in what arithmetic, and which loss exactly.
    ///
    /// - Parameter usual: the precision where none is given.
    func lossSettings(_ usual: Precision = .float) throws -> ModelLoss.Settings {
        var settings = ModelLoss.Settings()
        settings.data = try data.map { try DataSpecification($0) }
        (settings.split, settings.examples, settings.batchSize) = (split, examples, batchSize)
        (settings.precision, settings.statistics, settings.weightDecay) = (precision ?? usual, batchnorm, decay.term)
        return settings
    }

    /// The files that a command writes which draws; a picture where none is named, unless it is quiet.
    var files: [String] { output.isEmpty && !general.quiet ? ["picture.png"] : output }

    /// Nil where none is given.
    func memoryBytes() throws -> Int? { try memory.map(Self.bytes) }

    /// A size such as 512M in bytes; 512MB and 512MiB are the same.
    static func bytes(_ memory: String) throws -> Int {
        let units: [Character: Double] = ["K": 0x1p10, "M": 0x1p20, "G": 0x1p30, "T": 0x1p40]
        var size = memory.uppercased()
        if size.hasSuffix("B") { size.removeLast(size.hasSuffix("IB") ? 2 : 1) }
        let unit = size.last.flatMap { units[$0] }
        if unit != nil { size.removeLast() }
        // Double reads hexadecimal numbers, too.
        guard let number = size.contains("X") ? nil : Double(size), (0x1p20...0x1p60).contains(number * (unit ?? 1))
        else {
            throw ValidationError("--memory \(memory): expected a size of 1M to 1048576T, such as 512M or 4G")
        }
        return Int(number * (unit ?? 1))
    }
}
