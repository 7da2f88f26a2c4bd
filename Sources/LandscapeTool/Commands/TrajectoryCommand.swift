import ArgumentParser
import Foundation
import Landscape

struct TrajectoryCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "trajectory", "Draws the paths of one training or several over the loss in their principal plane.",
        usage: "landscape trajectory [DIR …] [OPTIONS]",
        examples: [
            "landscape trajectory run",
            "landscape trajectory run --points 21 --adaptive 0.02 --log -o path.png",
        ])

    enum ScalingRule: String, ExpressibleByArgument, CaseIterable { case adam }

    @Argument(
        help: ArgumentHelp(
            "The folder with the checkpoints that 'train --save-every N' leaves; of several trainings, one folder each.",
            valueName: "DIR"),
        completion: .directory)
    var folders = ["."]
    @Option(help: ArgumentHelp("Points of the surface along each axis: 41, or 41x31.", valueName: "count")) var points =
        "41"
    @Option(help: ArgumentHelp("Range along the first axis, as a:b (default: what holds the path).", valueName: "a:b"))
    var xRange: String?
    @Option(help: ArgumentHelp("Range along the second axis, as a:b (default: what holds the path).", valueName: "a:b"))
    var yRange: String?
    @Option(
        help: ArgumentHelp(
            "adam: scale weights by the root of what Adam divides by at the end of the first training.",
            valueName: "rule"))
    var scaledBy: ScalingRule?
    @Option(help: .adaptive) var adaptive: Double?
    @Flag(help: .resume) var resume = false
    @OptionGroup var figure: FigureOptions
    @OptionGroup var options: AnalysisOptions

    func validate() throws {
        _ = try SliceOptions.counts(points)
        _ = try (xRange.map(SliceOptions.interval), yRange.map(SliceOptions.interval))
        try SliceOptions.checkAdaptive(adaptive)
        if let path = options.output.first(where: { $0.lowercased().hasSuffix(".vti") }), !(try isEven()) {
            throw ValidationError("-o \(ReportError.unevenGrid(path: path))")
        }
    }

    /// Whether the surface's coordinates are evenly spaced; ranges that are made to hold the path are not.
    private func isEven() throws -> Bool {
        let counts = try SliceOptions.counts(points)
        guard let x = try xRange.map(SliceOptions.interval), let y = try yRange.map(SliceOptions.interval) else {
            return false
        }
        return SliceGrid(SliceAxis(range: x, points: counts[0]), SliceAxis(range: y, points: counts.last!)).isEven
    }

    func run() throws {
        let keys = ResultKeys(
            ["explained_variance", "scaled_by", "points"] + ResultKeys.slice(axes: 2, adaptive: adaptive != nil))
        try keys.check(options.general.keys)
        for path in options.output { try OutputFile.checkWritable(path) }
        let places = folders.map { FilePath.resolved($0) ?? $0 }
        if let twice = places.indices.first(where: { places[..<$0].contains(places[$0]) }) {
            throw UnusableRequest("\(folders[twice]) is given twice; expected the folders of different trainings")
        }
        var paths: [CheckpointFolder] = []
        for folder in folders {
            if FilePath.exists(folder), !RandomAccessFile.isFolder(folder) {
                throw UnusableRequest("\(folder) is a file; expected the folder with the checkpoints of a training")
            }
            paths.append(try CheckpointFolder(folder, layout: paths.first?.models.last?.model.network.parameters))
        }
        let all = paths.flatMap(\.models)
        let end = paths[0].models.last!.path
        let session = try Session(
            options, checkpoint: end, command: "trajectory",
            keys: keys,
            drawsPicture: true, hasGrid: true,
            style: try figure.style(
                FigureStyle.Part.ofMaps, on: "a map beside the checkpoints' losses", writes: options.files),
            sources: all.map(\.path), resumes: resume)
        let loss = try session.loss(
            vectors: TrajectoryAnalysis.vectors(checkpoints: all.count, isScaled: scaledBy != nil))
        var analysis = TrajectoryAnalysis()
        let counts = try SliceOptions.counts(points)
        if let scaledBy { analysis.scaling = (scaledBy.rawValue, try scaling(end)) }
        analysis.points = (counts[0], counts.last!)
        analysis.alphaRange = try xRange.map(SliceOptions.interval)
        analysis.betaRange = try yRange.map(SliceOptions.interval)
        (analysis.tolerance, analysis.isLogarithmic, analysis.seed) = (adaptive, figure.drawsLogarithm, options.seed)
        let trajectory = try analysis.run(loss, paths, monitor: session.monitor)
        try session.finish(TrajectoryReport(context: session.context(loss, trajectory.end), trajectory))
    }

    private func scaling(_ checkpoint: String) throws -> [Double] {
        do {
            return try OptimizerStep.scaling(of: Checkpoint.read(checkpoint))
        } catch let failure as OptimizerStep.Failure {
            throw failure.refusal("--scaled-by adam", checkpoint, advice: "leave it out")
        }
    }
}
