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
            }
        }
    }

    /// How the measures are taken.
    public struct Settings: Sendable {
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
        /// Bytes for a Krylov basis.
        public var memoryLimit = 4 << 30
        /// Of everything random.
        public var seed: UInt64 = 0

        /// The defaults.
        public init() {}
    }

    /// By measure.
    public var values: [Measure: Double] = [:]
    /// Standard errors of those that are estimates over random draws.
    public var standardErrors: [Measure: Double] = [:]

    /// The value of a measure; NaN where it was not taken.
    public subscript(measure: Measure) -> Double { values[measure] ?? .nan }

    /// Takes every measure of a training loss at θ. `progress` is called with the share done; what it throws ends the work.
    public init(
        _ objective: any Objective, at theta: [Double], _ settings: Settings = Settings(),
        progress: @escaping (_ share: Double) throws -> Void = { _ in }
    ) throws {
        func search(_ ball: Ball, _ share: Double) throws -> (WorstCaseSharpness, LocalModel) {
            let model = try LocalModel(
                objective, at: theta, scaling: ball.scaling, memoryLimit: settings.memoryLimit, seed: settings.seed)
            var search = WorstCaseSearch(ball)
            (search.restarts, search.seed, search.tolerance) = (settings.restarts, settings.seed, settings.tolerance)
            search.memoryLimit = settings.memoryLimit
            // Their climbs would double the cost of a search with so few other starts.
            search.classes = 0
            search.progress = { _, done, most in try progress(share + 0.35 * Double(done) / Double(max(1, most))) }
            return (try search.run(objective, at: theta, model: model), model)
        }
        try progress(0)
        let (worst, model) = try search(Ball(radius: settings.radius), 0)
        let trace = try HutchPlusPlus(products: settings.traceProducts, seed: settings.seed).run(
            CurvatureOperator(objective, at: theta)
        ).trace
        let scaling = Ball.adaptiveScaling(theta, eta: 0)
        let (adaptive, _) = try search(Ball(radius: settings.adaptiveRadius, scaling: scaling), 0.4)
        func average(_ deviation: Double, _ scaling: [Double]?, _ share: Double) throws -> AverageCaseSharpness {
            try AverageCaseSharpness(
                objective, at: theta, deviation: deviation, scaling: scaling, pairs: settings.pairs, seed: settings.seed
            ) { try progress(share + 0.1 * Double($0) / Double(settings.pairs)) }
        }
        let plain = try average(settings.deviation, nil, 0.8)
        let relative = try average(settings.adaptiveDeviation, scaling, 0.9)
        values = [
            .largestEigenvalue: model.largestEigenvalue, .trace: trace.value, .oneStep: worst.oneStep,
            .worstCase: worst.lowerBound, .averageCase: plain.value, .adaptiveOneStep: adaptive.oneStep,
            .adaptiveWorstCase: adaptive.lowerBound, .adaptiveAverageCase: relative.value,
            .gradientNorm: Vectors.norm(model.gradient), .weightNorm: Vectors.norm(theta), .trainingLoss: model.value,
        ]
        standardErrors = [.averageCase: plain.standardError, .adaptiveAverageCase: relative.standardError]
        standardErrors[.trace] = trace.standardError
    }
}
