import ArgumentParser
import ArrayFiles
import Landscape
import Reporting
import Tensors

extension Ball.Norm: ExpressibleByArgument {}

struct SharpnessCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sharpness",
        abstract: "How much the loss can rise within a radius ρ: worst case and average, as increases over the loss.")

    enum Measure: String, ExpressibleByArgument, CaseIterable { case worst, average, all }

    @Option(help: "Radius of the ball; for the average case, the standard deviation of each coordinate.") var rho = 0.05
    @Option(help: "l2 or linf.") var norm = Ball.Norm.l2
    @Flag(help: "Measure ε relative to the weights: T = |θ| + η.") var adaptive = false
    @Option(help: "η of --adaptive.") var eta = 0.01
    @Option(help: "worst, average or all.") var measure = Measure.worst
    @Option(help: "Iterations of the search from each start at most.") var steps = 50
    @Option(help: "Random starts beside the informed ones.") var restarts = 4
    @Option(help: "Antithetic pairs of the average case.") var samples = 50
    @Option(help: "Write the best ε to an .npy file.") var saveEpsilon: String?
    @OptionGroup var options: AnalysisOptions

    func validate() throws {
        guard rho > 0, rho.isFinite else {
            throw ValidationError("--rho \(rho): expected a positive radius, such as 0.05")
        }
        guard eta >= 0, eta.isFinite else { throw ValidationError("--eta \(eta): expected 0 or more, such as 0.01") }
        guard steps >= 1 else { throw ValidationError("--steps \(steps): expected at least 1") }
        guard restarts >= 0 else { throw ValidationError("--restarts \(restarts): expected 0 or more") }
        guard samples >= 2 else { throw ValidationError("--samples \(samples): expected at least 2") }
    }

    func run() throws {
        if let saveEpsilon { try Analysis.checkWritable(saveEpsilon) }
        let analysis = try Analysis(options, command: "sharpness", drawsPicture: measure != .average)
        let (theta, objective) = (analysis.theta, analysis.objective)
        let scaling = adaptive ? Ball.adaptiveScaling(theta, eta: eta) : nil
        let gradient = try objective.valueAndGradient(at: theta).gradient
        var worst: WorstCaseSharpness?
        if measure != .average {
            var search = WorstCaseSearch(Ball(norm: norm, radius: rho, scaling: scaling))
            (search.steps, search.restarts, search.seed) = (steps, restarts, options.seed)
            // Float32 resolves the loss to 6e-8 of itself: an increase much smaller than the loss has fewer digits.
            if options.precision == .float { search.tolerance = 1e-4 }
            let progress = analysis.progress("worst case")
            search.progress = { try progress.update($1, of: $2, "from \($0)") }
            worst = try search.run(objective, at: theta)
        }
        var average: AverageCaseSharpness?
        if measure != .worst {
            let progress = analysis.progress("average case")
            average = try AverageCaseSharpness(
                objective, at: theta, deviation: rho, scaling: scaling, pairs: samples, seed: options.seed
            ) {
                try progress.update($0, of: samples)
            }
        }
        if let saveEpsilon, let worst { try NPY.write(NumericArray(worst.epsilon), to: saveEpsilon) }
        try analysis.finish(
            SharpnessReport(
                context: try analysis.context(), radius: rho, norm: norm,
                scaling: adaptive ? "adaptive, η = \(eta)" : "none",
                gradientNorm: Vectors.norm(gradient), worstCase: worst, averageCase: average))
    }
}
