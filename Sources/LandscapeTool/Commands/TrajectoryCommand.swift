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
        // Of every checkpoint θ and its file's content.
        let vectors = 4 * path.models.count + 8
        let analysis = try Analysis(options, command: "trajectory", drawsPicture: true, vectors: vectors...vectors)
        if !analysis.quiet { for file in path.ignored { Progress.say("left out \(file.path): \(file.reason)") } }
        let plane = try TrajectoryPCA(path.models.map { $0.model.theta })
        let surface = try surface(plane, analysis)
        var report = TrajectoryReport(
            context: surface.context, surface: surface, explainedVariance: plane.explainedVariance,
            points: try checkpoints(path, plane, analysis))
        report.isLogarithmic = isLogarithmic
        try analysis.finish(report)
    }

    private func surface(_ plane: TrajectoryPCA, _ analysis: Analysis) throws -> SliceReport {
        let counts = try SliceOptions.counts(points)
        let alpha = SliceAxis(range: try xRange.map(SliceOptions.interval) ?? plane.range(axis: 0), points: counts[0])
        let beta = SliceAxis(range: try yRange.map(SliceOptions.interval) ?? plane.range(axis: 1), points: counts.last!)
        let pair = SliceDirections(
            plane.directions, kind: "pca", at: analysis.theta, analysis.model.network.parameters, normalization: .none,
            orthogonalizes: false)
        let objective = try analysis.objective(options.batchnorm) { _ in analysis.statistics }
        var computation = SliceComputation(pair, alpha: alpha, beta: beta)
        try analysis.compute(
            &computation, "surface", .init(tolerance: adaptive, isLogarithmic: isLogarithmic), objective: objective)
        let slice = try computation.result(objective, at: analysis.theta)
        return SliceReport(context: try analysis.context(), slice: slice, directions: pair)
    }

    /// Every checkpoint's own loss, and the plane's where it falls.
    private func checkpoints(_ path: CheckpointFolder, _ plane: TrajectoryPCA, _ analysis: Analysis) throws
        -> [TrajectoryReport.Point]
    {
        let inPlane = try analysis.objective(options.batchnorm) { _ in analysis.statistics }
        let progress = analysis.progress("checkpoints")
        let planeLosses = try path.models.indices.map { index in
            try progress.update(index, of: 2 * path.models.count)
            return try inPlane.value(at: plane.projection(index))
        }
        return try path.models.enumerated().map { index, entry in
            try progress.update(path.models.count + index, of: 2 * path.models.count)
            let objective = try analysis.objective(options.batchnorm) { _ in entry.model.buffers }
            let evaluation = try objective.evaluate(at: entry.model.theta)
            return TrajectoryReport.Point(
                path: entry.path, step: entry.model.metadata.step, epoch: entry.model.metadata.epoch,
                place: plane.points[index], loss: evaluation.loss, accuracy: evaluation.accuracy,
                planeLoss: planeLosses[index])
        }
    }
}
