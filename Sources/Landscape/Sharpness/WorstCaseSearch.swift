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
    /// A start has converged when no feasible direction promises more than this share of the increase.
    public var tolerance = 1e-7
    public var seed: UInt64 = 0
    /// Called before every start with what it is; what it throws ends the search.
    public var progress: (_ start: String, _ number: Int, _ count: Int) throws -> Void = { _, _, _ in }

    public init(_ ball: Ball) { self.ball = ball }

    public func run<O: Objective>(_ objective: O, at theta: [Double]) throws -> WorstCaseSharpness {
        var ascent = Ascent(objective: objective, theta: theta, ball: ball)
        let origin = [Double](repeating: 0, count: theta.count)
        let base = try ascent.evaluate(origin)
        let oneStep = ball.farthest(along: base.slope)
        let oneStepValue = try objective.value(at: ascent.point(oneStep)) - base.value

        let random = RandomNumbers(seed: seed).named("worst case")
        let names =
            ["gradient", "top-eigenvector+", "top-eigenvector-"] + (ball.norm == .l2 ? ["trust-region"] : [])
            + (0..<max(0, restarts)).map { "random-\($0 + 1)" }
        try progress("spectrum", 0, names.count)
        let curvature = CurvatureOperator(objective, at: theta, scaling: ball.scaling)
        let top = try lanczos(curvature, largest: 1, tolerance: 1e-3, maximumProducts: 200, seed: seed)
        var products = top.products
        var quadratic: QuadraticMaximum?
        if ball.norm == .l2 {
            quadratic = try maximizeQuadratic(gradient: base.slope, curvature, radius: ball.radius, tolerance: 1e-4, maximumProducts: 200, seed: seed)
            products += quadratic!.products
        }

        var best = (z: origin, increase: 0.0)
        var records: [WorstCaseSharpness.Restart] = []
        for (number, name) in names.enumerated() {
            try progress(name, number + 1, names.count)
            let start: [Double]
            switch name {
            case "gradient": start = oneStep
            case "top-eigenvector+": start = ball.farthest(along: top.largestVectors[0])
            case "top-eigenvector-": start = ball.farthest(along: top.largestVectors[0].map { -$0 })
            case "trust-region": start = ball.projection(quadratic!.maximizer)
            default: start = ball.farthest(along: random.named(name).normals(theta.count))
            }
            let result = try ascent.climb(from: start, base: base.value, steps: steps, tolerance: tolerance)
            records.append(
                .init(start: name, increase: result.increase, iterations: result.curve.count - 1, curve: result.curve, converged: result.converged))
            if result.increase > best.increase { best = (result.z, result.increase) }
        }
        if oneStepValue > best.increase { best = (oneStep, oneStepValue) }

        let eigenvalue = top.largest[0].value
        let squareOfLength = ball.norm == .l2 ? 1 : Double(theta.count)
        let length = ball.length(best.z)
        var sharpness = WorstCaseSharpness(
            lowerBound: best.increase, oneStep: oneStepValue,
            estimate: ball.support(base.slope) + 0.5 * ball.radius * ball.radius * squareOfLength * max(eigenvalue, 0),
            quadraticModel: quadratic?.value, largestEigenvalue: eigenvalue, epsilonNorm: length,
            constraintIsActive: length >= ball.radius * (1 - 1e-6), restarts: records, gradients: ascent.gradients, products: products)
        sharpness.epsilon = ball.scaled(best.z)
        return sharpness
    }
}

/// The climb in z = T⁻¹ε.
private struct Ascent<O: Objective> {
    let objective: O
    let theta: [Double]
    let ball: Ball
    private(set) var gradients = 0

    init(objective: O, theta: [Double], ball: Ball) { (self.objective, self.theta, self.ball) = (objective, theta, ball) }

    func point(_ z: [Double]) -> [Double] { Vectors.sum(theta, 1, ball.scaled(z)) }

    /// L and ∂L/∂z.
    mutating func evaluate(_ z: [Double]) throws -> (value: Double, slope: [Double]) {
        gradients += 1
        let (value, gradient) = try objective.valueAndGradient(at: point(z))
        return (value, ball.scaled(gradient))
    }

    /// Each iteration tries the ball's farthest point along the slope first (the limit of a projected step as its length
    /// grows, which for a convex function always leads up), then projected steps of shrinking length.
    mutating func climb(
        from start: [Double], base: Double, steps: Int, tolerance: Double
    ) throws -> (z: [Double], increase: Double, curve: [Double], converged: Bool) {
        var z = start
        var (value, slope) = try evaluate(z)
        var curve = [value - base], converged = false
        for _ in 0..<steps where value.isFinite {
            let far = ball.farthest(along: slope)
            // What a first-order model still promises within the ball (the Frank–Wolfe gap).
            let gap = Vectors.dot(slope, far) - Vectors.dot(slope, z)
            if gap <= tolerance * max(abs(value - base), 1e-12) {
                converged = true
                break
            }
            var accepted = false
            let length = Vectors.norm(slope)
            var reach = ball.length(far) * 4
            for attempt in 0..<12 {
                let candidate = attempt == 0 ? far : ball.projection(Vectors.sum(z, reach / length, slope))
                let next = try evaluate(candidate)
                if next.value.isNaN == false, next.value > value || next.value == .infinity {
                    (z, value, slope) = (candidate, next.value, next.slope)
                    accepted = true
                    break
                }
                if attempt > 0 { reach /= 4 }
            }
            if !accepted {
                converged = true  // nothing nearby is higher in this arithmetic
                break
            }
            curve.append(value - base)
        }
        return (z, value - base, curve, converged)
    }
}
