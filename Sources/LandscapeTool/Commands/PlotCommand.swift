import ArgumentParser
import Foundation
import Landscape

struct PlotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        "plot", "Draws a saved slice again, in other colours, on another scale, or in 3-D.",
        examples: [
            "landscape plot slice.npz --3d -o surface.png",
            "landscape plot slice.npz --colors magma --contours 0.5,1,2 --log",
        ])

    enum Colors: String, ExpressibleByArgument, CaseIterable {
        case viridis, magma, cividis, diverging

        var map: ColorMap {
            switch self {
            case .viridis: .viridis
            case .magma: .magma
            case .cividis: .cividis
            case .diverging: .diverging
            }
        }
    }

    @Argument(help: "The .npz file of a slice.", completion: .file()) var file: String
    @Option(
        name: .customShort("o"), help: .file("The picture: .png, .svg or .pdf (default: FILE.png). Repeatable."),
        completion: .file())
    var output: [String] = []
    @Option(help: ArgumentHelp("Quantity that the picture shows.", valueName: "quantity")) var metric = SliceCommand
        .Metric.loss
    @Flag(name: .customLong("log"), help: .log) var isLogarithmic = false
    @Option(help: ArgumentHelp("Colour map.", valueName: "map")) var colors = Colors.viridis
    @Option(help: ArgumentHelp("Contour lines: automatic, none, or levels such as 0.5,1,2.", valueName: "levels"))
    var contours = "automatic"
    @Option(help: ArgumentHelp("Values at the ends of the colour scale, as a:b.", valueName: "a:b")) var valueRange:
        String?
    @Option(help: ArgumentHelp("Title of the picture.", valueName: "text")) var title: String?
    @Flag(name: .customLong("3d"), help: "Draw the surface in perspective.") var isInSpace = false
    @Flag(help: "Leave out the dots of an adaptive slice.") var noPoints = false
    @Flag(help: .show) var show = false
    @OptionGroup var general: GeneralOptions

    func validate() throws {
        _ = try (levels(), valueRange.map(SliceOptions.interval))
        for path in output where ![".png", ".svg", ".pdf"].contains(where: path.lowercased().hasSuffix) {
            throw ValidationError("-o \(path): expected a name that ends in .png, .svg or .pdf")
        }
    }

    private func levels() throws -> HeatmapFigure.Contours {
        switch contours {
        case "automatic": return .automatic
        case "none": return .none
        default:
            let values = contours.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
            guard values.allSatisfy({ $0?.isFinite == true }) else {
                throw ValidationError("--contours \(contours): expected automatic, none, or levels such as 0.5,1,2")
            }
            return .levels(values.map { $0! })
        }
    }

    func run() throws {
        try ResultKeys.files.check(general.keys)
        general.prepare("drawing")
        let paths = output.isEmpty ? [(file as NSString).deletingPathExtension + ".png"] : output
        for path in paths { try OutputFile.checkWritable(path) }
        guard file.lowercased().hasSuffix(".npz") else {
            throw UnusableRequest("\(file): expected a saved slice, such as 'landscape slice -o slice.npz' writes")
        }
        var report = try SliceReport(reading: file)
        if metric == .accuracy, report.slice.accuracy == nil {
            throw UnusableRequest("--metric accuracy: \(file) holds no accuracy; leave --metric out")
        }
        if metric == .accuracy, report.result.planes.contains(where: { $0.slice.accuracy == nil }) {
            throw UnusableRequest(
                "--metric accuracy: \(file) holds the accuracy of its first seed only; leave --metric out")
        }
        report.drawsAccuracy = metric == .accuracy
        report.isLogarithmic = isLogarithmic
        report.style.colorMap = colors.map
        report.style.contours = try levels()
        report.style.valueRange = try valueRange.map(SliceOptions.interval)
        report.style.title = title
        report.style.isInSpace = isInSpace
        report.style.marksEvaluated = !noPoints
        guard report.figure != nil else {
            throw UnusableRequest("\(file) is a shard; join the shards with 'landscape merge' first")
        }
        if isInSpace, report.slice.beta.count < 2 {
            throw UnusableRequest("--3d: \(file) is a slice along one direction; expected two")
        }
        for path in paths { try OutputFile.write(path) { try report.write(to: $0) } }
        if general.json || !general.keys.isEmpty {
            try general.print(
                JSONValue.object([("command", .string("plot")), ("files", .array(paths.map { .string($0) }))]), [])
        } else {
            general.remark("picture written to \(paths.joined(separator: ", "))")
        }
        if show { try Terminal.standard.show(report, general) }
    }
}
