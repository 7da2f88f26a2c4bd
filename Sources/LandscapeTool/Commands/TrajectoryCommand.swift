import ArgumentParser
import Foundation
import Landscape

struct TrajectoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trajectory",
        abstract: "The path of a training over the loss in its principal plane, from the checkpoints in a folder.",
        usage: "landscape trajectory [DIR] [OPTIONS]",
        discussion:
            "The argument is the folder with the checkpoints, such as 'train --save-every N' leaves; by default the current one."
    )

    @Option(help: "Points of the surface along each axis: 41, or 41x31.") var points = "41"
    @Option(help: "a:b, the range along the first axis; by default what holds the path.") var xRange: String?
    @Option(help: "a:b, the range along the second axis.") var yRange: String?
    @Option(help: "Evaluate the surface only where needed to interpolate the rest within this share of the range.")
    var adaptive: Double?
    @Flag(name: .customLong("log"), help: "Logarithmic scale in the picture.") var isLogarithmic = false
    @OptionGroup var options: AnalysisOptions

    func validate() throws {
        _ = try SliceOptions.counts(points)
        _ = try (xRange.map(SliceOptions.interval), yRange.map(SliceOptions.interval))
        try SliceOptions.checkAdaptive(adaptive)
    }

    func run() throws {
        // The default of the argument is a file's name.
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: options.checkpoint, isDirectory: &isFolder)
        if exists, !isFolder.boolValue, options.checkpoint != "ckpt.bin" {
            throw UnusableRequest(
                "\(options.checkpoint) is a file; expected the folder with the checkpoints of a training")
        }
        let path = try CheckpointFolder(
            isFolder.boolValue
                ? options.checkpoint : exists || options.checkpoint == "ckpt.bin" ? "." : options.checkpoint)
        var options = options
        options.checkpoint = path.models.last!.path
        let session = try Session(options, command: "trajectory", drawsPicture: true)
        let loss = try session.loss(vectors: TrajectoryAnalysis.vectors(checkpoints: path.models.count))
        var analysis = TrajectoryAnalysis()
        let counts = try SliceOptions.counts(points)
        analysis.points = (counts[0], counts.last!)
        analysis.alphaRange = try xRange.map(SliceOptions.interval)
        analysis.betaRange = try yRange.map(SliceOptions.interval)
        (analysis.tolerance, analysis.isLogarithmic, analysis.seed) = (adaptive, isLogarithmic, options.seed)
        let trajectory = try analysis.run(loss, path, monitor: session.monitor)
        var report = TrajectoryReport(context: session.context(loss, trajectory.end), trajectory)
        report.isLogarithmic = isLogarithmic
        try session.finish(report)
    }
}
