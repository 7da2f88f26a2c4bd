import ArgumentParser
import Landscape

struct ReportCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "report", "Writes one interactive page about one or more checkpoints: what differs, and how surely.",
        usage: "landscape report A [B …] -o DIR [OPTIONS]",
        remark:
            "The folder holds the pictures, the data, and an index.html that needs no network. Options of pictures apply to the picture files and to the page's still pictures; its interactive views take --colors alone.",
        examples: [
            "landscape report sgd.bin -o report",
            "landscape report sgd.bin sam.bin --points 31 -o report",
            "landscape report run --colors cividis --style paper.toml -o report",
        ])

    @Option(
        name: .customShort("o"), help: ArgumentHelp("The folder to write; it is made if missing.", valueName: "folder"),
        completion: .directory)
    var folder = "report"
    @Option(help: .radiusAndDeviation) var rho = 0.05
    @Option(help: ArgumentHelp("Points along each axis of the plane.", valueName: "count")) var points = 41
    @Option(
        help: ArgumentHelp(
            "Tolerance of the plane, as a share of the values' range (see 'slice --adaptive').", valueName: "tolerance")
    ) var adaptive =
        0.02
    @Option(
        help: ArgumentHelp(
            "Rows of other measures, with commas between them, by the names that compare has for them; 'default' is none more, 'all' are all.",
            valueName: "names"))
    var measures = "default"
    @Option(help: .data) var data: String?
    @Option(help: .examples) var examples: Int?
    @Option(help: .batchSize) var batchSize: Int?
    @Option(help: .precision) var precision = Precision.float
    @Option(
        help: ArgumentHelp(
            "Upper limit for the process's memory, such as 512M (default: what the machine or its control group can give, less a tenth). If an analysis cannot run within it, the command stops and prints the smallest value that works.",
            valueName: "size")
    )
    var memory: String?
    @Option(help: .seed) var seed: UInt64 = 0
    @Option(help: .batchnorm) var batchnorm = ModelLoss.BatchStatistics.stored
    @Flag(help: .resume) var resume = false
    @OptionGroup var figure: FigureOptions
    @OptionGroup var general: GeneralOptions
    @Argument(
        help:
            "The checkpoints. A folder stands for the last checkpoint in it, and adds the path of its training.",
        completion: .file())
    var checkpoints: [String] = ["ckpt.bin"]

    /// What each analysis is given, besides its own.
    private var shared: [String] {
        var words = ["--seed", "\(seed)", "--precision", precision.rawValue, "--batchnorm", batchnorm.rawValue]
        if let memory { words += ["--memory", memory] }
        if let data { words += ["--data", data] }
        if let examples { words += ["--examples", "\(examples)"] }
        if let batchSize { words += ["--batch-size", "\(batchSize)"] }
        if let threads = general.threads { words += ["--threads", "\(threads)"] }
        return words
    }

    /// The measures that are asked for beside those that every report has.
    private func asked() throws -> [StudyMeasures.Measure] {
        try StudyMeasures.Measure.asked(measures, defaults: [], among: Comparison.measures).filter(
            ReportRun.measures.contains)
    }

    func validate() throws {
        _ = try asked()
        guard points >= 2, points <= 1000 else { throw ValidationError("--points \(points): expected 2 to 1000") }
        guard rho > 0, rho.isFinite else {
            throw ValidationError("--rho \(rho): expected a positive radius, such as 0.05")
        }
        try SliceOptions.checkAdaptive(adaptive)
        if let examples, examples < 1 { throw ValidationError("--examples \(examples): expected at least 1") }
        if let batchSize, batchSize < 1 { throw ValidationError("--batch-size \(batchSize): expected at least 1") }
        _ = try memory.map(AnalysisOptions.bytes)
    }

    func run() throws {
        try ResultKeys.files.check(general.keys)
        let style = try figure.reportStyle()
        general.prepare(limit: memory)
        var report = ReportRun()
        (report.radius, report.points, report.tolerance, report.seed) = (rho, points, adaptive, seed)
        report.measures = try asked()
        report.memory = MemoryBudget(limit: try memory.map(AnalysisOptions.bytes))
        report.loss.data = try data.map { try DataSpecification($0) }
        (report.loss.examples, report.loss.batchSize) = (examples, batchSize)
        (report.loss.precision, report.loss.statistics) = (precision, batchnorm)
        report.sharedOptions = shared
        report.onRemark = general.remark
        (report.style, report.isLogarithmic) = (style, figure.drawsLogarithm)
        report.styleOptions = figure.words
        let journal = try KeptWork.open(
            "report", beside: checkpoints[0], resumes: resume, onRemark: general.remark)
        let files = try report.run(checkpoints, to: folder, monitor: general.monitor.keeping(in: journal))
        let result = JSONValue.object([
            ("command", .string("report")), ("files", .array(files.map { .string($0) })),
        ])
        try general.print(result, ["\(files.count) files in \(folder); open \(files.last!)"])
    }
}
