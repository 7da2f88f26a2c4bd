import MatrixFree
import Objectives
import Tensors

/// Projected ascent in a ball from several starts: the gradient's one-step point, ± the top eigenvectors, the exact maximiser of
/// the quadratic model, and random points; then from points between the highest tops. θ itself is never moved.
///
/// The starts climb in heats until little more is gained. The highest tops then climb on to `tolerance`, and of those that come
/// together only one. With much data the heats are run on a part of it, the scout: a top there is a start here.
public struct WorstCaseSearch {
    /// The set of perturbations.
    public var ball: Ball
    /// Iterations for each start at most, in the heats and after. 50, ours: the references settle within 45.
    public var steps = 50
    /// Random starts beside the informed ones. 4, and 12 for ℓ∞, ours: in a cube maxima are corners, and many.
    public var restarts: Int
    /// A climb has converged when no feasible direction promises more than this share of the increase, or four iterations
    /// brought less.
    public var tolerance = 1e-9
    /// Of the random starts.
    public var seed: UInt64 = 0
    /// Bytes for a Krylov basis, while the climbs have not begun.
    public var memoryLimit = 4 << 30
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
    private static let round = 4, nearness = 0.05
    /// Tolerance of the heats; tops that climb on; tops between which new starts are made, and how often.
    private static let heatTolerance = 1e-3, finalists = 3, parents = 4, generations = 3
    /// Eigenvectors to start from, in both directions.
    public static let eigenvectors = 3

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
        let stages = Stages(progress)
        try stages.tell("spectrum", 0, 1, of: 0..<5)
        let model =
            try given
            ?? LocalModel(
                objective, at: theta, scaling: ball.scaling, vectors: scout == nil ? Self.eigenvectors : 1,
                start: scout?.topVector, memoryLimit: memoryLimit, seed: seed)
        let curvature = CurvatureOperator(objective, at: theta, scaling: ball.scaling)
        let quadratic = ball.norm == .l2 ? try quadraticMaximum(curvature, model) : nil
        // What radii share counts with the first.
        let products = (smaller == nil ? model.products : 0) + (quadratic?.products ?? 0)

        var whole = Ascent(objective, at: theta, ball, base: model.value)
        let oneStep = ball.farthest(along: model.slope)
        let oneStepValue = try whole.increase(oneStep)
        var heats = scout.map { Ascent($0.objective, at: theta, ball, base: $0.model.value) } ?? whole
        let starts = starts(
            oneStep: oneStep, eigenvectors: scout?.model.topVectors ?? model.topVectors, quadratic, smaller)
        var climbs = try run(&heats, starts, stages)
        let finalists = Array(heats.tops(&climbs, nearness: Self.nearness).prefix(Self.finalists))
        if scout == nil {
            whole = heats
        } else {
            climbs = try onWhole(&whole, climbs, stages)
        }
        try finish(&whole, &climbs, finalists, stages)

        var best = (z: [Double](repeating: 0, count: theta.count), increase: 0.0)
        // What joined another has an increase on the scout's data.
        for climb in climbs where climb.joined == nil && climb.increase.isFinite && climb.increase > best.increase {
            best = (climb.z, climb.increase)
        }
        if oneStepValue.isFinite, oneStepValue > best.increase { best = (oneStep, oneStepValue) }
        let squareOfLength = ball.norm == .l2 ? 1 : Double(theta.count)
        let length = ball.length(best.z)
        var sharpness = WorstCaseSharpness(
            lowerBound: best.increase, oneStep: oneStepValue,
            estimate: ball.support(model.slope)
                + 0.5 * ball.radius * ball.radius * squareOfLength * max(model.largestEigenvalue, 0),
            quadraticModel: quadratic?.value, largestEigenvalue: model.largestEigenvalue, epsilonNorm: length,
            constraintIsActive: length >= ball.radius * (1 - 1e-6), restarts: records(climbs),
            gradients: whole.gradients + (smaller == nil ? 1 : 0), values: whole.values, products: products,
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
                radius: ball.radius, tolerance: 1e-4, maximumProducts: 200, memoryLimit: memoryLimit,
                searchOutside: searchOutside, seed: seed
            ).run(curvature, gradient: model.slope)
        }
        // Within the gradient's Krylov space it is the global maximum if its multiplier is above λmax, which is known.
        let inside = try maximum(searchOutside: false)
        return inside.multiplier >= model.largestEigenvalue ? inside : try maximum(searchOutside: true)
    }

    private func starts(
        oneStep: [Double], eigenvectors: [[Double]], _ quadratic: QuadraticMaximum?, _ smaller: WorstCaseSharpness?
    ) -> [(name: String, z: [Double])] {
        var starts = [(name: "gradient", z: oneStep)]
        for (i, vector) in eigenvectors.enumerated() {
            let name = i == 0 ? "top-eigenvector" : "eigenvector-\(i + 1)"
            starts.append((name + "+", ball.farthest(along: vector)))
            starts.append((name + "-", ball.farthest(along: vector.map { -$0 })))
        }
        if let quadratic { starts.append(("trust-region", ball.projection(quadratic.maximizer))) }
        if let smaller { starts.append(("smaller-radius", ball.projection(smaller.coordinates))) }
        let random = RandomNumbers(seed: seed).named("worst case")
        for i in 0..<max(0, restarts) {
            let name = "random-\(i + 1)"
            starts.append((name, ball.farthest(along: random.named(name).normals(oneStep.count))))
        }
        return starts
    }

    /// The heats: every start, and then starts between the highest tops as long as that leads higher.
    private func run(
        _ ascent: inout Ascent, _ starts: [(name: String, z: [Double])], _ stages: Stages
    ) throws -> [Ascent.Climb] {
        var climbs: [Ascent.Climb] = []
        try heat(&ascent, &climbs, starts, stages)
        var born = 0
        for _ in 0..<Self.generations {
            let tops = ascent.tops(&climbs, nearness: Self.nearness).map { climbs[$0] }.filter(\.increase.isFinite)
            guard tops.count > 1, tops[0].increase > 0 else { break }
            var between: [(name: String, z: [Double])] = []
            for other in tops[1..<min(Self.parents, tops.count)] {
                // Where the two differ in direction the slope decides.
                born += 1
                between.append(("between-\(born)", ball.stretched(Vectors.sum(tops[0].z, 1, other.z).map { $0 / 2 })))
            }
            try heat(&ascent, &climbs, between, stages)
            let higher = climbs.map(\.increase).filter(\.isFinite).max() ?? 0
            guard higher > tops[0].increase * (1 + Self.heatTolerance) else { break }
        }
        return climbs
    }

    /// Adds the climbs from more starts, round by round; of climbs that have come together only the highest goes on.
    private func heat(
        _ ascent: inout Ascent, _ climbs: inout [Ascent.Climb], _ starts: [(name: String, z: [Double])],
        _ stages: Stages
    ) throws {
        let tolerance = max(tolerance, Self.heatTolerance)
        let known = climbs.count
        for start in starts {
            try stages.tell(start.name, climbs.count - known, starts.count, of: 5..<60)
            var climb = try ascent.begin(start.name, at: start.z)
            try ascent.climb(&climb, iterations: min(steps, Self.round), tolerance: tolerance)
            climbs.append(climb)
        }
        while ascent.join(&climbs, nearness: Self.nearness) {
            try goOn(&ascent, &climbs, tolerance: tolerance, most: steps, stages, of: 60..<75)
        }
    }

    /// One round of every climb that goes on.
    private func goOn(
        _ ascent: inout Ascent, _ climbs: inout [Ascent.Climb], tolerance: Double, most: Int, _ stages: Stages,
        of percent: Range<Int>
    ) throws {
        for i in climbs.indices where climbs[i].isActive {
            try stages.tell(climbs[i].name, climbs[i].iterations, most, of: percent)
            let before = climbs[i].increase
            try ascent.climb(
                &climbs[i], iterations: min(Self.round, most - climbs[i].iterations), tolerance: tolerance)
            // A round that brought next to nothing is the end as well: along flat directions a climb can creep for long.
            if climbs[i].isActive, climbs[i].increase - before <= tolerance * abs(before) { climbs[i].finish() }
            if climbs[i].iterations >= most { climbs[i].isActive = false }
        }
    }

    /// The tops of the heats seen with all data: those of the finalists with their slope, of the others the increase alone.
    private func onWhole(_ whole: inout Ascent, _ climbs: [Ascent.Climb], _ stages: Stages) throws -> [Ascent.Climb] {
        var result = climbs
        let tops = whole.tops(&result, nearness: Self.nearness)
        for (rank, i) in tops.enumerated() {
            try stages.tell(climbs[i].name, rank, tops.count, of: 75..<80)
            if rank < Self.finalists {
                result[i] = try whole.begin(climbs[i].name, at: climbs[i].z)
            } else {
                result[i].increase = try whole.increase(climbs[i].z)
            }
            result[i].curve = [result[i].increase]
        }
        return result
    }

    /// The finalists go on to the tolerance, among themselves.
    private func finish(
        _ whole: inout Ascent, _ climbs: inout [Ascent.Climb], _ finalists: [Int], _ stages: Stages
    ) throws {
        var last = finalists.map { climbs[$0] }
        let done = last.map(\.iterations).max() ?? 0
        for i in last.indices { (last[i].isActive, last[i].converged) = (true, false) }
        while whole.join(&last, nearness: Self.nearness) {
            try goOn(&whole, &last, tolerance: tolerance, most: done + steps, stages, of: 80..<100)
        }
        for (i, climb) in zip(finalists, last) { climbs[i] = climb }
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
                curve: climb.curve, converged: leader?.converged ?? climb.converged, joined: leader?.name)
        }
    }
}

/// Makes one progress of those of the search's parts.
private final class Stages {
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
