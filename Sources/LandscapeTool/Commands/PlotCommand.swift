import ArgumentParser
import Foundation
import Landscape

struct PlotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        "plot", "Draws a saved result again, in other colours or sizes, or several curves over each other.",
        usage: "landscape plot FILE [FILE …] [OPTIONS]",
        examples: [
            "landscape plot slice.npz --3d -o surface.png",
            "landscape plot slice.npz --width 3.25in --font-size 8 --colors magma -o column.pdf",
        ])

    @Argument(
        help: "The .npz or .json file of a result; of several, curves are drawn over each other.", completion: .file())
    var files: [String]
    @Option(
        name: .customShort("o"),
        help: .file("The picture: .png, .svg, .pdf, .eps or .pgf (default: FILE.plot.png). Repeatable."),
        completion: .file())
    var output: [String] = []
    @Option(
        help: ArgumentHelp(
            "Quantity that the picture of a plane shows (default: what the result drew).", valueName: "quantity"))
    var metric: SliceCommand.Metric?
    @Flag(help: "Leave out the dots of an adaptive slice.") var noPoints = false
    @Flag(help: .show) var show = false
    @OptionGroup var figure: FigureOptions
    @OptionGroup var general: GeneralOptions

    func validate() throws {
        for path in output where !OutputFile.isPicture(path) {
            throw ValidationError(
                "-o \(path): expected a name that ends in \(pictureFormats.map { "." + $0 }.joined(separator: ", "))")
        }
        guard !files.isEmpty else { throw ValidationError("no file: expected the .npz or .json file of a result") }
        if metric != nil || noPoints, files.count > 1 {
            throw ValidationError(
                "--\(metric != nil ? "metric" : "no-points") with \(files.count) files: expected one file")
        }
    }

    func run() throws {
        try ResultKeys.files.check(general.keys)
        general.prepare("drawing")
        let paths = output.isEmpty ? [(files[0] as NSString).deletingPathExtension + ".plot.png"] : output
        for path in paths { try OutputFile.checkWritable(path) }
        for file in files where ![".npz", ".json"].contains(where: file.lowercased().hasSuffix) {
            throw UnusableRequest("\(file): expected a saved result, such as 'landscape slice -o slice.npz' writes")
        }
        let saved = try files.map { (path: $0, saved: try SavedFigure(reading: $0)) }
        let drawn: any Figure =
            files.count > 1 ? try SavedFigure.overlay(saved) : try metric.map(slice) ?? saved[0].saved.figure
        var style = try figure.style(drawn.styleParts, on: files.joined(separator: ", "), writes: paths, isShown: show)
        if noPoints {
            let whole = style.draw(drawn)
            style.showsSamples = false
            guard style.draw(drawn) != whole else {
                throw UnusableRequest(
                    "--no-points: \(files[0]) has no points of an adaptive slice that could be left out; leave it out")
            }
        }
        for remark in try figure.remarks(style, on: drawn) { general.remark("warning: \(remark)") }
        let provenance = saved[0].saved.provenance
        for path in paths {
            try OutputFile.write(path) {
                try SavedFigure.write(drawn, to: $0, style: style, provenance: provenance)
            }
        }
        if general.json || !general.keys.isEmpty {
            try general.print(
                JSONValue.object([("command", .string("plot")), ("files", .array(paths.map { .string($0) }))]), [])
        } else {
            general.remark("picture written to \(paths.joined(separator: ", "))")
        }
        if show { try Terminal.standard.show(drawn, style, general) }
    }

    /// The picture of a slice's loss or accuracy, whichever it drew.
    private func slice(_ metric: SliceCommand.Metric) throws -> any Figure {
        let file = files[0]
        guard file.lowercased().hasSuffix(".npz") else {
            throw UnusableRequest("--metric \(metric.rawValue): \(file) is no .npz file of a slice; leave it out")
        }
        var report = try SliceReport(reading: file)
        if report.slice.grid.dimension < 2, report.result.planes.count == 1 {
            throw UnusableRequest("--metric \(metric.rawValue): a line shows loss and accuracy; leave it out")
        }
        if metric == .accuracy, report.slice.accuracy == nil {
            throw UnusableRequest("--metric accuracy: \(file) holds no accuracy; leave --metric out")
        }
        if metric == .accuracy, report.result.planes.contains(where: { $0.slice.accuracy == nil }) {
            throw UnusableRequest(
                "--metric accuracy: \(file) holds the accuracy of its first seed only; leave --metric out")
        }
        report.drawsAccuracy = metric == .accuracy
        guard let drawn = report.figure else {
            throw UnusableRequest("\(file) is a shard; join the shards with 'landscape merge' first")
        }
        return drawn
    }
}
