import ArgumentParser
import Foundation
import Landscape

struct SliceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        "slice", "Draws the loss along a direction or over a plane through the weights, and audits it.",
        examples: [
            "landscape slice ckpt.bin --points 51x51 -o slice.png -o slice.npz",
            "landscape slice ckpt.bin --dims 2 --directions eigen --adaptive 0.01",
        ])

    enum Metric: String, ExpressibleByArgument, CaseIterable { case loss, accuracy }

    @Argument(help: "The checkpoint.", completion: .file()) var checkpoint = "ckpt.bin"
    @OptionGroup var shape: SliceOptions
    @Option(
        help: ArgumentHelp(
            "How directions are scaled to the weights (default: filter for random and gradient directions, none for others).",
            valueName: "rule")
    )
    var normalization: DirectionNormalization?
    @Flag(
        name: .customLong("include-1d"),
        help: "Move biases and norm scales, too. Under filter each is one filter: the whole tensor gets its norm.")
    var includes1D = false
    @Option(
        help: ArgumentHelp(
            "random, eigen, gradient, pca:DIR (the path of the checkpoints there), to:CKPT[,CKPT], or file:d1.npy[,d2.npy].",
            valueName: "kind")
    )
    var directions = "random"
    @Flag(
        help:
            "Leave the second direction as it is. (Random, gradient and eigen pairs are made orthogonal; to:, file: and pca: are used as given.)"
    )
    var noOrthogonalize = false
    @Option(
        help: ArgumentHelp("Repeat with so many seeds of random directions and draw mean and band.", valueName: "count")
    )
    var planes = 1
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

    private static let mostPlanes = 1000
    private var isPlane: Bool { shape.isPlane(directions: directions) }

    func validate() throws {
        guard (1...Self.mostPlanes).contains(planes) else {
            throw ValidationError("--planes \(planes): expected 1 to \(Self.mostPlanes)")
        }
        if planes > 1, directions != "random" {
            throw ValidationError(
                "--planes \(planes) with --directions \(directions): only random directions have seeds")
        }
        if planes > 1, bothSplits {
            throw ValidationError("--planes \(planes) and --both-splits: expected one of them")
        }
        try SliceOptions.checkAdaptive(adaptive)
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
            options, checkpoint: checkpoint, command: "slice",
            keys: ResultKeys(
                ResultKeys.slice(
                    isPlane: isPlane, bothSplits: bothSplits, adaptive: adaptive != nil, planes: planes)),
            drawsPicture: true, hasGrid: true, style: try style(), resumes: resume)
        let loss = try session.loss(vectors: SliceAnalysis.vectors)
        var analysis = SliceAnalysis(try shape.grid(isPlane: isPlane))
        if adaptive != nil, analysis.grid.count > 1_000_000 {
            throw UnusableRequest(
                "--adaptive on \(analysis.grid.count) points: expected at most 1000000; use fewer --points")
        }
        if let path = options.output.first(where: { $0.lowercased().hasSuffix(".vti") }), !analysis.grid.isEven {
            throw UnusableRequest("-o \(ReportError.unevenGrid(path: path))")
        }
        analysis.directions = try parsedDirections(loss, session, analysis.grid.beta == nil ? 1 : 2)
        (analysis.normalization, analysis.includes1D) = (normalization, includes1D)
        (analysis.orthogonalizes, analysis.planes, analysis.seed) = (!noOrthogonalize, planes, options.seed)
        (analysis.tolerance, analysis.controlsAccuracy, analysis.isLogarithmic) = (
            adaptive, metric == .accuracy, figure.drawsLogarithm
        )
        analysis.shard = try shard.map(Self.shard)
        let result = try analysis.run(
            loss, at: loss.theta, other: bothSplits ? try loss.onOtherSplit() : nil,
            layout: loss.model.network.parameters, monitor: session.monitor)
        var report = SliceReport(context: session.context(loss, result.slice.centerEvaluation), result)
        report.drawsAccuracy = metric == .accuracy
        report.directionNames = directionNames
        try session.finish(report)
        if show { try Terminal.standard.show(report.figure, session.style, options.general) }
    }

    /// How the slice is drawn; options that change nothing are refused.
    private func style() throws -> FigureStyle {
        if metric == .accuracy, !isPlane, planes == 1, adaptive == nil {
            throw UnusableRequest(
                "--metric accuracy: a line shows loss and accuracy; leave it out, or ask for --dims 2")
        }
        let (parts, words) =
            isPlane ? (FigureStyle.Part.ofMaps, "a map") : (FigureStyle.Part.ofLines, "a slice along one direction")
        return try figure.style(parts, on: words, writes: options.files, isShown: show)
    }

    /// What `--directions` leads to, in short.
    private var directionNames: [String] {
        guard let colon = directions.firstIndex(of: ":") else { return [] }
        return shortNames(directions[directions.index(after: colon)...].split(separator: ",").map(String.init))
    }

    /// What `--directions` names, with what its files hold.
    private func parsedDirections(_ loss: ModelLoss, _ session: Session, _ count: Int) throws
        -> SliceAnalysis.Directions
    {
        func paths(after prefix: String) throws -> [String] {
            let paths = directions.dropFirst(prefix.count).split(separator: ",").map(String.init)
            guard paths.count == count else {
                throw UnusableRequest(
                    "--directions \(directions) names \(paths.count), a \(count)-dimensional slice takes \(count)")
            }
            return paths
        }
        switch directions {
        case "random": return .random
        case "eigen": return .eigenvectors
        case "gradient": return .gradient
        case _ where directions.hasPrefix("pca:"):
            let folder = try CheckpointFolder(
                String(directions.dropFirst(4)), layout: loss.model.network.parameters)
            let plane = try TrajectoryPCA(folder.models.map { $0.model.theta }, around: loss.theta, axes: count)
            return .vectors(plane.reachingDirections, kind: "pca")
        case _ where directions.hasPrefix("file:"):
            return .vectors(try paths(after: "file:").map { try session.vector($0, for: loss) }, kind: "file")
        case _ where directions.hasPrefix("to:"):
            return .vectors(
                try paths(after: "to:").map { path in
                    let other = try Model.open(path)
                    try loss.checkTensors(of: other, path)
                    return Vectors.sum(other.theta, -1, loss.theta)
                }, kind: "to")
        default:
            let near = ["random", "eigen", "gradient"].suggestion(for: directions)
            throw UnusableRequest(
                "--directions \(directions): expected random, eigen, gradient, pca:DIR, to:CKPT[,CKPT] or file:d1.npy[,d2.npy]\(near)"
            )
        }
    }
}
