import Essentials
import MatrixFree
import Objectives
import Tensors

/// What a study measures of every run: several definitions of sharpness, and what they are confounded with.
public struct StudyMeasures: Sendable, Codable {
    /// A measure's name in JSON and tables, and its words in pictures.
    public enum Measure: String, Sendable, Codable, CaseIterable {
        case largestEigenvalue = "lambda_max"
        case trace
        case oneStep = "one_step"
        case worstCase = "worst_case"
        case averageCase = "average_case"
        case adaptiveOneStep = "adaptive_one_step"
        case adaptiveWorstCase = "adaptive_worst_case"
        case adaptiveAverageCase = "adaptive_average_case"
        case gradientNorm = "gradient_norm"
        case weightNorm = "weight_norm"
        case trainingLoss = "train_loss"
        case critical
        case directional
        case fisherRao = "fisher_rao"
        case pacBayes = "pac_bayes"
        case adaptivePACBayes = "adaptive_pac_bayes"
        case noise = "trace_h_sigma"
        case symmetryCorrected = "symmetry_corrected"
        case learningCoefficient = "learning_coefficient"
        case effectiveDimension = "effective_dimension"
        case relativeFlatness = "relative_flatness"
        case topSpace = "top_space"
        case classLargestEigenvalue = "class_lambda_max"
        case samplingGap = "sampling_gap"
        case empiricalFisherTrace = "empirical_fisher_trace"
        case largestDiagonal = "max_diagonal"

        /// Those that are taken where none are named: all before `critical`.
        public static let defaults = Array(allCases.prefix { $0 != .critical })

        /// Some of them by their names, with commas between them; `default` and `all` may be among the names.
        ///
        /// - Parameters:
        ///   - defaults: what `default` stands for.
        ///   - measures: what can be named, and what `all` stands for.
        /// - Returns: in the order of `measures`.
        /// - Throws: `UnknownMeasure` for a name of none.
        public static func parse(
            _ names: String, defaults: [Measure] = Self.defaults, among measures: [Measure] = allCases
        ) throws(UnknownMeasure) -> [Measure] {
            var asked: Set<Measure> = []
            for name in names.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
                if name == "default" {
                    asked.formUnion(defaults)
                } else if name == "all" {
                    asked.formUnion(measures)
                } else if let measure = Measure(rawValue: name), measures.contains(measure) {
                    asked.insert(measure)
                } else {
                    throw UnknownMeasure(name: name, expected: ["default", "all"] + measures.map(\.rawValue))
                }
            }
            return measures.filter(asked.contains)
        }

        /// What it is called in pictures.
        public var title: String {
            switch self {
            case .largestEigenvalue: "λmax of the Hessian"
            case .trace: "trace of the Hessian"
            case .oneStep: "one SAM step"
            case .worstCase: "worst case in the ball"
            case .averageCase: "average case"
            case .adaptiveOneStep: "one step, adaptive"
            case .adaptiveWorstCase: "worst case, adaptive"
            case .adaptiveAverageCase: "average case, adaptive"
            case .gradientNorm: "‖gradient‖"
            case .weightNorm: "‖weights‖"
            case .trainingLoss: "training loss"
            case .critical: "critical sharpness"
            case .directional: "directional sharpness"
            case .fisherRao: "Fisher-Rao norm, squared"
            case .pacBayes: "PAC-Bayes σ"
            case .adaptivePACBayes: "PAC-Bayes σ, adaptive"
            case .noise: "tr(HΣ), gradient noise"
            case .symmetryCorrected: "worst case, symmetry-corrected"
            case .learningCoefficient: "learning coefficient"
            case .effectiveDimension: "effective dimension"
            case .relativeFlatness: "relative flatness"
            case .topSpace: "gradient in the top space"
            case .classLargestEigenvalue: "λmax of the sharpest class"
            case .samplingGap: "sampling gap of λmax"
            case .empiricalFisherTrace: "mean square gradient of an example"
            case .largestDiagonal: "largest diagonal element"
            }
        }

        /// Whether the value is the largest that was found, and the true one at least that.
        public var isLowerBound: Bool {
            [.worstCase, .adaptiveWorstCase, .symmetryCorrected, .largestDiagonal].contains(self)
        }

        /// Where there is no value of it.
        public var absence: String {
            switch self {
            case .symmetryCorrected: "the network has no attention"
            case .learningCoefficient: "the chains have not mixed"
            case .classLargestEigenvalue: "the examples have no class each, or are normalised together"
            case .samplingGap: "the loss is no mean over several examples, or they are normalised together"
            case .empiricalFisherTrace:
                "examples have no loss of their own, as with weight decay or statistics of batches"
            case .topSpace: "the gradient is 0"
            case .critical: "the loss does not fall along the negative gradient, or never rises again"
            default: "not finite"
            }
        }
    }

    /// A name that is no measure's.
    public struct UnknownMeasure: DescribedError {
        /// The name, and those that there are.
        public let name: String, expected: [String]
        /// True: other names can do.
        public var isOfRequest: Bool { true }
        /// What was found, what was expected.
        public var description: String {
            let near = expected.suggestion(for: name)
            return "'\(name)' is no measure"
                + (near.isEmpty
                    ? "; expected \(expected.joined(separator: ","))" : near)
        }
    }

    /// How the measures are taken.
    public struct Settings: Sendable {
        /// Which measures are taken.
        public var measures = Measure.defaults
        /// Radius of the ball of worst cases; 0.05 as in SAM (Foret et al. 2021).
        public var radius = 0.05
        /// Radius of the adaptive ball; 0.5 as in ASAM (Kwon et al. 2021). η is 0, so that rescaling of ReLU networks moves nothing.
        public var adaptiveRadius = 0.5
        /// Deviations of the average cases; 0.01 and 0.1 of each weight, ours.
        public var deviation = 0.01, adaptiveDeviation = 0.1
        /// Antithetic pairs of the average cases; products of the trace; random starts of the searches.
        public var pairs = 20, traceProducts = 30, restarts = 1
        /// As `WorstCaseSearch.tolerance`.
        public var tolerance = 1e-6
        /// Draws of each of the learning coefficient's four chains, and eigenvectors of the top space; 200 and 10, ours.
        public var draws = 200, topVectors = 10
        /// Random halves of the examples that the sampling gap is a mean over; 5, ours.
        public var halves = 5
        /// Bytes for a Krylov basis.
        public var memoryLimit = 4 << 30
        /// Of everything random.
        public var seed: UInt64 = 0

        /// The defaults.
        public init() {}

        /// Takes from an objective what searches may hold and how exactly they can end.
        package mutating func suit(_ objective: any Objective) {
            memoryLimit = objective.vectorMemory
            if objective.rounding > 0x1p-40 { tolerance = 1e-4 }
        }
    }

    /// By measure.
    public var values: [Measure: Double] = [:]
    /// Standard errors of those that are estimates over random draws.
    public var standardErrors: [Measure: Double] = [:]

    /// The value of a measure; NaN where it was not taken.
    public subscript(measure: Measure) -> Double { values[measure] ?? .nan }

    /// Takes the measures of a training loss at θ. `progress` is called with the share done; what it throws ends the work.
    ///
    /// - Throws: what the objective throws, such as `ObjectiveError.noGaussNewton` for the Fisher–Rao norm.
    public init(
        _ objective: any Objective, at theta: [Double], _ settings: Settings = Settings(),
        progress: @escaping (_ share: Double) throws -> Void = { _ in }
    ) throws {
        let asked = Set(settings.measures)
        func isAsked(_ measures: Measure...) -> Bool { !asked.isDisjoint(with: measures) }
        let searches = isAsked(.worstCase, .oneStep, .largestEigenvalue)
        let searchesAdaptive = isAsked(.adaptiveWorstCase, .adaptiveOneStep)
        let averages = [Measure.averageCase, .adaptiveAverageCase, .pacBayes, .adaptivePACBayes].filter(asked.contains)
        let partsOfExamples = 10.0
        // The searches take 8 parts of 20 each where they are made, averages 2, and noise that is looked for 6.
        let sizes = averages.map { $0 == .pacBayes || $0 == .adaptivePACBayes ? 6.0 : 2 }
        let parts: [(isTaken: Bool, size: Double)] = [
            (searches, 8), (searchesAdaptive, 8), (isAsked(.symmetryCorrected), 8), (isAsked(.noise), 4),
            (isAsked(.learningCoefficient), 20), (isAsked(.samplingGap, .classLargestEigenvalue), partsOfExamples),
        ]
        let total = parts.filter(\.isTaken).reduce(1) { $0 + $1.size } + sizes.reduce(0, +)
        var done = 0.0
        func progressing(_ size: Double, _ share: Double) throws { try progress(min(1, (done + size * share) / total)) }

        func search(
            _ ball: Ball, _ objective: any Objective, at theta: [Double]
        ) throws -> (WorstCaseSharpness, LocalModel) {
            let model = try LocalModel(
                objective, at: theta, scaling: ball.scaling, radii: ball.quadraticRadii,
                memoryLimit: settings.memoryLimit,
                seed: settings.seed)
            var search = WorstCaseSearch(ball)
            (search.restarts, search.seed, search.tolerance) = (settings.restarts, settings.seed, settings.tolerance)
            search.memoryLimit = settings.memoryLimit
            // Their climbs would double the cost of a search with so few other starts.
            search.classes = 0
            search.progress = { _, climbed, most in try progressing(7, Double(climbed) / Double(max(1, most))) }
            defer { done += 8 }
            return (try search.run(objective, at: theta, model: model), model)
        }
        try progress(0)
        var gradient: [Double] = [], value = Double.nan
        if searches {
            let (worst, model) = try search(Ball(radius: settings.radius), objective, at: theta)
            (gradient, value) = (model.gradient, model.value)
            values[.largestEigenvalue] = model.largestEigenvalue
            (values[.oneStep], values[.worstCase]) = (worst.oneStep, worst.lowerBound)
        } else if isAsked(.gradientNorm, .trainingLoss, .critical, .directional, .topSpace) {
            (value, gradient) = try objective.valueAndGradient(at: theta)
        }
        if isAsked(.trace) {
            let trace = try HutchPlusPlus(products: settings.traceProducts, seed: settings.seed).run(
                CurvatureOperator(objective, at: theta)
            ).trace
            (values[.trace], standardErrors[.trace]) = (trace.value, trace.standardError)
        }
        let scaling = Ball.adaptiveScaling(theta, eta: 0)
        if searchesAdaptive {
            let (adaptive, _) = try search(
                Ball(radius: settings.adaptiveRadius, scaling: scaling), objective, at: theta)
            (values[.adaptiveOneStep], values[.adaptiveWorstCase]) = (adaptive.oneStep, adaptive.lowerBound)
        }
        if isAsked(.symmetryCorrected) {
            values[.symmetryCorrected] = .nan
            if let symmetry = try Self.symmetry(of: objective) {
                let origin = try symmetry.balanced(theta)
                values[.symmetryCorrected] = try search(
                    Ball(radius: settings.radius), AcrossOrbits(objective, symmetry, from: origin), at: origin
                ).0.lowerBound
            }
        }
        for (measure, size) in zip(averages, sizes) {
            let isAdaptive = measure == .adaptiveAverageCase || measure == .adaptivePACBayes
            func tell(_ pairs: Int) throws {
                try progressing(size, min(1, Double(pairs) / Double(settings.pairs * Int(size / 2))))
            }
            if measure == .averageCase || measure == .adaptiveAverageCase {
                let found = try AverageCaseSharpness(
                    objective, at: theta, deviation: isAdaptive ? settings.adaptiveDeviation : settings.deviation,
                    scaling: isAdaptive ? scaling : nil, pairs: settings.pairs, seed: settings.seed, progress: tell)
                (values[measure], standardErrors[measure]) = (found.value, found.standardError)
            } else {
                let found = try PACBayesFlatness(
                    objective, at: theta, scaling: isAdaptive ? scaling : nil, pairs: settings.pairs,
                    seed: settings.seed, progress: tell)
                (values[measure], standardErrors[measure]) = (found.sigma, found.standardError)
            }
            done += size
        }
        if isAsked(.critical) {
            values[.critical] = try CriticalSharpness(objective, at: theta, value: value, gradient: gradient).value
        }
        if isAsked(.directional) {
            values[.directional] = try DirectionalSharpness(objective, at: theta, along: gradient).value
        }
        if isAsked(.fisherRao) { values[.fisherRao] = try FisherRaoNorm(objective, at: theta).value }
        if isAsked(.noise) {
            let found = try NoiseAlignment(
                of: CurvatureOperator(objective, at: theta), probes: settings.traceProducts, seed: settings.seed
            ) { try progressing(4, Double($0) / Double(settings.traceProducts)) }
            (values[.noise], standardErrors[.noise]) = (found.trace.value, found.trace.standardError)
            done += 4
        }
        if isAsked(.learningCoefficient) {
            try addLearningCoefficient(of: objective, at: theta, settings) { try progressing(20, $0) }
            done += 20
        }
        try addByExamples(of: objective, at: theta, settings, asked) { try progressing(partsOfExamples, $0) }
        try addSpectral(of: objective, at: theta, gradient: gradient, settings, asked)
        if isAsked(.gradientNorm) { values[.gradientNorm] = Vectors.norm(gradient) }
        if isAsked(.weightNorm) { values[.weightNorm] = Vectors.norm(theta) }
        if isAsked(.trainingLoss) { values[.trainingLoss] = value }
        values = values.filter { asked.contains($0.key) }
        standardErrors = standardErrors.filter { $0.value.isFinite }
    }
}
