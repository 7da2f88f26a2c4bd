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
        // Of the network under examination a search's, of the first θ and its file's content.
        let search = Analysis.searchVectors(restarts: WorstCaseSearch(Ball(radius: rho)).restarts, radii: 1)
        let vectors = search.lowerBound + 8...search.upperBound + 8
        let first = try Analysis(options, command: "compare", drawsPicture: true, vectors: vectors)
        var entries: [ComparisonReport.Entry] = []
        for path in [options.checkpoint] + others {
            var options = options
            options.checkpoint = path
            let analysis =
                path == first.options.checkpoint
                ? first : try Analysis(options, command: "compare", drawsPicture: true, vectors: vectors)
            try first.checkWeightDecay(of: analysis.model, path)
            entries.append(try measure(analysis))
        }
        var report = ComparisonReport(context: entries[0].slice.context, entries: entries, radius: rho)
        report.isLogarithmic = isLogarithmic
        try first.finish(report)
    }

    private func measure(_ analysis: Analysis) throws -> ComparisonReport.Entry {
        let (theta, objective, name) = (analysis.theta, analysis.objective, analysis.options.checkpoint)
        let traces = try hutchPlusPlusTrace(
            CurvatureOperator(objective, at: theta), products: min(30, max(6, theta.count)), seed: options.seed)
        var search = WorstCaseSearch(Ball(radius: rho))
        (search.seed, search.tolerance, search.memoryLimit) = (
            options.seed, analysis.searchTolerance, analysis.vectorBytes
        )
        let scout = try analysis.scout(examples: nil)
        let model = try analysis.localModel(scout: scout)
        let worstProgress = analysis.progress("\(name): worst case")
        search.progress = { try worstProgress.update($1, of: $2, "from \($0)") }
        let worst = try search.run(objective, at: theta, scout: scout, model: model)
        let averageProgress = analysis.progress("\(name): average case")
        let average = try AverageCaseSharpness(objective, at: theta, deviation: rho, pairs: 20, seed: options.seed) {
            try averageProgress.update($0, of: 20)
        }
        let other = analysis.hasOtherSplit ? try analysis.objectiveOfOtherSplit() : nil
        return ComparisonReport.Entry(
            slice: try slice(analysis, other), other: try other?.evaluate(at: theta),
            gradientNorm: Vectors.norm(model.gradient),
            largestEigenvalue: (model.largestEigenvalue, model.residual), trace: traces.trace,
            worstCase: worst, averageCase: average)
    }

    private func slice(_ analysis: Analysis, _ other: PenalizedObjective?) throws -> SliceReport {
        let isPlane = shape.isPlane(directions: "random")
        let grid = try shape.grid(isPlane: isPlane)
        let theta = analysis.theta
        // The same random numbers for each, scaled to its own filters.
        let pair = SliceDirections(
            SliceDirections.random(isPlane ? 2 : 1, dimension: theta.count, seed: options.seed), kind: "random",
            at: theta,
            analysis.model.network.parameters, normalization: .filter, orthogonalizes: true)
        // Maps are of one split only.
        let other = isPlane ? nil : other
        var computation = SliceComputation(pair, alpha: grid.alpha, beta: grid.beta)
        try analysis.compute(
            &computation, "\(analysis.options.checkpoint): slice",
            .init(tolerance: adaptive, isLogarithmic: isLogarithmic), other: other)
        return SliceReport(
            context: try analysis.context(), slice: try computation.result(analysis.objective, at: theta),
            directions: pair)
    }
}
