import ArgumentParser
import ArrayFiles
import Foundation
import Landscape
import MatrixFree
import Objectives
import Reporting
import Tensors
import Training

extension DirectionNormalization: ExpressibleByArgument {}

struct SliceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slice", abstract: "The loss along one direction or over the plane of two, with its own audit.")

    enum Metric: String, ExpressibleByArgument, CaseIterable { case loss, accuracy }

    @Option(help: "1 or 2; by default 2 where --points, --y-range or --directions name two, else 1.") var dims: Int?
    @Option(help: "Points along each axis: 51, or 51x41 for α × β.") var points = "51"
    @Option(help: "Both axes run from −R to R.") var range = 1.0
    @Option(help: "a:b, the range of α.") var xRange: String?
    @Option(help: "a:b, the range of β.") var yRange: String?
    @Option(help: "filter, layer, weight or none.") var normalization = DirectionNormalization.filter
    @Flag(name: .customLong("include-1d"), help: "Move biases and norm scales too.") var includes1D = false
    @Option(
        help:
            "random, eigen, gradient, to:CKPT[,CKPT] or file:d1.npy[,d2.npy] (used as given, only normalised as asked)."
    )
    var directions = "random"
    @Flag(help: "Leave the second direction as it is.") var noOrthogonalize = false
    @Option(help: "loss or accuracy: what a 2-D picture shows.") var metric = Metric.loss
    @Flag(name: .customLong("log"), help: "Logarithmic scale in the picture.") var isLogarithmic = false
    @Flag(help: "Go on with an interrupted slice of the same settings.") var resume = false
    @OptionGroup var options: AnalysisOptions

    func validate() throws {
        if let dims, !(1...2).contains(dims) { throw ValidationError("--dims \(dims): expected 1 or 2") }
        guard range > 0, range.isFinite else { throw ValidationError("--range \(range): expected a positive number") }
        _ = try (Self.count(points), xRange.map(Self.interval), yRange.map(Self.interval))
        let counts = try Self.count(points)
        if counts.count == 2, dims == 1 { throw ValidationError("--points \(points) names two axes, --dims 1 one") }
        guard !isPlane || counts[0] * counts.last! <= Self.mostPoints else {
            throw ValidationError("--points \(points): expected at most \(Self.mostPoints) in all, such as 51x41")
        }
    }

    private static func count(_ text: String) throws -> [Int] {
        let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(parts.count), parts.allSatisfy({ ($0 ?? 0) >= 2 && $0! <= 100_000 }) else {
            throw ValidationError("--points \(text): expected at least 2 on each axis, such as 51 or 51x41")
        }
        return parts.map { $0! }
    }

    /// More would take longer than anybody waits, and more memory than a result should.
    private static let mostPoints = 10_000_000

    private static func interval(_ text: String) throws -> ClosedRange<Double> {
        let parts = text.split(separator: ":").map { Double($0) }
        guard parts.count == 2, let a = parts[0], let b = parts[1], a.isFinite, b.isFinite, a < b else {
            throw ValidationError("a range of '\(text)': expected a:b with a < b, such as -1:1")
        }
        return a...b
    }

    private var isPlane: Bool {
        if let dims { return dims == 2 }
        let twoNamed = (directions.hasPrefix("file:") || directions.hasPrefix("to:")) && directions.contains(",")
        return yRange != nil || points.lowercased().contains("x") || twoNamed
    }

    func run() throws {
        let analysis = try Analysis(options, command: "slice", drawsPicture: true)
        let (theta, objective) = (analysis.theta, analysis.objective)
        let axes = isPlane ? 2 : 1
        let counts = try Self.count(points)
        let alpha = SliceAxis(range: try xRange.map(Self.interval) ?? -range...range, points: counts[0])
        let beta =
            isPlane ? SliceAxis(range: try yRange.map(Self.interval) ?? -range...range, points: counts.last!) : nil
        if let path = options.output.first(where: { $0.lowercased().hasSuffix(".vti") }),
            !GridData(x: alpha.values, y: beta?.values ?? [0], arrays: []).isEven
        {
            throw UnusableArgument("-o \(ReportError.unevenGrid(path: path))")
        }
        let (raw, kind) = try makeDirections(axes, analysis)
        let given = kind == "file" || kind == "to"
        let pair = SliceDirections(
            raw, kind: kind, at: theta, analysis.model.network.parameters,
            normalization: kind == "to" ? .none : normalization,
            includes1D: includes1D, orthogonalizes: !noOrthogonalize && !given)
        for (i, vector) in pair.vectors.enumerated() where !(Vectors.norm(vector) > 0) {
            throw UnusableArgument(
                "direction \(i + 1) is zero\(pair.normalization == .none ? "" : " after \(pair.normalization.rawValue) normalisation"): name another --directions or --normalization"
            )
        }

        let unfinished = UnfinishedSlice(
            Analysis.picturePath(options.checkpoint, "slice")
        ) { fingerprint(pair, alpha, beta, analysis) }
        var computation = SliceComputation(
            pair, alpha: alpha, beta: beta, finished: resume ? try unfinished.load() : [])
        let (progress, points) = (analysis.progress("slice"), computation.points)
        do {
            try computation.run(objective, at: theta) { try progress.update($0, of: points) }
        } catch is Interruption {
            try unfinished.save(computation.finished)
            throw Interruption(
                advice: "\(computation.finished.count) of \(points) points kept; the same command with --resume goes on"
            )
        }
        var report = SliceReport(
            context: try analysis.context(), slice: try computation.result(objective, at: theta), directions: pair)
        report.drawsAccuracy = metric == .accuracy
        report.isLogarithmic = isLogarithmic
        try analysis.finish(report)
        unfinished.remove()
    }

    private func makeDirections(_ count: Int, _ analysis: Analysis) throws -> ([[Double]], String) {
        let (theta, objective) = (analysis.theta, analysis.objective)
        switch directions {
        case "random": return (SliceDirections.random(count, dimension: theta.count, seed: options.seed), "random")
        case "eigen":
            let spectrum = try lanczos(
                CurvatureOperator(objective, at: theta), largest: count, tolerance: 1e-3, maximumProducts: 300,
                seed: options.seed,
                progress: spectrumProgress(analysis, "eigenvectors"))
            try Interruption.check()
            return (spectrum.largestVectors, "eigen")
        case "gradient":
            let gradient = try objective.valueAndGradient(at: theta).gradient
            return (
                [gradient]
                    + (count == 2 ? [SliceDirections.random(2, dimension: theta.count, seed: options.seed)[1]] : []),
                "gradient"
            )
        case _ where directions.hasPrefix("file:"):
            let paths = directions.dropFirst(5).split(separator: ",").map(String.init)
            try expect(paths, count)
            let vectors = try paths.map(analysis.vector)
            return (vectors, "file")
        case _ where directions.hasPrefix("to:"):
            let paths = directions.dropFirst(3).split(separator: ",").map(String.init)
            try expect(paths, count)
            let vectors = try paths.map { path in
                let other = try TrainedModel(path: path)
                guard other.network.parameters == analysis.model.network.parameters else {
                    throw UnusableArgument(
                        "\(path) holds other tensors than \(options.checkpoint): \(other.metadata.model)")
                }
                return Vectors.sum(other.theta, -1, theta)
            }
            return (vectors, "to")
        default:
            throw UnusableArgument(
                "--directions \(directions): expected random, eigen, gradient, to:CKPT[,CKPT] or file:d1.npy[,d2.npy]")
        }
    }

    private func expect(_ paths: [String], _ count: Int) throws {
        guard paths.count == count else {
            throw UnusableArgument(
                "--directions \(directions) names \(paths.count), a \(count)-dimensional slice takes \(count)")
        }
    }

    /// What an interrupted slice must have in common with this one to be gone on with.
    private func fingerprint(_ pair: SliceDirections, _ alpha: SliceAxis, _ beta: SliceAxis?, _ analysis: Analysis)
        -> String
    {
        let numbers = analysis.theta + pair.vectors.flatMap { $0 } + alpha.values + (beta?.values ?? [])
        var hash = SHA256()
        hash.update(numbers.withUnsafeBytes { Array($0) })
        return
            "\(hash.hexadecimal()) \(analysis.dataName) \(options.split) \(analysis.data.count) \(options.precision) \(options.batchnorm)"
    }
}

/// The points of an interrupted slice, kept beside the picture it would have become.
private struct UnfinishedSlice {
    let path: String
    /// Reads all of θ and the directions: made only for a slice that is interrupted or gone on with.
    let fingerprint: () -> String

    init(_ picture: String, fingerprint: @escaping () -> String) {
        path = (picture as NSString).deletingPathExtension + ".unfinished.npz"
        self.fingerprint = fingerprint
    }

    func save(_ finished: [Evaluation]) throws {
        try NPZ.write(
            [
                ("loss", .array(NumericArray(finished.map(\.loss)))),
                ("accuracy", .array(NumericArray(finished.map { $0.accuracy ?? .nan }))),
                ("fingerprint", .text(fingerprint())),
            ], to: path)
    }

    func load() throws -> [Evaluation] {
        guard FileManager.default.fileExists(atPath: path) else {
            throw UnusableArgument("--resume: there is no interrupted slice \(path); start without --resume")
        }
        let archive = try NPZ.read(path)
        guard try archive.text("fingerprint") == fingerprint() else {
            throw UnusableArgument(
                "--resume: \(path) is of another slice (checkpoint, directions, range, points or data differ); remove it or repeat its settings"
            )
        }
        let (loss, accuracy) = (try archive.array("loss").doubles, try archive.array("accuracy").doubles)
        guard loss.count == accuracy.count else {
            throw UnusableArgument("\(path) is damaged: remove it and start without --resume")
        }
        return zip(loss, accuracy).map { Evaluation(loss: $0, accuracy: $1.isNaN ? nil : $1) }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
