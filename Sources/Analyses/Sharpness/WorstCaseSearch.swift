import MatrixFree
import Objectives
import Tensors

/// Projected ascent in a ball from several starts: the gradient's one-step point, ± the top eigenvectors, the exact maximiser of
/// the quadratic model, ± the one-step points of single classes, and random points; then from points between the highest tops. θ itself
/// is never moved.
///
/// The highest starts climb in heats until little more is gained; those that fall too far behind are given up. In a cube, hops from
/// the highest top follow (basin hopping, Wales & Doye 1997, arXiv cond-mat/9803344). The highest tops then climb on to `tolerance`, and
/// of those that come together only one. With much data the heats are run on a part of it, the scout: a top there is a start here.
public struct WorstCaseSearch {
    /// The set of perturbations.
    public var ball: Ball
    /// Iterations for each start at most, in the heats and after. 50, ours: the references settle within 45.
    public var steps = 50
    /// Random starts beside the informed ones. 4, and 12 for ℓ∞, ours: in a cube maxima are corners, and many.
    public var restarts: Int
    /// Classes to start from at most, in both directions; 10, ours.
    public var classes = Self.usualClasses
    /// A climb has converged when no feasible direction promises more than this share of the increase, or four iterations
    /// brought less.
    public var tolerance = 1e-9
    /// Of the random starts.
    public var seed: UInt64 = 0
    /// Bytes for vectors: a Krylov basis, and then starts and climbs. What is beyond them goes to a file in the folder of temporary
    /// files.
    public var memoryLimit = 4 << 30
    /// Where starts and climbs rest.
    var shelf = VectorShelf(room: .max)
    /// Called before every round of a climb with what it is and how many percent of the work may be done, which never falls; what
    /// it throws ends the search.
    public var progress: (_ start: String, _ done: Int, _ most: Int) throws -> Void = { _, _, _ in }

    /// Part of the data, on which the heats are run, and what is known around θ there.
    public struct Scout {
        let objective: any Objective
        /// How many examples it has.
        public let examples: Int
        let model: LocalModel

        /// - Parameters:
        ///   - objective: the loss on a part of the data.
        ///   - model: what is known around θ there.
        public init(_ objective: any Objective, examples: Int, model: LocalModel) {
            (self.objective, self.examples, self.model) = (objective, examples, model)
        }

        /// A vector that may be near the top eigenvector of all data.
        public var topVector: [Double] { model.topVector }
    }

    /// Iterations between looks at which climbs have met, and how near (relative to ρ) is met.
    static let round = 4, nearness = 0.05
    /// Tolerance of the heats, and how near (relative to ρ) a climb there is to a top that it would come to.
    static let heatTolerance = 1e-3, heatNearness = 0.15
    /// Starts in a row that lead no higher, after which the others do not climb, unless more random ones are asked for. 5, ours: the
    /// bounds of the references are those of all starts to 1e-5, for two fifths of the gradients (docs/performance.md).
    static let doubts = 5
    /// Tops that climb on, if they are within this share of the highest.
    static let finalists = 3, close = 0.01
    /// Tops between which new starts are made, and how often.
    static let parents = 3, generations = 2
    /// Hops draw anew the coordinates of the smallest slopes that make up these shares of ‖slope‖₁, in turn. Ours: of shares from
    /// 0.05 to 0.9 these led highest on six networks.
    static let shares = [0.1, 0.05, 0.025]
    /// Hops in a row that led no higher, after which there are no more; and the most. 12 and 100, ours.
    static let hopPatience = 12, mostHops = 100
    /// Tops within this share of the highest leave hops nothing to look for. 0.01, ours.
    static let agreement = 0.01
    /// Starts that climb at most, if no more random ones are asked for: those of the highest losses. 16, ours: with 16 of about 30 the
    /// bounds of six networks were no lower on average than with all, for a fifth fewer gradients. A ViT's was lower by 1.1 % for ρ = 0.05
    /// in a cube. With 12 a WRN's for ρ = 8 in ℓ2 was lower, too.
    static let climbing = 16
    /// Classes to start from, and examples of each at most. Ours.
    static let usualClasses = 10, examplesOfClass = 1024
    /// Eigenvectors to start from, in both directions. 1, ours: with 3 no bound of the references was higher by 1e-5.
    public static let eigenvectors = 1

    /// A search with the defaults in a ball.
    public init(_ ball: Ball) {
        self.ball = ball
        restarts = ball.norm == .l2 ? 4 : 12
    }

    /// - Parameters:
    ///   - scout: a part of the data, where all of it takes long.
    ///   - model: what is known around θ, of the same scaling; made here where nil.
    ///   - smaller: the best ε that was found in a smaller ball, one more start: so the curve over radii never falls.
    public func run(
        _ objective: any Objective, at theta: [Double], scout: Scout? = nil, model given: LocalModel? = nil,
        smaller: WorstCaseSharpness? = nil
    ) throws -> WorstCaseSharpness {
        var search = self
        search.shelf = VectorShelf(room: max(0, memoryLimit / (8 * theta.count) - Self.awake))
        return try search.run(on: objective, at: theta, scout: scout, model: given, smaller: smaller)
    }

    private func run(
        on objective: any Objective, at theta: [Double], scout: Scout?, model given: LocalModel?,
        smaller: WorstCaseSharpness?
    ) throws -> WorstCaseSharpness {
        let stages = Stages(progress)
        try stages.tell("spectrum", 0, 1, of: 0..<5)
        let model =
            try given
            ?? LocalModel(
                objective, at: theta, scaling: ball.scaling, radii: ball.quadraticRadii,
                vectors: scout == nil ? Self.eigenvectors : 1,
                start: scout?.topVector, memoryLimit: memoryLimit, seed: seed)
        var quadratic = model.quadraticMaxima.first { ball.quadraticRadii.contains($0.radius) }
        // What radii share counts with the first.
        var products = smaller == nil ? model.products : 0
        if ball.norm == .l2, quadratic == nil {
            let found = try quadraticMaximum(
                CurvatureOperator(objective, at: theta, scaling: ball.scaling), model)
            quadratic = found
            products += found.products
        }

        var whole = Ascent(objective, at: theta, ball, base: model.value)
        let oneStep = ball.farthest(along: model.slope)
        let oneStepValue = try whole.increase(oneStep)
        var heats = scout.map { Ascent($0.objective, at: theta, ball, base: $0.model.value) } ?? whole
        let (starts, classes) = try starts(
            &heats, oneStep: oneStep, eigenvectors: scout?.model.topVectors ?? model.topVectors, quadratic, smaller,
            objective, at: theta)
        var (climbs, hops) = try run(&heats, starts, stages)
        let finalists = Array(heats.tops(&climbs, nearness: Self.nearness).prefix(Self.finalists))
        if scout == nil {
            whole = heats
        } else {
            climbs = try onWhole(&whole, climbs, stages)
        }
        try finish(&whole, &climbs, finalists, stages)

        var best = (z: Vectors.zeros(theta.count), increase: 0.0)
        // What joined another has an increase on the scout's data.
        for climb in climbs where climb.isTop && climb.increase > best.increase {
            best = (climb.place, climb.increase)
        }
        if oneStepValue.isFinite, oneStepValue > best.increase { best = (oneStep, oneStepValue) }
        let squareOfLength = ball.norm == .l2 ? 1 : Double(theta.count)
        let length = ball.length(best.z)
        var sharpness = WorstCaseSharpness(
            lowerBound: best.increase, oneStep: oneStepValue,
            estimate: ball.support(model.slope)
                + 0.5 * ball.radius * ball.radius * squareOfLength * max(model.largestEigenvalue, 0),
            quadraticModel: quadratic?.value, largestEigenvalue: model.largestEigenvalue, epsilonNorm: length,
            constraintIsActive: length >= ball.radius * (1 - 1e-6), restarts: records(climbs), hops: hops,
            gradients: whole.gradients + (smaller == nil ? 1 : 0) + (classes == 0 ? 0 : 1), values: whole.values,
            products: products,
            nonfinite: whole.nonfinite + (scout == nil ? 0 : heats.nonfinite),
            scout: scout.map {
                .init(
                    examples: $0.examples, gradients: heats.gradients + (smaller == nil ? 1 : 0), values: heats.values,
                    products: smaller == nil ? $0.model.products : 0)
            })
        sharpness.epsilon = ball.scaled(best.z)
        sharpness.coordinates = best.z
        return sharpness
    }

    private func quadraticMaximum(_ curvature: some LinearOperator, _ model: LocalModel) throws -> QuadraticMaximum {
        func maximum(searchOutside: Bool) throws -> QuadraticMaximum {
            try GeneralizedLanczosTrustRegion(
                radius: ball.radius, tolerance: LocalModel.quadraticTolerance, maximumProducts: 200,
                memoryLimit: memoryLimit,
                searchOutside: searchOutside, seed: seed
            ).run(curvature, gradient: model.slope)
        }
        // Within the gradient's Krylov space it is the global maximum if its multiplier is above λmax, which is known.
        let inside = try maximum(searchOutside: false)
        return inside.multiplier >= model.largestEigenvalue ? inside : try maximum(searchOutside: true)
    }

    /// The tops of the heats seen with all data: those of the finalists with their slope, of the others the increase alone.
    private func onWhole(_ whole: inout Ascent, _ climbs: [Ascent.Climb], _ stages: Stages) throws -> [Ascent.Climb] {
        var result = climbs
        let tops = whole.tops(&result, nearness: Self.nearness)
        for (rank, i) in tops.enumerated() {
            try stages.tell(climbs[i].name, rank, tops.count, of: 75..<80)
            if rank < Self.finalists {
                result[i] = try whole.begin(climbs[i].name, at: climbs[i].place)
            } else {
                result[i].increase = try whole.increase(climbs[i].place)
            }
            result[i].curve = [result[i].increase]
            try result[i].rest(on: shelf)
        }
        return result
    }

    /// The finalists go on to the tolerance, among themselves.
    private func finish(
        _ whole: inout Ascent, _ climbs: inout [Ascent.Climb], _ finalists: [Int], _ stages: Stages
    ) throws {
        var last = finalists.map { climbs[$0] }
        let done = last.map(\.iterations).max() ?? 0
        let highest = last.map(\.increase).filter(\.isFinite).max() ?? 0
        for i in last.indices where last[i].increase >= highest * (1 - Self.close) {
            (last[i].isActive, last[i].converged) = (true, false)
        }
        while whole.join(&last, nearness: Self.nearness) {
            try goOn(&whole, &last, tolerance: tolerance, most: done + steps, stages, of: 80..<100)
        }
        for (i, climb) in zip(finalists, last) {
            climbs[i] = climb
            try climbs[i].rest(on: shelf)
        }
    }

    private func records(_ climbs: [Ascent.Climb]) -> [WorstCaseSharpness.Restart] {
        climbs.map { climb in
            // The climb that went on where this one ended, perhaps by way of others.
            var leader: Ascent.Climb?
            var next = climb.joined
            while let name = next {
                leader = climbs.first { $0.name == name }
                next = leader?.joined
            }
            return WorstCaseSharpness.Restart(
                start: climb.name, increase: leader?.increase ?? climb.increase, iterations: climb.iterations,
                curve: climb.curve, converged: leader?.converged ?? climb.converged, joined: leader?.name,
                leftBehind: (leader ?? climb).leftBehind)
        }
    }
}

/// Makes one progress of those of the search's parts.
final class Stages {
    private let progress: (String, Int, Int) throws -> Void
    private var percent = 0

    init(_ progress: @escaping (String, Int, Int) throws -> Void) { self.progress = progress }

    /// - Parameter range: the percents of the whole that the part has, ours.
    func tell(_ name: String, _ done: Int, _ most: Int, of range: Range<Int>) throws {
        let share = min(1, Double(done) / Double(max(1, most)))
        percent = max(percent, range.lowerBound + Int(share * Double(range.count)))
        try progress(name, percent, 100)
    }
}
