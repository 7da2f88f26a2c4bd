import ArgumentParser
import Landscape

struct CompareCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "compare", "Measures several checkpoints side by side, and draws their slices on the same axes and colours.",
        usage: "landscape compare A B [C …] [OPTIONS]",
        examples: [
            "landscape compare sgd.bin sam.bin",
            "landscape compare sgd.bin sam.bin --points 31x31 --log -o compare.png",
        ])

    @Argument(help: "The first checkpoint.", completion: .file()) var checkpoint = "ckpt.bin"
    @Argument(help: "The other checkpoints.", completion: .file()) var others: [String] = []
    @OptionGroup var shape: SliceOptions
    @Option(
        help: ArgumentHelp(
            "Measures with commas between them, by their names in the JSON; 'default' or 'all' among them.",
            valueName: "names"))
    var measures = "default"
    @Option(help: .radiusAndDeviation) var rho = 0.05
    @Option(help: .adaptive) var adaptive: Double?
    @Flag(
        help:
            "Draw each checkpoint's line and accuracy in a panel of its own instead of all lines in one frame. Planes always have panels."
    )
    var panels = false
    @Flag(help: .resume) var resume = false
    @OptionGroup var figure: FigureOptions
    @OptionGroup var options: AnalysisOptions

    /// The measures that are asked for, in their order.
    private func asked() throws -> [StudyMeasures.Measure] {
        try StudyMeasures.Measure.asked(measures, defaults: Comparison.defaults, among: Comparison.measures)
    }

    func validate() throws {
        _ = try asked()
        guard !others.isEmpty else { throw ValidationError("one checkpoint: expected at least two, A and B") }
        guard rho > 0, rho.isFinite else {
            throw ValidationError("--rho \(rho): expected a positive radius, such as 0.05")
        }
        try SliceOptions.checkAdaptive(adaptive)
    }

    func run() throws {
        let axes = shape.axes(directions: "random"), isPlane = axes == 2
        guard axes < 3 else { throw UnusableRequest("a slice of 3 axes: compare draws lines or planes; use --dims 2") }
        let session = try Session(
            options, checkpoint: checkpoint, command: "compare", keys: ["rho", "checkpoints"], drawsPicture: true,
            style: try isPlane
                ? figure.style(FigureStyle.Part.ofMaps, on: "maps side by side", writes: options.files)
                : figure.style(FigureStyle.Part.ofLines, on: "slices along one direction", writes: options.files),
            sources: [checkpoint] + others, resumes: resume)
        var comparison = Comparison(radius: rho, grid: try shape.grid(axes: axes))
        comparison.reach = shape.reach
        comparison.measures = try asked()
        (comparison.tolerance, comparison.isLogarithmic) = (adaptive, figure.drawsLogarithm)
        (comparison.loss, comparison.seed) = (try options.lossSettings(), options.seed)
        let entries = try comparison.run(
            [checkpoint] + others, memory: session.memory, monitor: session.monitor)
        var report = ComparisonReport(entries, radius: rho, seed: options.seed, seconds: session.seconds)
        report.hasPanels = panels
        try session.finish(report)
    }
}
