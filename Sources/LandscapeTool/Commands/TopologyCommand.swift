import ArgumentParser
import Foundation
import Landscape

struct TopologyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        "topology", "Finds minima, saddles and holes of a saved slice, and says which of them are certain.",
        examples: [
            "landscape topology slice.npz -o topology.png",
            "landscape topology slice.npz --threshold 0.05 --picture basins -o basins.pdf",
            "landscape topology slice.npz --error 0 --json",
        ])

    @Argument(help: "The .npz or .json file of a slice along one, two or three directions.", completion: .file())
    var file: String
    @Option(
        help: ArgumentHelp(
            "Minima of at least this persistence keep a basin, the others' join it (default: the certain ones).",
            valueName: "persistence"))
    var threshold: Double?
    @Option(
        help: ArgumentHelp(
            "Largest error of the values; pairs of twice as much are certain (default: what an adaptive slice states, else an estimate).",
            valueName: "loss"))
    var error: Double?
    @Option(
        help: ArgumentHelp(
            "Values at which Betti numbers are counted, such as 0.1,0.5,1 (default: 51 over the range).",
            valueName: "values"))
    var levels: NumberList?
    @Option(help: ArgumentHelp("Rows of the printed tables.", valueName: "count")) var top = 10
    @Option(
        help: ArgumentHelp("What a picture shows: \(TopologyReport.Picture.words).", valueName: "plot"))
    var picture = TopologyReport.Picture.all
    @Option(
        name: .customShort("o"),
        help: .file("The result: .npz, .json, .csv, .vti, .vtr, .png, .svg, .pdf, .eps or .pgf. Repeatable."),
        completion: .file())
    var output: [String] = []
    @OptionGroup var figure: FigureOptions
    @OptionGroup var general: GeneralOptions

    func validate() throws {
        for path in output {
            do { try PlainReport.checkFormat(of: path) } catch { throw ValidationError("-o: \(error)") }
        }
        for (name, value) in [("threshold", threshold), ("error", error)] {
            if let value, !(value >= 0 && value.isFinite) {
                throw ValidationError("--\(name) \(value): expected a number of at least 0, such as 0.01")
            }
        }
        guard (1...1000).contains(top) else { throw ValidationError("--top \(top): expected 1 to 1000") }
        if let levels, !levels.values.allSatisfy(\.isFinite) || levels.values.isEmpty || levels.values.count > 10_000 {
            throw ValidationError("--levels: expected 1 to 10000 finite numbers, such as 0.1,0.5,1")
        }
        if picture != .all, !output.contains(where: OutputFile.isPicture) {
            throw ValidationError(
                "--picture \(picture.rawValue): no picture is written; expected -o with a name such as tree.png")
        }
    }

    private static let keys: ResultKeys = {
        var keys = ["shape", "nonfinite", "lowest", "highest", "minima", "certain_minima", "pairs"]
        keys += ["holes_count", "certain_holes", "holes", "persistence_range"]
        keys += ResultKeys.members("error", "source largest")
        keys += ResultKeys.members("smad", "value normalized weighted")
        keys += ResultKeys.members("betti", "levels b0 b1 b2")
        keys += ResultKeys.members("basins", "threshold count pairs points")
        keys += ResultKeys.members("persistence_steps", "persistence minima")
        return ResultKeys(keys)
    }()

    func run() throws {
        let started = Date()
        try Self.keys.check(general.keys)
        general.prepare("reading")
        for path in output { try OutputFile.checkWritable(path, apartFrom: [file]) }
        guard [".npz", ".json"].contains(where: file.lowercased().hasSuffix) else {
            throw UnusableRequest("\(file): expected a saved slice, such as 'landscape slice -o slice.npz' writes")
        }
        let saved = try SavedGrid(reading: file)
        if saved.planes > 1 { general.remark("of \(saved.planes) seeds the slice of the first is looked at") }
        var analysis = TopologyAnalysis()
        (analysis.error, analysis.persistence, analysis.levels) = (error, threshold, levels?.values)
        let result = try analysis.run(
            saved.loss, on: saved.grid, isMeasured: saved.isMeasured, accuracy: saved.accuracy)
        var context = saved.context
        context.seconds = Date().timeIntervalSince(started)
        var report = TopologyReport(context: context, result)
        (report.rows, report.picture) = (top, picture)
        try write(report)
        try general.print(report.json, lines: report.printed)
    }

    private func write(_ report: TopologyReport) throws {
        let pictures = output.filter(OutputFile.isPicture)
        if report.figure == nil, let path = pictures.first {
            throw UnusableRequest(
                "-o \(path): basins of a space are not drawn; expected another --picture, or .vti for ParaView")
        }
        let style = try figure.style(
            (report.figure?.styleParts ?? []).subtracting([.space, .view]), on: "this picture", writes: output)
        if !pictures.isEmpty, let drawn = report.figure {
            for remark in try figure.remarks(style, on: drawn) { general.remark("warning: \(remark)") }
        }
        let origin = try Origin(words: Array(LandscapeTool.arguments.dropFirst()))
        for path in output { try OutputFile.write(path) { try report.write(to: $0, style: style, origin: origin) } }
    }
}

extension TopologyReport.Picture: ExpressibleByArgument {
    /// All values, as help lists them.
    static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
