import MatrixFree
import Objectives
import Tensors

/// Projected ascent in a ball from several starts: the gradient's one-step point, ± the top eigenvector, the exact maximiser of
/// the quadratic model, and random points. θ itself is never moved.
public struct WorstCaseSearch {
    public var ball: Ball
    /// Iterations for each start at most. 50, ours: the references settle within 45.
    public var steps = 50
    /// Random starts beside the informed ones. 4, ours.
    public var restarts = 4
    /// A start has converged when no feasible direction promises more than this share of the increase, or four iterations
    /// brought less.
    public var tolerance = 1e-6
    public var seed: UInt64 = 0
    /// Called before every round of a climb with what it is and how many rounds are done of the most there can be; what it throws
    /// ends the search.
    public var progress: (_ start: String, _ done: Int, _ most: Int) throws -> Void = { _, _, _ in }

    /// Iterations between looks at which climbs have met, and how near (relative to ρ) is met.
    private static let round = 4, nearness = 0.05

    public init(_ ball: Ball) { self.ball = ball }

    /// Ends every climb that is near a higher one. Whether any goes on.
    private func join<O>(_ climbs: inout [Ascent<O>.Climb]) -> Bool {
        let order = climbs.indices.sorted { climbs[$0].value > climbs[$1].value }
        for (rank, i) in order.enumerated() where climbs[i].isActive {
            let near = order[..<rank].first { higher in
                climbs[higher].joined == nil
                    && ball.length(Vectors.sum(climbs[higher].z, -1, climbs[i].z)) < Self.nearness * ball.radius
            }
            if let near { (climbs[i].joined, climbs[i].isActive) = (climbs[near].name, false) }
        }
        return climbs.contains(where: \.isActive)
    }

    /// - Parameters:
    ///   - model: what is known around θ, of the same scaling; made here where nil.
    ///   - smaller: the best ε that was found in a smaller ball, one more start: so the curve over radii never falls.
    public func run<O: Objective>(
        _ objective: O, at theta: [Double], model given: LocalModel? = nil, smaller: WorstCaseSharpness? = nil
    ) throws -> WorstCaseSharpness {
        var ascent = Ascent(objective: objective, theta: theta, ball: ball)
        let origin = [Double](repeating: 0, count: theta.count)
        let random = RandomNumbers(seed: seed).named("worst case")
        let names =
            ["gradient", "top-eigenvector+", "top-eigenvector-"] + (ball.norm == .l2 ? ["trust-region"] : [])
            + (smaller == nil ? [] : ["smaller-radius"]) + (0..<max(0, restarts)).map { "random-\($0 + 1)" }
        let rounds = (steps + Self.round - 1) / Self.round
        try progress("spectrum", 0, names.count * rounds)
        let model = try given ?? LocalModel(objective, at: theta, scaling: ball.scaling, seed: seed)
        let base = (value: model.value, slope: model.slope)
        let oneStep = ball.farthest(along: base.slope)
        let oneStepValue = try objective.value(at: ascent.point(oneStep)) - base.value
        let curvature = CurvatureOperator(objective, at: theta, scaling: ball.scaling)
        // What radii share counts with the first.
        var products = smaller == nil ? model.products : 0
        var quadratic: QuadraticMaximum?
        if ball.norm == .l2 {
            func maximum(searchOutside: Bool) throws -> QuadraticMaximum {
                let result = try maximizeQuadratic(
                    gradient: base.slope, curvature, radius: ball.radius, tolerance: 1e-4, maximumProducts: 200,
                    searchOutside: searchOutside,
                    seed: seed)
                products += result.products
                return result
            }
            // Within the gradient's Krylov space it is the global maximum if its multiplier is above λmax, which is known.
            let inside = try maximum(searchOutside: false)
            quadratic = inside.multiplier >= model.largestEigenvalue ? inside : try maximum(searchOutside: true)
        }

        var climbs: [Ascent<O>.Climb] = []
        // A climb that has ended has none to go.
        func roundsDone(_ climbs: [Ascent<O>.Climb]) -> Int {
            climbs.reduce(0) { $0 + ($1.isActive ? $1.iterations / Self.round : rounds) }
        }
        for name in names {
            try progress(name, roundsDone(climbs), names.count * rounds)
            let start: [Double]
            switch name {
            case "gradient": start = oneStep
            case "top-eigenvector+": start = ball.farthest(along: model.topVector)
            case "top-eigenvector-": start = ball.farthest(along: model.topVector.map { -$0 })
            case "trust-region": start = ball.projection(quadratic!.maximizer)
            case "smaller-radius": start = ball.projection(smaller!.coordinates)
            default: start = ball.farthest(along: random.named(name).normals(theta.count))
            }
            var climb = try ascent.begin(name, at: start, base: base.value)
            try ascent.climb(&climb, iterations: min(steps, Self.round), tolerance: tolerance)
            climbs.append(climb)
        }
        // Round by round; of climbs that have come together only the highest goes on.
        while join(&climbs) {
            for i in climbs.indices where climbs[i].isActive {
                try progress(climbs[i].name, roundsDone(climbs), names.count * rounds)
                let before = climbs[i].increase
                try ascent.climb(
                    &climbs[i], iterations: min(Self.round, steps - climbs[i].iterations), tolerance: tolerance)
                // A round that brought next to nothing is the end as well: along flat directions a climb can creep for long.
                if climbs[i].isActive, climbs[i].increase - before <= tolerance * abs(before) { climbs[i].finish() }
                if climbs[i].iterations >= steps { climbs[i].isActive = false }
            }
        }

        var best = (z: origin, increase: 0.0)
        for climb in climbs where climb.increase > best.increase { best = (climb.z, climb.increase) }
        let records = climbs.map { climb in
            // The climb that went on where this one ended, perhaps by way of others.
            var leader: Ascent<O>.Climb?
            var next = climb.joined
            while let name = next {
                leader = climbs.first { $0.name == name }
                next = leader?.joined
            }
            return WorstCaseSharpness.Restart(
                start: climb.name, increase: max(climb.increase, leader?.increase ?? -.infinity),
                iterations: climb.iterations, curve: climb.curve,
                converged: leader?.converged ?? climb.converged, joined: leader?.name)
        }
        if oneStepValue > best.increase { best = (oneStep, oneStepValue) }

        let eigenvalue = model.largestEigenvalue
        let squareOfLength = ball.norm == .l2 ? 1 : Double(theta.count)
        let length = ball.length(best.z)
        var sharpness = WorstCaseSharpness(
            lowerBound: best.increase, oneStep: oneStepValue,
            estimate: ball.support(base.slope) + 0.5 * ball.radius * ball.radius * squareOfLength * max(eigenvalue, 0),
            quadraticModel: quadratic?.value, largestEigenvalue: eigenvalue, epsilonNorm: length,
            constraintIsActive: length >= ball.radius * (1 - 1e-6), restarts: records,
            gradients: ascent.gradients + (smaller == nil ? 1 : 0), products: products)
        sharpness.epsilon = ball.scaled(best.z)
        sharpness.coordinates = best.z
        return sharpness
    }
}

/// The climb in z = T⁻¹ε.
private struct Ascent<O: Objective> {
    let objective: O
    let theta: [Double]
    let ball: Ball
    private(set) var gradients = 0

    /// One start's way up.
    struct Climb {
        let name: String
        let base: Double
        var z: [Double], value: Double, slope: [Double]
        /// Increase after every iteration.
        var curve: [Double]
        var converged = false, isActive = true
        /// How far beyond the farthest point the next step tries to go, in lengths of the way there.
        var stretch = 1.0
        /// The higher climb that it met.
        var joined: String?

        var iterations: Int { curve.count - 1 }
        var increase: Double { value - base }

        mutating func finish() { (converged, isActive) = (true, false) }
    }

    init(objective: O, theta: [Double], ball: Ball) {
        (self.objective, self.theta, self.ball) = (objective, theta, ball)
    }

    func point(_ z: [Double]) -> [Double] { Vectors.sum(theta, 1, ball.scaled(z)) }

    /// L and ∂L/∂z.
    mutating func evaluate(_ z: [Double]) throws -> (value: Double, slope: [Double]) {
        gradients += 1
        let (value, gradient) = try objective.valueAndGradient(at: point(z))
        return (value, ball.scaled(gradient))
    }

    mutating func begin(_ name: String, at z: [Double], base: Double) throws -> Climb {
        let (value, slope) = try evaluate(z)
        return Climb(
            name: name, base: base, z: z, value: value, slope: slope, curve: [value - base], isActive: value.isFinite)
    }

    /// Each iteration tries to go towards the ball's farthest point along the slope (the limit of a projected step as its
    /// length grows, which for a convex function always leads up) and beyond it, as far as has worked lately; then that point
    /// itself; then projected steps of shrinking length.
    mutating func climb(_ c: inout Climb, iterations: Int, tolerance: Double) throws {
        for _ in 0..<iterations where c.isActive {
            let far = ball.farthest(along: c.slope)
            // What a first-order model still promises within the ball (the Frank–Wolfe gap).
            let gap = Vectors.dot(c.slope, far) - Vectors.dot(c.slope, c.z)
            var accepted = false
            if gap > tolerance * max(abs(c.increase), 1e-12) {
                let length = Vectors.norm(c.slope)
                var reach = ball.length(far) * 4
                let towards = Vectors.sum(far, -1, c.z)
                for attempt in (c.stretch > 1 ? 0 : 1)..<9 {
                    let candidate =
                        switch attempt {
                        case 0: ball.stretched(Vectors.sum(c.z, c.stretch, towards))
                        case 1: far
                        default: ball.projection(Vectors.sum(c.z, reach / length, c.slope))
                        }
                    let next = try evaluate(candidate)
                    if next.value > c.value {
                        (c.z, c.value, c.slope) = (candidate, next.value, next.slope)
                        c.stretch = attempt < 2 ? min(64, c.stretch * 2) : 1
                        accepted = true
                        break
                    }
                    if attempt == 0 { c.stretch = 1 }
                    if attempt > 1 { reach /= 4 }
                }
            }
            if !accepted {
                // At the top, or nothing nearby is higher in this arithmetic.
                c.finish()
                return
            }
            c.curve.append(c.increase)
            if !c.value.isFinite { c.isActive = false }
        }
    }
}
