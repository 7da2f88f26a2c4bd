import Essentials
import Foundation
import MatrixFree
import Objectives
import Tensors

/// Sharpness around a minimum: the worst case in balls, the average case, Keskar's boxes, and measures that know no radius.
///
/// ```swift
/// let sharpness = try SharpnessAnalysis(radii: [0.05]).run(objective, at: theta)
/// ```
public struct SharpnessAnalysis: Sendable {
    /// What is measured.
    public struct Measures: OptionSet, Sendable {
        /// The measures as bits.
        public let rawValue: Int
        /// - Parameter rawValue: the measures as bits.
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// The worst case in a ball (`WorstCaseSearch`).
        public static let worstCase = Measures(rawValue: 1)
        /// The average case (`AverageCaseSharpness`).
        public static let averageCase = Measures(rawValue: 2)
        /// Keskar's measure in a box (`KeskarSharpness`).
        public static let box = Measures(rawValue: 4)
        /// The increase at the one step that SAM takes (`OneStepSharpness`): part of `worstCase`, and far cheaper alone.
        public static let oneStep = Measures(rawValue: 8)
        /// The critical learning rate along a direction (`CriticalSharpness`).
        public static let critical = Measures(rawValue: 16)
        /// The curvature along a direction (`DirectionalSharpness`).
        public static let directional = Measures(rawValue: 32)
        /// θᵀGθ (`FisherRaoNorm`).
        public static let fisherRao = Measures(rawValue: 64)
        /// The noise that costs so much loss (`PACBayesFlatness`).
        public static let pacBayes = Measures(rawValue: 128)
        /// How degenerate the minimum is (`LearningCoefficient`).
        public static let learningCoefficient = Measures(rawValue: 256)
        /// The worst case across the orbits of attention's symmetry (`SymmetryCorrectedSharpness`).
        public static let symmetryCorrected = Measures(rawValue: 512)
        /// Those that know no radius.
        public static let withoutRadius: Measures = [
            .critical, .directional, .fisherRao, .pacBayes, .learningCoefficient,
        ]
        /// Worst case, average case and box.
        public static let all: Measures = [.worstCase, .averageCase, .box]
    }

    /// What is measured; the worst case by default.
    public var measures: Measures = .worstCase
    /// Radii ρ of the balls, ascending; for the average case the deviation of each weight. 0.05 as in SAM (Foret et al. 2021,
    /// arXiv 2010.01412).
    public var radii: [Double]
    /// The ball's norm; ℓ2 as in SAM.
    public var norm = Ball.Norm.l2
    /// η of adaptive sharpness, T = |θ| + η (Kwon et al. 2021, arXiv 2102.11600, who take 0.01); nil for T = 1.
    public var adaptiveShift: Double?
    /// m of m-sharpness: the mean over batches of m examples of each one's own worst case; nil for the worst case itself.
    public var batchSize: Int?
    /// Iterations of the search from each start at most (`WorstCaseSearch.steps`).
    public var steps = 50
    /// Random starts beside the informed ones; nil for the search's own default.
    public var restarts: Int?
    /// Examples on which the starts compete before the best go on with all; 0 for all, nil for 4096 of 16384 or more (ours).
    public var scoutExamples: Int?
    /// The symmetry of `symmetryCorrected`; nil for the model's own (`ModelLoss.attentionSymmetry`).
    public var symmetry: AttentionSymmetry?
    /// The step of `critical` and `directional`, P numbers: θ + ηd; nil for −∇L(θ).
    public var direction: [Double]?
    /// What the noise of `pacBayes` costs; 0.1 (Jiang et al. 2020, arXiv 1912.02178).
    public var increase = 0.1
    /// Chains of the learning coefficient, draws of each that count, and γ (`LearningCoefficient`): 4, 1000 and 100.
    public var chains = 4, draws = 1000, localization = 100.0
    /// Antithetic pairs of the average case, and of `pacBayes`; 50, ours.
    public var pairs = 50
    /// Keskar's ε, the box being |z| ≤ ε(|θ| + 1): 1e-3 and 5e-4 (Keskar et al. 2017, arXiv 1609.04836).
    public var boxEpsilons = [5e-4, 1e-3]
    /// Dimension of the random subspaces of Keskar's measure; nil for the full space alone. 100, the paper's.
    public var subspace: Int? = 100
    /// Iterations of L-BFGS-B in the box, and repeats of the search there: 10 and 5, the paper's.
    public var boxIterations = 10, boxRepeats = 5
    /// Of everything random.
    public var seed: UInt64 = 0

    /// - Parameter radii: positive; at least one.
    public init(radii: [Double] = [0.05]) { self.radii = radii.sorted() }

    /// What was measured at one radius.
    public struct Point: Sendable {
        /// ρ.
        public let radius: Double
        /// The worst case in the ball; nil where it was not asked for.
        public internal(set) var worstCase: WorstCaseSharpness?
        /// In place of `worstCase`, for m-sharpness.
        public internal(set) var batchwise: BatchwiseSharpness?
        /// The increase at SAM's one step; nil where it was not asked for alone.
        public internal(set) var oneStep: OneStepSharpness?
        /// The average case; nil where it was not asked for.
        public internal(set) var averageCase: AverageCaseSharpness?

        init(radius: Double) { self.radius = radius }
    }

    /// Everything that was measured.
    public struct Result: Sendable {
        /// Ascending by radius; at least one.
        public internal(set) var points: [Point]
        /// The ball's norm.
        public let norm: Ball.Norm
        /// η of the adaptive ball; nil where T = 1.
        public let adaptiveShift: Double?
        /// ‖∇L(θ)‖₂.
        public let gradientNorm: Double
        /// Keskar's measure for every ε, the larger box first, in the full space and in random subspaces; empty where not asked for.
        public internal(set) var boxes: [KeskarSharpness] = []
        /// The critical learning rate; nil where not asked for.
        public internal(set) var critical: CriticalSharpness?
        /// The curvature along the direction; nil where not asked for.
        public internal(set) var directional: DirectionalSharpness?
        /// θᵀGθ; nil where not asked for.
        public internal(set) var fisherRao: FisherRaoNorm?
        /// The noise that costs so much loss; nil where not asked for.
        public internal(set) var pacBayes: PACBayesFlatness?
        /// The worst case across the orbits of attention's symmetry; nil where not asked for.
        public internal(set) var symmetryCorrected: SymmetryCorrectedSharpness?
        /// nil where not asked for.
        public internal(set) var learningCoefficient: LearningCoefficient?
    }

    /// With this many examples and more, the starts of a worst-case search compete on a part of them.
    static let largeData = 16_384, scoutDefault = 4096

    /// How many vectors of θ's length the analysis holds beside the few of every one: of a worst-case search, of every climb its place
    /// and slope with what is tried, of every radius what was found, and a Krylov basis.
    public var vectors: ClosedRange<Int> {
        !measures.isDisjoint(with: [.worstCase, .symmetryCorrected])
            ? WorstCaseSearch.vectors(
                restarts: restarts ?? WorstCaseSearch(ball(1)).restarts, radii: radii.count, norm: norm)
            : derivative < .product && !measures.contains(.learningCoefficient)
                ? 4 + radii.count...4 + radii.count : 8...8
    }

    /// The highest derivative that the measures take.
    public var derivative: DerivativeOrder {
        measures.isSubset(of: [.oneStep, .averageCase, .critical, .pacBayes, .learningCoefficient])
            ? .gradient : .product
    }

    private func ball(_ radius: Double, _ scaling: [Double]? = nil) -> Ball {
        Ball(norm: norm, radius: radius, scaling: scaling)
    }

    /// Measures.
    ///
    /// - Parameter monitor: told of the progress; what it throws ends the work.
    /// - Throws: `ObjectiveError.noExamples` for m-sharpness of what is no mean over examples; what the objective and the monitor throw.
    /// - Precondition: at least one radius, all positive and finite.
    public func run(_ objective: any Objective, at theta: [Double], monitor: Monitor = .silent) throws -> Result {
        precondition(!radii.isEmpty, "sharpness at no radius")
        let scaling = adaptiveShift.map { Ball.adaptiveScaling(theta, eta: $0) }
        let findsWorst = measures.contains(.worstCase)
        let searchesWhole = findsWorst && batchSize == nil
        let scout =
            searchesWhole
            ? try WorstCaseSearch.scout(
                objective, at: theta, examples: scoutExamples, scaling: scaling, seed: seed, monitor: monitor) : nil
        let model =
            searchesWhole
            ? try LocalModel(
                around: theta, objective, scaling: scaling, radii: radii.flatMap { ball($0).quadraticRadii },
                scout: scout, seed: seed, monitor: monitor)
            : nil
        let start = try model.map { (value: $0.value, gradient: $0.gradient) } ?? objective.valueAndGradient(at: theta)

        var points: [Point] = []
        for radius in radii {
            var search = WorstCaseSearch(ball(radius, scaling))
            (search.steps, search.seed, search.memoryLimit) = (steps, seed, objective.vectorMemory)
            search.restarts = restarts ?? search.restarts
            search.tolerance = WorstCaseSearch.tolerance(of: objective)
            let name = radii.count == 1 ? "worst case" : "worst case, ρ = \(Format.short(radius))"
            var point = Point(radius: radius)
            if findsWorst, let batchSize {
                guard let parts = objective as? any ExampleObjective, parts.hasParts else {
                    throw ObjectiveError.noExamples
                }
                point.batchwise = try BatchwiseSharpness(
                    search, at: theta, examples: parts.examples, batchSize: batchSize,
                    progress: { try monitor.update(name, $0, of: $1) }, weight: parts.weight(of:),
                    all: { count, search in
                        try monitor.parts(
                            count, of: objective, at: theta,
                            { settings(radius, objective, "\(batchSize) \($0)") }, compute: search)
                    },
                    // A batch of all is the loss itself, with its classes.
                    objective: { $0.count == parts.examples ? objective : try parts.restricted(to: $0) })
            } else if searchesWhole {
                search.progress = { start, done, most in try monitor.update(name, done, of: most, "from \(start)") }
                point.worstCase = try monitor.part(
                    of: objective, at: theta, settings(radius, objective), vectors: \.vectors
                ) {
                    try search.run(
                        objective, at: theta, scout: scout, model: model, smaller: points.last?.worstCase)
                }
            }
            if measures.contains(.oneStep) {
                point.oneStep = try OneStepSharpness(
                    objective, at: theta, ball(radius, scaling), value: start.value, gradient: start.gradient)
            }
            if measures.contains(.averageCase) {
                point.averageCase = try AverageCaseSharpness(
                    objective, at: theta, deviation: radius, scaling: scaling, pairs: pairs, seed: seed
                ) {
                    try monitor.update("average case", $0, of: pairs)
                }
            }
            points.append(point)
        }
        var result = Result(
            points: points, norm: norm, adaptiveShift: adaptiveShift, gradientNorm: Vectors.norm(start.gradient))
        if measures.contains(.symmetryCorrected) {
            guard let symmetry = try symmetry ?? (objective as? ModelLoss)?.attentionSymmetry() else {
                throw AttentionSymmetryError.none(model: "the function")
            }
            result.symmetryCorrected = try SymmetryCorrectedSharpness(
                objective, at: theta, symmetry, self, value: start.value, monitor: monitor)
        }
        if measures.contains(.box) { result.boxes = try boxes(objective, at: theta, monitor) }
        if !measures.isDisjoint(with: .withoutRadius) {
            try addOthers(to: &result, objective, at: theta, start, monitor)
        }
        return result
    }

    /// The measures that know no radius.
    private func addOthers(
        to result: inout Result, _ objective: any Objective, at theta: [Double],
        _ start: (value: Double, gradient: [Double]), _ monitor: Monitor
    ) throws {
        if measures.contains(.critical) {
            result.critical = try CriticalSharpness(
                objective, at: theta, along: direction, value: start.value, gradient: start.gradient
            ) { try monitor.update("critical learning rate", $0, of: CriticalSharpness.mostEvaluations) }
        }
        if measures.contains(.directional) {
            result.directional = try DirectionalSharpness(objective, at: theta, along: direction ?? start.gradient)
        }
        if measures.contains(.fisherRao) { result.fisherRao = try FisherRaoNorm(objective, at: theta) }
        if measures.contains(.learningCoefficient) {
            guard let parts = objective as? any ExampleObjective, parts.examples > 1 else {
                throw ObjectiveError.noExamples
            }
            let count = Double(parts.examples)
            result.learningCoefficient = try LearningCoefficient(
                objective, at: theta, inverseTemperature: count / log(count), localization: localization,
                chains: chains, draws: draws, seed: seed
            ) { try monitor.update("learning coefficient", $0, of: $1) }
        }
        if measures.contains(.pacBayes) {
            result.pacBayes = try PACBayesFlatness(
                objective, at: theta, increase: increase,
                scaling: adaptiveShift.map { Ball.adaptiveScaling(theta, eta: $0) }, pairs: pairs, seed: seed
            ) { try monitor.update("noise that costs \(Format.short(increase))", $0 % pairs, of: pairs) }
        }
    }

    /// All that the worst case at a radius depends on: smaller radii give it a start.
    private func settings(_ radius: Double, _ objective: any Objective, _ batch: String = "") -> [String] {
        [
            "worst case", batch, "\(radii.prefix { $0 <= radius })", norm.rawValue,
            "\(String(describing: adaptiveShift)) \(steps) \(String(describing: restarts)) \(String(describing: scoutExamples))",
            "\(seed) \(objective.vectorMemory)",
        ]
    }

    private func boxes(_ objective: any Objective, at theta: [Double], _ monitor: Monitor) throws -> [KeskarSharpness] {
        let spaces: [Int?] = subspace == nil ? [nil] : [nil, subspace]
        let count = boxEpsilons.count * spaces.count * boxRepeats
        var results: [KeskarSharpness] = []
        // The paper's order: the larger box first.
        for epsilon in boxEpsilons.sorted(by: >) {
            for space in spaces {
                let done = results.count * boxRepeats
                results.append(
                    try KeskarSharpness(
                        objective, at: theta, epsilon: epsilon, subspace: space, iterations: boxIterations,
                        repeats: boxRepeats, seed: seed, memoryLimit: objective.vectorMemory
                    ) {
                        try monitor.update("box", done + $0, of: count)
                    })
            }
        }
        return results
    }
}
