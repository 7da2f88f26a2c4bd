import ArgumentParser
import Landscape

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract:
            "Every measure of several checkpoints side by side, and their slices on the same axes, range and colours.",
        usage: "landscape compare A B [C …] [OPTIONS]")

    @OptionGroup var shape: SliceOptions
    @Option(help: "Radius of the worst case, and deviation of each coordinate in the average case.") var rho = 0.05
    @Option(help: "Evaluate 2-D slices only where needed to interpolate the rest within this share of the range.")
    var adaptive: Double?
    @Flag(name: .customLong("log"), help: "Logarithmic scale in the picture.") var isLogarithmic = false
    @OptionGroup var options: AnalysisOptions
    @Argument(help: "The other checkpoints.", completion: .file()) var others: [String] = []

    func validate() throws {
        guard !others.isEmpty else { throw ValidationError("one checkpoint: expected at least two, A and B") }
        guard rho > 0, rho.isFinite else {
            throw ValidationError("--rho \(rho): expected a positive radius, such as 0.05")
        }
        try SliceOptions.checkAdaptive(adaptive)
    }

    func run() throws {
        let session = try Session(options, command: "compare", drawsPicture: true)
        var comparison = Comparison(radius: rho, grid: try shape.grid(isPlane: shape.isPlane(directions: "random")))
        (comparison.tolerance, comparison.isLogarithmic) = (adaptive, isLogarithmic)
        (comparison.loss, comparison.seed) = (try options.lossSettings(), options.seed)
        let entries = try comparison.run(
            [options.checkpoint] + others, memory: session.memory, monitor: session.monitor)
        var report = ComparisonReport(entries, radius: rho, seed: options.seed, seconds: session.seconds)
        report.isLogarithmic = isLogarithmic
        try session.finish(report)
    }
}
