import ArgumentParser
import Landscape

/// What is asked of sharpness, as the command line gives it.
struct SharpnessOptions: ParsableArguments {
    enum Measure: String, CaseIterable {
        case worst, average, keskar, all
        case oneStep = "one-step"
        case critical, directional
        case fisherRao = "fisher-rao"
        case pacBayes = "pac-bayes"
        case learningCoefficient = "learning-coefficient"
        case symmetryCorrected = "symmetry-corrected"

        var measures: SharpnessAnalysis.Measures {
            switch self {
            case .worst: .worstCase
            case .average: .averageCase
            case .keskar: .box
            case .all: .all
            case .oneStep: .oneStep
            case .critical: .critical
            case .directional: .directional
            case .fisherRao: .fisherRao
            case .pacBayes: .pacBayes
            case .learningCoefficient: .learningCoefficient
            case .symmetryCorrected: .symmetryCorrected
            }
        }
    }

    /// One measure or several, with commas between them.
    struct MeasureList: ExpressibleByArgument {
        let names: [Measure]

        init(_ names: [Measure]) { self.names = names }

        init?(argument: String) {
            let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map {
                Measure(rawValue: String($0))
            }
            guard parts.allSatisfy({ $0 != nil }) else { return nil }
            names = parts.map { $0! }
        }

        var measures: SharpnessAnalysis.Measures { names.reduce([]) { $0.union($1.measures) } }
        var defaultValueDescription: String { names.map(\.rawValue).joined(separator: ",") }
        static var allValueStrings: [String] { Measure.allCases.map(\.rawValue) }
    }

    @Option(
        help: ArgumentHelp(
            "Radius of the ball, or several: 0.01,0.05,0.1. For the average case, the deviation of each weight.",
            valueName: "radius"))
    var rho = NumberList([0.05])
    @Option(help: ArgumentHelp("Norm of the ball.", valueName: "name")) var norm = Ball.Norm.l2
    @Flag(help: "Measure ε relative to the weights: T = |θ| + η.") var adaptive = false
    @Option(help: ArgumentHelp("η of --adaptive (default: 0.01).", valueName: "number")) var eta: Double?
    @Option(
        help: ArgumentHelp(
            "What is measured, or several with commas between them: worst case, average case, Keskar's box, or all three; SAM's one step alone; the critical learning rate; curvature along a direction; the Fisher-Rao norm; the noise of PAC-Bayes bounds; the local learning coefficient; the worst case across the symmetry of attention.",
            valueName: "name")) var measure = MeasureList([.worst])
    @Option(
        name: .customLong("m"),
        help: ArgumentHelp("m-sharpness: the mean worst case of batches of so many examples.", valueName: "examples"))
    var batch: Int?
    @Option(help: ArgumentHelp("Largest number of iterations from each start (default: 50).", valueName: "count"))
    var steps: Int?
    @Option(
        help: ArgumentHelp(
            "Random starts beside the informed ones (default: 4; linf 12, because its maxima lie in corners).",
            valueName: "count"))
    var restarts: Int?
    @Option(
        help: ArgumentHelp(
            "Examples on which the starts compete; the best continue on all. 0: all examples (default: 4096 of 16384 or more).",
            valueName: "examples")
    )
    var scout: Int?
    @Option(
        help: ArgumentHelp("Antithetic pairs of the average case and of pac-bayes (default: 50).", valueName: "pairs"))
    var samples: Int?
    @Option(help: ArgumentHelp("What the noise of pac-bayes costs (default: 0.1).", valueName: "loss")) var increase:
        Double?
    @Option(
        help: ArgumentHelp(
            "Keskar's ε, or several: the box is |z| ≤ ε(|θ| + 1) (default: 0.0005,0.001).", valueName: "size"))
    var boxEpsilon: NumberList?
    @Option(
        help: ArgumentHelp(
            "Dimension of the random subspaces of Keskar's measure (default: 100). 0: the full space only.",
            valueName: "dimension"))
    var subspace: Int?
    @Option(help: ArgumentHelp("Iterations of L-BFGS-B in the box (default: 10).", valueName: "count")) var boxSteps:
        Int?
    @Option(help: ArgumentHelp("Repeats of the search in the box (default: 5).", valueName: "count")) var boxRepeats:
        Int?

    @Option(help: ArgumentHelp("Chains of the learning coefficient (default: 4).", valueName: "count")) var chains: Int?
    @Option(
        help: ArgumentHelp("Draws of each chain that count; as many come before (default: 1000).", valueName: "count"))
    var draws: Int?
    @Option(
        help: ArgumentHelp(
            "γ that holds the learning coefficient's chains at the weights (default: 100).", valueName: "γ"))
    var localization: Double?

    static let names = [
        "--rho", "--norm", "--adaptive", "--eta", "--measure", "--m", "--steps", "--restarts", "--scout", "--samples",
        "--increase", "--chains", "--draws", "--localization",
        "--box-epsilon", "--subspace", "--box-steps", "--box-repeats",
    ]

    private var measures: SharpnessAnalysis.Measures { measure.measures }
    var findsWorst: Bool { measures.contains(.worstCase) }
    var findsAverage: Bool { measures.contains(.averageCase) }
    var findsOneStep: Bool { measures.contains(.oneStep) }
    private var findsBox: Bool { measures.contains(.box) }
    private var findsNoise: Bool { measures.contains(.pacBayes) }
    private var findsCoefficient: Bool { measures.contains(.learningCoefficient) }
    /// Whether anything goes along a direction.
    var hasDirection: Bool { !measures.isDisjoint(with: [.critical, .directional]) }

    func validate() throws {
        try rho.check("--rho", "positive radii")
        try boxEpsilon?.check("--box-epsilon", "positive numbers")
        if let eta, !(eta >= 0 && eta.isFinite) {
            throw ValidationError("--eta \(eta): expected 0 or more, such as 0.01")
        }
        if let steps, !(1...1_000_000_000 ~= steps) { throw ValidationError("--steps \(steps): expected 1 to 10⁹") }
        if let restarts, !(0...1_000_000 ~= restarts) {
            throw ValidationError("--restarts \(restarts): expected 0 to a million")
        }
        if let scout, scout < 0 { throw ValidationError("--scout \(scout): expected 0 or more examples") }
        if let samples, samples < 2 { throw ValidationError("--samples \(samples): expected at least 2") }
        if let increase, !(increase > 0 && increase.isFinite) {
            throw ValidationError("--increase \(increase): expected a positive number, such as 0.1")
        }
        if let chains, !(2...1000 ~= chains) { throw ValidationError("--chains \(chains): expected 2 to 1000") }
        if let draws, !(100...100_000_000 ~= draws) {
            throw ValidationError("--draws \(draws): expected at least 100, at most 10⁸")
        }
        if let localization, !(localization >= 0 && localization.isFinite) {
            throw ValidationError("--localization \(localization): expected 0 or more, such as 100")
        }
        if let subspace, !(0...10_000 ~= subspace) {
            throw ValidationError("--subspace \(subspace): expected 0 to 10000")
        }
        if let boxSteps, boxSteps < 1 { throw ValidationError("--box-steps \(boxSteps): expected at least 1") }
        if let boxRepeats, !(1...1_000_000 ~= boxRepeats) {
            throw ValidationError("--box-repeats \(boxRepeats): expected 1 to a million")
        }
        try checkEffects()
        if let batch {
            guard batch >= 1 else { throw ValidationError("--m \(batch): expected at least 1 example a batch") }
            guard findsWorst else { throw ValidationError("--m is of the worst case: it needs --measure worst or all") }
        }
    }

    /// Refuses options of measures that are not asked for.
    private func checkEffects() throws {
        if eta != nil, !adaptive {
            throw ValidationError("--eta has no effect without --adaptive; add --adaptive or leave --eta out")
        }
        if adaptive, measures.isDisjoint(with: [.worstCase, .averageCase, .oneStep, .pacBayes]) {
            throw ValidationError(
                "--adaptive has no effect with --measure \(measure.defaultValueDescription); expected it with worst, average, one-step or pac-bayes"
            )
        }
        if measures.contains(.symmetryCorrected), norm != .l2 {
            throw ValidationError(
                "--norm linf with --measure symmetry-corrected: expected l2, the norm that rotations of a head keep")
        }
        let worst = [("--steps", steps != nil), ("--restarts", restarts != nil), ("--scout", scout != nil)]
        let box = [
            ("--box-epsilon", boxEpsilon != nil), ("--subspace", subspace != nil), ("--box-steps", boxSteps != nil),
            ("--box-repeats", boxRepeats != nil),
        ]
        for (isMeasured, name, given) in [
            (findsWorst || measures.contains(.symmetryCorrected), "worst, symmetry-corrected or all", worst),
            (findsAverage || findsNoise, "average, pac-bayes or all", [("--samples", samples != nil)]),
            (findsBox, "keskar or all", box), (findsNoise, "pac-bayes", [("--increase", increase != nil)]),
            (
                findsCoefficient, "learning-coefficient",
                [("--chains", chains != nil), ("--draws", draws != nil), ("--localization", localization != nil)]
            ),
        ] {
            guard !isMeasured, let (option, _) = given.first(where: \.1) else { continue }
            throw ValidationError(
                "\(option) has no effect with --measure \(measure.defaultValueDescription); expected --measure \(name), or no \(option)"
            )
        }
    }

    func analysis(seed: UInt64) -> SharpnessAnalysis {
        var analysis = SharpnessAnalysis(radii: rho.values)
        analysis.measures = measures
        analysis.increase = increase ?? analysis.increase
        (analysis.chains, analysis.draws) = (chains ?? analysis.chains, draws ?? analysis.draws)
        analysis.localization = localization ?? analysis.localization
        (analysis.norm, analysis.adaptiveShift) = (norm, adaptive ? eta ?? 0.01 : nil)
        (analysis.batchSize, analysis.steps, analysis.restarts) = (batch, steps ?? analysis.steps, restarts)
        (analysis.scoutExamples, analysis.pairs, analysis.seed) = (scout, samples ?? analysis.pairs, seed)
        if let boxEpsilon { analysis.boxEpsilons = boxEpsilon.values }
        if let subspace { analysis.subspace = subspace > 0 ? subspace : nil }
        if let boxSteps { analysis.boxIterations = boxSteps }
        if let boxRepeats { analysis.boxRepeats = boxRepeats }
        return analysis
    }

    /// The keys of the result.
    var keys: [String] {
        ResultKeys.sharpness(
            measures, radii: rho.values.count, batches: batch != nil)
    }
}
