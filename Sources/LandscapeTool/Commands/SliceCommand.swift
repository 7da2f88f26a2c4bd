import ArgumentParser
import Foundation
import Landscape

extension DirectionNormalization: ExpressibleByArgument {}

struct SliceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slice", abstract: "The loss along one direction or over the plane of two, with its own audit.")

    enum Metric: String, ExpressibleByArgument, CaseIterable { case loss, accuracy }

    @OptionGroup var shape: SliceOptions
    @Option(
        help: "filter, layer, weight or none; by default filter for random and gradient directions, none for others.")
    var normalization: DirectionNormalization?
    @Flag(name: .customLong("include-1d"), help: "Move biases and norm scales too.") var includes1D = false
    @Option(
        help:
            "random, eigen, gradient, pca:DIR (of the checkpoints there), to:CKPT[,CKPT] or file:d1.npy[,d2.npy] (used as given, only normalised as asked)."
    )
    var directions = "random"
    @Flag(help: "Leave the second direction as it is.") var noOrthogonalize = false
    @Option(help: "Repeat with K seeds of random directions and draw the band.") var planes = 1
    @Option(help: "Evaluate only where needed to interpolate the rest within this share of the range, such as 0.01.")
    var adaptive: Double?
    @Flag(help: "The other split's values too, in the same picture.") var bothSplits = false
    @Option(help: "loss or accuracy: what a 2-D picture shows, and what --adaptive watches.") var metric = Metric.loss
    @Flag(name: .customLong("log"), help: "Logarithmic scale in the picture.") var isLogarithmic = false
    @Option(help: "i/n: only every n-th point, for 'landscape merge' to join; needs -o part.npz.") var shard: String?
    @Flag(help: "Go on with an interrupted slice of the same settings.") var resume = false
    @OptionGroup var options: AnalysisOptions

    private static let mostPlanes = 1000
    /// Cosine beyond which a pair of directions hardly spans a plane.
    private static let oblique = 0.99

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
                    "--shard \(shard): goes with neither --adaptive nor --planes; every shard is a part of one full grid"
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
        let analysis = try Analysis(options, command: "slice", drawsPicture: true, vectors: 8...8)
        let isPlane = shape.isPlane(directions: directions)
        let grid = try shape.grid(isPlane: isPlane)
        if adaptive != nil, grid.count > 1_000_000 {
            throw UnusableRequest("--adaptive on \(grid.count) points: expected at most 1000000; use fewer --points")
        }
        if let path = options.output.first(where: { $0.lowercased().hasSuffix(".vti") }),
            !GridData(x: grid.alpha.values, y: grid.beta?.values ?? [0], arrays: []).isEven
        {
            throw UnusableRequest("-o \(ReportError.unevenGrid(path: path))")
        }
        let other = bothSplits ? try analysis.objectiveOfOtherSplit() : nil
        let seeds = (0..<planes).map { options.seed &+ UInt64($0) }
        let first = try directions(isPlane ? 2 : 1, seed: seeds[0], analysis)
        if let cosine = first.cosine, abs(cosine) > Self.oblique, !analysis.quiet {
            Progress.say(
                "the two directions are nearly parallel (cosine \(Format.short(cosine))): the plane is stretched; name others"
            )
        }
        let unfinished = UnfinishedSlice(Analysis.picturePath(options.checkpoint, "slice")) {
            fingerprint(first, grid, analysis)
        }
        var finished =
            resume ? try unfinished.load(planes: planes, count: grid.count) : seeds.map { _ in [Int: SlicePoint]() }
        let sampling = Analysis.Sampling(
            tolerance: adaptive, controlsAccuracy: metric == .accuracy, isLogarithmic: isLogarithmic,
            shard: try shard.map(Self.shard))
        var found: [SliceReport.Plane] = []
        for (plane, seed) in seeds.enumerated() {
            let pair = plane == 0 ? first : try directions(isPlane ? 2 : 1, seed: seed, analysis)
            var computation = SliceComputation(pair, alpha: grid.alpha, beta: grid.beta, finished: finished[plane])
            do {
                try analysis.compute(
                    &computation, planes > 1 ? "slice \(plane + 1) of \(planes)" : "slice", sampling, other: other,
                    seed: seed)
                finished[plane] = computation.finished
                let slice = try computation.result(analysis.objective, at: analysis.theta)
                found.append(SliceReport.Plane(seed: seed, slice: slice))
            } catch is Interruption {
                finished[plane] = computation.finished
                try unfinished.save(finished)
                let kept = finished.reduce(0) { $0 + $1.count }
                let total = adaptive == nil ? "of \(grid.count * planes) " : ""
                throw Interruption(advice: "\(kept) \(total)points kept; the same command with --resume goes on")
            }
        }
        var report = SliceReport(context: try analysis.context(), slice: found[0].slice, directions: first)
        if planes > 1 { report.planes = found }
        report.drawsAccuracy = metric == .accuracy
        report.isLogarithmic = isLogarithmic
        try analysis.finish(report)
        unfinished.remove()
    }

    /// What an interrupted slice must have in common with this one to be gone on with.
    private func fingerprint(_ pair: SliceDirections, _ grid: SliceGrid, _ analysis: Analysis) -> String {
        let numbers = analysis.theta + pair.vectors.flatMap { $0 } + grid.alpha.values + (grid.beta?.values ?? [])
        var hash = SHA256()
        hash.update(numbers.withUnsafeBytes { Array($0) })
        return
            "\(hash.hexadecimal()) \(analysis.dataName) \(options.split) \(analysis.data.count) \(options.precision) \(options.batchnorm) \(analysis.objective.weightDecay) \(bothSplits) \(planes)"
    }
}
