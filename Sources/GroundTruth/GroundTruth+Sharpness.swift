import Analyses
import MatrixFree
import Objectives
import Tensors

extension GroundTruth {
    /// A quadratic with known eigenvalues along the axes, so that every answer has a formula.
    private static func quadratic(_ eigenvalues: [Double], linear: [Double]) -> QuadraticObjective {
        let n = eigenvalues.count
        var matrix = [Double](repeating: 0, count: n * n)
        for (i, value) in eigenvalues.enumerated() { matrix[i * n + i] = value }
        return QuadraticObjective(matrix: matrix, linear: linear, constant: 1)
    }

    /// max gᵀε + ½ Σ λ_i ε_i² in the ball, by bisection of the secular equation Σ g_i²/(μ − λ_i)² = ρ² (no hard case: g_i ≠ 0).
    private static func secularMaximum(_ eigenvalues: [Double], _ gradient: [Double], radius: Double) -> Double {
        func epsilon(_ mu: Double) -> [Double] { zip(gradient, eigenvalues).map { $0 / (mu - $1) } }
        let top = eigenvalues.max() ?? 0
        var low = max(top, 0), high = low + Vectors.norm(gradient) / radius + 1
        // Inside the ball, the multiplier is 0.
        if top < 0, Vectors.norm(epsilon(0)) <= radius {
            high = 0
        } else {
            for _ in 0..<200 {
                let middle = 0.5 * (low + high)
                if Vectors.norm(epsilon(middle)) > radius { low = middle } else { high = middle }
            }
        }
        let best = epsilon(high)
        return Vectors.dot(gradient, best)
            + 0.5 * Vectors.dot(Vectors.product(eigenvalues, best), best)
    }

    static func sharpness() throws -> [Claim] {
        let theta = [0.1, 0.2, -0.3, 0.4, 0.5, -0.6]
        let linear = [0.3, -0.2, 0.1, 0.4, -0.5, 0.25]
        let spectra = [[5.0, 3, 1, 0.5, 0.1, 0.01], [2.0, 1, 0, -1, -3, -8], [-1.0, -2, -3, -4, -5, -6]]
        let flat = quadratic([0, 0, 0, 0, 0, 0], linear: linear)
        let loss = flat.value(at: theta)
        let bent = quadratic([5, 3, 1, -0.5, 0.1, 2], linear: linear)

        func worst(_ objective: QuadraticObjective, _ ball: Ball, at point: [Double]) throws -> WorstCaseSharpness {
            try WorstCaseSearch(ball).run(objective, at: point)
        }
        /// The largest relative error of a value over spectra and radii.
        func overQuadratics(_ value: (WorstCaseSharpness) -> Double) throws -> Double {
            var error = 0.0
            for eigenvalues in spectra {
                for radius in [0.01, 0.3, 5] {
                    let objective = quadratic(eigenvalues, linear: linear)
                    let gradient = objective.valueAndGradient(at: theta).gradient
                    let exact = secularMaximum(eigenvalues, gradient, radius: radius)
                    let found = try worst(objective, Ball(radius: radius), at: theta)
                    error = max(error, relativeDifference(value(found), exact))
                }
            }
            return error
        }
        return [
            Claim("sharpness", "quadratic in a ball: the search reaches the secular equation's optimum", within: 1e-5) {
                try overQuadratics(\.lowerBound)
            },
            Claim("sharpness", "quadratic in a ball: the model's maximum is that optimum", within: 1e-4) {
                try overQuadratics { $0.quadraticModel ?? .nan }
            },
            Claim("sharpness", "critical point: S_ρ = ½ρ² max(λmax, 0)", within: 1e-9) {
                let spectra: [[Double]] = [[4, 1, 0.2, 0, 0, -9], [-1, -2, -3, -4, -5, -6]]
                return try spectra.reduce(0.0) { error, eigenvalues in
                    let objective = quadratic(eigenvalues, linear: [0, 0, 0, 0, 0, 0])
                    let found = try worst(objective, Ball(radius: 0.3), at: [0, 0, 0, 0, 0, 0])
                    return max(error, abs(found.lowerBound - 0.045 * max(eigenvalues[0], 0)))
                }
            },
            Claim("sharpness", "linear function, ℓ∞: ρ‖g‖₁, at one step and by the search", within: 1e-12) {
                let found = try worst(flat, Ball(norm: .linf, radius: 0.1), at: theta)
                let exact = 0.1 * linear.reduce(0) { $0 + Swift.abs($1) }
                return relativeDifference([found.oneStep, found.lowerBound], [exact, exact])
            },
            Claim(
                "sharpness", "linear function, adaptive: ρ‖Tg‖₂ (ε = ρT²g/‖Tg‖, not Tg), a zero weight stays",
                within: 1e-12
            ) {
                var point = theta
                point[2] = 0
                let found = try worst(
                    flat, Ball(radius: 0.1, scaling: Ball.adaptiveScaling(point, eta: 0)), at: point)
                if found.epsilon[2] != 0 { return .infinity }
                let exact = 0.1 * Vectors.norm(zip(point, linear).map { abs($0) * $1 })
                return relativeDifference([found.oneStep, found.lowerBound], [exact, exact])
            },
            Claim("sharpness", "Keskar on a linear function: 100 ε Σ|g|(|θ| + 1)/(1 + L)", within: 1e-9) {
                try [1e-3, 5e-4].reduce(0.0) { (error: Double, epsilon: Double) in
                    let widths = theta.map { epsilon * (abs($0) + 1) }
                    let increase = Vectors.dot(widths, linear.map { abs($0) })
                    let found = try KeskarSharpness(flat, at: theta, epsilon: epsilon)
                    return max(error, relativeDifference(found.value, 100 * increase / (1 + loss)))
                }
            },
            Claim("sharpness", "average case of a quadratic = ½ρ² tr(THT): error in standard errors", within: 4) {
                let t = Ball.adaptiveScaling(theta, eta: 0.1)
                let diagonal = (0..<6).map { bent.matrix[$0 * 7] }
                let exact = 0.02 * Vectors.dot(Vectors.product(t, diagonal), t)
                let found = try AverageCaseSharpness(
                    bent, at: theta, deviation: 0.2, scaling: t, pairs: 2000, seed: 3)
                return abs(found.value - exact) / found.standardError
            },
            Claim("sharpness", "quadratic: critical and directional sharpness = gᵀHg/gᵀg", within: 1e-12) {
                let (value, gradient) = bent.valueAndGradient(at: theta)
                let product = bent.hessianVectorProducts(at: theta, along: [gradient])[0]
                let exact = Vectors.dot(gradient, product) / Vectors.dot(gradient, gradient)
                let found = try CriticalSharpness(bent, at: theta, value: value, gradient: gradient)
                let directional = try DirectionalSharpness(bent, at: theta, along: gradient)
                return relativeDifference([found.value, directional.value], [exact, exact])
            },
            Claim(
                "sharpness", "quadratic: the noise σ that costs 0.1, ½σ² tr H = 0.1: error in standard errors",
                within: 4
            ) {
                let trace = (0..<6).reduce(0) { $0 + bent.matrix[$1 * 7] }
                let found = try PACBayesFlatness(bent, at: theta, pairs: 2000, seed: 3)
                return abs(found.sigma - (0.2 / trace).squareRoot()) / found.standardError
            },
            Claim(
                "sharpness", "quadratic: the learning coefficient is P/2: error in standard errors, 2 % allowed",
                within: 4
            ) {
                let objective = quadratic([3, 2, 1, 0.5], linear: [0, 0, 0, 0])
                let found = try LearningCoefficient(
                    objective, at: [0, 0, 0, 0], inverseTemperature: 200, localization: 0, draws: 1000)
                return max(0, abs(found.value - 2) - 0.04) / found.standardError
            },
            Claim("sharpness", "quadratic: the Fisher–Rao norm is θᵀAθ", within: 1e-14) {
                let product = bent.hessianVectorProducts(at: theta, along: [theta])[0]
                return relativeDifference(try FisherRaoNorm(bent, at: theta).value, Vectors.dot(theta, product))
            },
            Claim(
                "sharpness", "½(ab − 1)² at ab = 1, symmetry-corrected: ½((1 + ρ/√2)² − 1)² from every point",
                within: 1e-9
            ) {
                let objective = ClosureObjective(dimension: 2) {
                    0.5 * ($0[0] * $0[1] - 1) * ($0[0] * $0[1] - 1)
                } gradient: {
                    [($0[0] * $0[1] - 1) * $0[1], ($0[0] * $0[1] - 1) * $0[0]]
                } hessianVectorProduct: { theta, v in
                    let (a, b) = (theta[0], theta[1]), mixed = 2 * a * b - 1
                    return [b * b * v[0] + mixed * v[1], mixed * v[0] + a * a * v[1]]
                }
                var analysis = SharpnessAnalysis(radii: [0.3])
                analysis.measures = .symmetryCorrected
                analysis.symmetry = AttentionSymmetry(
                    layers: ["ab"], heads: 1, products: [.init(left: [[0]], right: [[1]])])
                let top = 1 + 0.3 / 2.0.squareRoot(), exact = 0.5 * (top * top - 1) * (top * top - 1)
                return try [[1.0, 1], [8, 0.125], [-0.01, -100]].reduce(0.0) { error, point in
                    let found = try analysis.run(objective, at: point).symmetryCorrected?.points.first?.worstCase
                    return max(error, relativeDifference(found?.lowerBound ?? .nan, exact))
                }
            },
            Claim("sharpness", "m-sharpness with m = n is the worst case over all examples", within: 0) {
                let data = try SmallNetworks.digits(40)
                var search = WorstCaseSearch(Ball(radius: 0.05))
                (search.restarts, search.steps) = (0, 10)
                let whole = try SmallNetworks.objective("mlp:64-6-10;activation=tanh", data)
                let point = SmallNetworks.theta(whole)
                let mean = try BatchwiseSharpness(search, at: point, examples: 40, batchSize: 40) {
                    try SmallNetworks.objective("mlp:64-6-10;activation=tanh", data.subset($0))
                }
                return abs(mean.lowerBound - (try search.run(whole, at: point).lowerBound))
            },
        ]
    }
}
