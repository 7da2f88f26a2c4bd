import ArgumentParser
import Foundation
import Landscape

struct SliceCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "slice", "Draws the loss along a direction, over a plane or through a space of the weights, and audits it.",
        examples: [
            "landscape slice ckpt.bin --points 51x51 -o slice.png -o slice.npz",
            "landscape slice ckpt.bin --dims 2 --directions eigen --adaptive 0.01",
        ])

    enum Metric: String, ExpressibleByArgument, CaseIterable { case loss, accuracy }

    @Argument(help: "The checkpoint.", completion: .file()) var checkpoint = "ckpt.bin"
    @Option(help: .weights, completion: .file()) var weights: String?
    @OptionGroup var shape: SliceOptions
    @OptionGroup var directions: DirectionOptions
    @Option(help: .adaptive) var adaptive: Double?
    @Flag(help: "Add the other split's values to the picture.") var bothSplits = false
    @Option(
        help: ArgumentHelp(
            "Quantity that a picture of a plane shows and that --adaptive refines.", valueName: "quantity"))
    var metric = Metric.loss
    @Option(
        help: ArgumentHelp(
            "Compute only every n-th point, as i/n. Needs -o part.npz; 'landscape merge' joins the parts.",
            valueName: "i/n"))
    var shard: String?
    @Flag(help: .show) var show = false
    @Flag(help: .resume) var resume = false
    @OptionGroup var figure: FigureOptions
    @OptionGroup var options: AnalysisOptions

    private var axes: Int { shape.axes(directions: directions.directions) }
    private var planes: Int { directions.planes }

    func validate() throws {
        if planes > 1, bothSplits {
            throw ValidationError("--planes \(planes) and --both-splits: expected one of them")
        }
        try SliceOptions.checkAdaptive(adaptive)
        if axes > 2, adaptive != nil || planes > 1 {
            throw ValidationError(
                "\(adaptive != nil ? "--adaptive" : "--planes \(planes)") of three axes: expected --dims 1 or 2")
        }
        if let shard {
            _ = try Self.shard(shard)
            if adaptive != nil || planes > 1 {
                throw ValidationError(
                    "--shard \(shard): expected neither --adaptive nor --planes; a shard is part of one full grid"
                )
            }
            guard !options.output.isEmpty, options.output.allSatisfy({ $0.lowercased().hasSuffix(".npz") }) else {
                throw ValidationError(
                    "--shard \(shard): expected -o with a name that ends in .npz, for 'landscape merge'")
            }
        }
    }

    private static func shard(_ text: String) throws -> SliceShard {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let number = parts[0], let count = parts[1], count >= 1, (1...count).contains(number)
        else {
            throw ValidationError("--shard \(text): expected i/n with i from 1 to n, such as 2/4")
        }
        return SliceShard(number, of: count)
    }

    func run() throws {
        let session = try Session(
            options, checkpoint: checkpoint, weights: weights, command: "slice",
            keys: ResultKeys(
                ResultKeys.slice(
                    axes: axes, bothSplits: bothSplits, adaptive: adaptive != nil, planes: planes)),
            drawsPicture: true, hasGrid: true, style: try style(), resumes: resume)
        let loss = try session.loss(vectors: directions.vectors(along: axes))
        let grid = try shape.grid(axes: axes)
        if adaptive != nil, grid.count > 1_000_000 {
            throw UnusableRequest(
                "--adaptive on \(grid.count) points: expected at most 1000000; use fewer --points")
        }
        if let path = options.output.first(where: { $0.lowercased().hasSuffix(".vti") }), !grid.isEven {
            throw UnusableRequest("-o \(ReportError.unevenGrid(path: path))")
        }
        var analysis = try directions.analysis(grid, loss, session, seed: options.seed)
        (analysis.tolerance, analysis.controlsAccuracy, analysis.isLogarithmic) = (
            adaptive, metric == .accuracy, figure.drawsLogarithm
        )
        analysis.reach = shape.reach
        analysis.shard = try shard.map(Self.shard)
        let result = try analysis.run(
            loss, at: loss.theta, other: bothSplits ? try loss.onOtherSplit() : nil,
            layout: loss.model.network.parameters, monitor: session.monitor)
        var report = SliceReport(context: session.context(loss, result.slice.centerEvaluation), result)
        report.drawsAccuracy = metric == .accuracy
        report.directionNames = directions.shown
        try session.finish(report)
        if show { try Terminal.standard.show(report.figure, session.style, options.general) }
    }

    /// How the slice is drawn; options that change nothing are refused.
    private func style() throws -> FigureStyle {
        if metric == .accuracy, axes == 1, planes == 1, adaptive == nil {
            throw UnusableRequest(
                "--metric accuracy: a line shows loss and accuracy; leave it out, or ask for --dims 2")
        }
        let (parts, words) =
            axes > 1 ? (FigureStyle.Part.ofMaps, "a map") : (FigureStyle.Part.ofLines, "a slice along one direction")
        return try figure.style(parts, on: words, writes: options.files, isShown: show)
    }
}
