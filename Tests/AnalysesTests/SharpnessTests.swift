import MatrixFree
import Objectives
import Tensors
import Testing

@testable import Analyses

@Suite struct SharpnessTests {
    /// A quadratic with chosen eigenvalues in a rotated basis.
    static func quadratic(_ eigenvalues: [Double], linear: [Double], seed: UInt64 = 1) -> QuadraticObjective {
        let n = eigenvalues.count
        var basis: [[Double]] = []
        for i in 0..<n {
            var v = RandomNumbers(seed: seed).named("\(i)").normals(n)
            for _ in 0..<2 { for q in basis { Vectors.add(-Vectors.dot(q, v), q, to: &v) } }
            Vectors.scale(&v, by: 1 / Vectors.norm(v))
            basis.append(v)
        }
        var matrix = [Double](repeating: 0, count: n * n)
        for (value, q) in zip(eigenvalues, basis) {
            for i in 0..<n { for j in 0..<n { matrix[i * n + j] += value * q[i] * q[j] } }
        }
        return QuadraticObjective(matrix: matrix, linear: linear)
    }

    /// The search against the exact maximum of a quadratic in a ball, indefinite or not, away from the critical point.
    @Test(arguments: [0.01, 0.3, 5]) func quadraticInBall(_ radius: Double) throws {
        for eigenvalues in [[5.0, 3, 1, 0.5, 0.1, 0.01], [2.0, 1, 0, -1, -3, -8], [-1.0, -2, -3, -4, -5, -6]] {
            let objective = Self.quadratic(eigenvalues, linear: [0.3, -0.2, 0.1, 0.4, -0.5, 0.25])
            let theta = [0.1, 0.2, -0.3, 0.4, 0.5, -0.6]
            let gradient = objective.valueAndGradient(at: theta).gradient
            let exact = try GeneralizedLanczosTrustRegion(radius: radius, tolerance: 1e-12).run(
                CurvatureOperator(objective, at: theta), gradient: gradient)
            let found = try WorstCaseSearch(Ball(radius: radius)).run(objective, at: theta)
            #expect(found.lowerBound <= exact.value * (1 + 1e-9))
            #expect(
                found.lowerBound >= exact.value * (1 - 1e-8), "\(eigenvalues): \(found.lowerBound) of \(exact.value)")
            #expect(found.constraintIsActive == (exact.norm > radius * (1 - 1e-6)))
            // ρ‖g‖ + ½ρ²λmax bounds the quadratic's maximum.
            #expect(found.estimate >= exact.value * (1 - 1e-9))
        }
    }

    /// The quadratic models of all radii take few products beside those of one Krylov space, and are the trust region's own; also where the
    /// gradient does not see the top eigenvector. Where they are not known, they are made.
    @Test(arguments: [false, true]) func quadraticModelsOfRadii(_ isHard: Bool) throws {
        let eigenvalues = (0..<40).map { 8 / Double(1 + $0 * $0) - 0.2 }
        let objective = Self.quadratic(eigenvalues, linear: [Double](repeating: 0, count: 40))
        let curvature = CurvatureOperator(objective, at: [Double](repeating: 0, count: 40))
        let top = try Lanczos(tolerance: 1e-12).run(curvature).largestVectors[0]
        var linear = RandomNumbers(seed: 5).normals(40)
        if isHard { Vectors.add(-Vectors.dot(top, linear), top, to: &linear) }
        let sloped = QuadraticObjective(matrix: objective.matrix, linear: linear)
        let theta = [Double](repeating: 0, count: 40), radii = [0.01, 0.3, 5]
        let model = try LocalModel(sloped, at: theta, radii: radii, tolerance: 1e-3)
        let plain = try LocalModel(sloped, at: theta)
        #expect(abs(model.largestEigenvalue - 7.8) < 1e-5)
        #expect(model.quadraticMaxima.map(\.radius) == radii)
        var apart = 0
        for maximum in model.quadraticMaxima {
            let exact = try GeneralizedLanczosTrustRegion(radius: maximum.radius, tolerance: 1e-12).run(
                curvature, gradient: sloped.valueAndGradient(at: theta).gradient)
            #expect(abs(maximum.value - exact.value) < 1e-5 * exact.value, "\(maximum.value) \(exact.value)")
            let search = WorstCaseSearch(Ball(radius: maximum.radius))
            let known = try search.run(sloped, at: theta, model: model)
            #expect(known.quadraticModel == maximum.value && known.products == model.products)
            let made = try search.run(sloped, at: theta, model: plain)
            let quadratic = try #require(made.quadraticModel)
            #expect(abs(quadratic - exact.value) < 1e-5 * exact.value && made.products > plain.products)
            apart += made.products
        }
        // Beside those for λmax.
        #expect(model.products - plain.products < apart - radii.count * plain.products)
    }

    /// A top eigenvector that the gradient does not see, among so many parameters that a random start has little of it.
    @Test func unseenTopOfManyParameters() throws {
        let count = 20_000, random = RandomNumbers(seed: 6)
        var diagonal = random.normals(count).map { 0.1 * $0 }, gradient = random.named("g").normals(count)
        for (i, value) in [10.0, 8, 7, 6, 5, 4, 3].enumerated() { diagonal[i] = value }
        gradient[0] = 0
        let matrix = DiagonalMatrix(diagonal), slope = gradient
        let objective = ClosureObjective(
            dimension: count, value: { Vectors.dot(slope, $0) + 0.5 * Vectors.dot($0, matrix.apply($0)) },
            gradient: { Vectors.sum(slope, 1, matrix.apply($0)) }, hessianVectorProduct: { matrix.apply($1) })
        let theta = [Double](repeating: 0, count: count), radii = [0.1, 30]
        let model = try LocalModel(objective, at: theta, radii: radii)
        #expect(abs(model.largestEigenvalue - 10) < 1e-4)
        for (radius, found) in zip(radii, model.quadraticMaxima) {
            let exact = try GeneralizedLanczosTrustRegion(radius: radius).run(matrix, gradient: slope)
            #expect(abs(found.value - exact.value) < 1e-4 * exact.value)
        }
        #expect(model.quadraticMaxima.count == 2)
    }

    /// Of a quadratic the increase at SAM's step is ρ‖Tg‖ + ½ εᵀHε, in every norm and scaling; and the search's own.
    @Test(arguments: [(Ball.Norm.l2, nil), (.l2, 0.1), (.linf, nil), (.linf, 0.1)] as [(Ball.Norm, Double?)])
    func oneStep(_ norm: Ball.Norm, _ shift: Double?) throws {
        let objective = Self.quadratic([5.0, 3, 1, 0.5, -2, 0.01], linear: [0.3, -0.2, 0.1, 0.4, -0.5, 0.25])
        let theta = [0.1, 0.2, -0.3, 0.4, 0.5, -0.6]
        var analysis = SharpnessAnalysis(radii: [0.01, 0.3])
        (analysis.measures, analysis.norm, analysis.adaptiveShift) = (.oneStep, norm, shift)
        let alone = try analysis.run(objective, at: theta)
        analysis.measures = .worstCase
        let searched = try analysis.run(objective, at: theta)
        for (point, whole) in zip(alone.points, searched.points) {
            let step = try #require(point.oneStep)
            #expect(step.increase == whole.worstCase?.oneStep && point.worstCase == nil)
            #expect(abs(step.epsilonNorm - point.radius) < 1e-14)
            let curved = Vectors.dot(step.epsilon, try CurvatureOperator(objective, at: theta).apply(step.epsilon))
            #expect(abs(step.increase - step.firstOrder - curved / 2) < 1e-14)
            #expect(
                abs(Vectors.dot(step.epsilon, objective.valueAndGradient(at: theta).gradient) - step.firstOrder) < 1e-14
            )
        }
        #expect(alone.gradientNorm == searched.gradientNorm)
    }

    /// A critical point has no step.
    @Test func noStep() throws {
        var analysis = SharpnessAnalysis(radii: [0.1])
        analysis.measures = .oneStep
        let objective = Self.quadratic([2, 1], linear: [0, 0])
        let step = try #require(try analysis.run(objective, at: [0, 0]).points[0].oneStep)
        #expect(step.increase == 0 && step.firstOrder == 0 && step.epsilonNorm == 0)
    }

    /// The maximum of a convex quadratic in a cube is at a corner: against all 2¹⁰ of them. Several corners are local maxima.
    @Test(arguments: UInt64(0)..<8) func quadraticInCube(_ seed: UInt64) throws {
        let random = RandomNumbers(seed: seed)
        let objective = Self.quadratic(
            [9, 7, 5, 4, 3, 2, 1, 0.5, 0.2, 0.1], linear: random.named("linear").normals(10), seed: seed)
        let theta = random.named("theta").normals(10)
        let center = objective.value(at: theta)
        let corners = (0..<1024).map { corner in
            objective.value(at: theta.indices.map { theta[$0] + (corner >> $0 & 1 == 1 ? 0.3 : -0.3) }) - center
        }
        let found = try WorstCaseSearch(Ball(norm: .linf, radius: 0.3)).run(objective, at: theta)
        #expect(abs(found.lowerBound - corners.max()!) < 1e-9 * corners.max()!)
    }

    /// Starts that competed on other data are judged, and the best goes on, with all data.
    @Test func scout() throws {
        let objective = Self.quadratic([5, 3, 1, 0.5, 0.1, 0.01], linear: [0.3, -0.2, 0.1, 0.4, -0.5, 0.25])
        // Another linear part and scale: its top is elsewhere and its increases are other numbers.
        let part = Self.quadratic([4, 4, 1, 0.5, 0.1, 0.2], linear: [0.9, 0.2, 0.5, 0.1, -0.5, 0.25], seed: 2)
        let theta = [0.1, 0.2, -0.3, 0.4, 0.5, -0.6]
        let exact = try GeneralizedLanczosTrustRegion(radius: 0.3, tolerance: 1e-12).run(
            CurvatureOperator(objective, at: theta), gradient: objective.valueAndGradient(at: theta).gradient)
        let scout = WorstCaseSearch.Scout(
            part, examples: 100, model: try LocalModel(part, at: theta, vectors: WorstCaseSearch.eigenvectors))
        let found = try WorstCaseSearch(Ball(radius: 0.3)).run(objective, at: theta, scout: scout)
        #expect(abs(found.lowerBound - exact.value) < 1e-8 * exact.value)
        #expect(found.scout?.examples == 100 && found.scout!.gradients > 10)
        let alone = try WorstCaseSearch(Ball(radius: 0.3)).run(objective, at: theta)
        #expect(found.gradients < alone.gradients && alone.scout == nil)
        // No start has an increase of the part's.
        for start in found.restarts { #expect(start.increase <= exact.value * (1 + 1e-9)) }
    }

    /// At a critical point the worst case is ½ρ² max(λmax, 0).
    @Test func criticalPoint() throws {
        for (eigenvalues, top) in [([4.0, 1, 0.2], 4.0), ([-1.0, -2, -3], 0)] {
            let objective = Self.quadratic(eigenvalues, linear: [0, 0, 0])
            let found = try WorstCaseSearch(Ball(radius: 0.3)).run(objective, at: [0, 0, 0])
            #expect(abs(found.lowerBound - 0.5 * 0.09 * top) < 1e-9)
        }
    }

    /// The estimate by its formula, at a place where value, dual norm, half, λmax and P all differ: ρ‖Tg‖₂ + ½ρ²λmax(THT) for ℓ2,
    /// ρ‖Tg‖₁ + ½ρ²Pλmax(THT) for ℓ∞; without positive curvature the linear part alone, which bounds the rise still.
    @Test(arguments: [nil, 0.5]) func estimate(_ eta: Double?) throws {
        let theta = [2.0, -1, 0.5], g = [0.3, -0.2, 0.6], radius = 0.7
        let t = eta.map { eta in theta.map { abs($0) + eta } } ?? [1, 1, 1]
        for diagonal in [[4.0, 1, -2], [-4.0, -1, -2]] {
            // Its gradient at θ is g.
            let objective = QuadraticObjective(
                matrix: [diagonal[0], 0, 0, 0, diagonal[1], 0, 0, 0, diagonal[2]],
                linear: zip(g, zip(diagonal, theta)).map { $0 - $1.0 * $1.1 })
            let top = max(0, zip(diagonal, t).map { $0 * $1 * $1 }.max()!)
            let slope = zip(t, g).map { $0 * abs($1) }
            let norms = [slope.reduce(0) { $0 + $1 * $1 }.squareRoot(), slope.reduce(0, +)]
            for (norm, (length, count)) in zip([Ball.Norm.l2, .linf], zip(norms, [1.0, 3])) {
                let found = try WorstCaseSearch(
                    Ball(norm: norm, radius: radius, scaling: eta.map { Ball.adaptiveScaling(theta, eta: $0) })
                ).run(objective, at: theta)
                let expected = radius * length + 0.5 * radius * radius * count * top
                #expect(abs(found.estimate - expected) < 1e-6 * expected, "\(norm), \(diagonal)")
                #expect(found.lowerBound <= expected)
            }
        }
        #expect(Ball.adaptiveScaling([2, 0, -4], eta: 0.01) == [2.01, 0.01, 4.01])
    }

    /// ℓ∞ on a linear function: ρ‖g‖₁, and with scaling ρ‖Tg‖₁; one step is exact.
    @Test func linearFunction() throws {
        let g = [1.0, -2, 0.5]
        let objective = QuadraticObjective(matrix: [Double](repeating: 0, count: 9), linear: g)
        let theta = [2.0, 0, -4]
        let cube = try WorstCaseSearch(Ball(norm: .linf, radius: 0.1)).run(objective, at: theta)
        #expect(abs(cube.lowerBound - 0.1 * 3.5) < 1e-12 && abs(cube.oneStep - 0.35) < 1e-12)
        // T = |θ|: a zero weight stays, |θ|·|g| sums to 2 + 0 + 2.
        let scaled = try WorstCaseSearch(Ball(norm: .linf, radius: 0.1, scaling: Ball.adaptiveScaling(theta, eta: 0)))
            .run(objective, at: theta)
        #expect(abs(scaled.lowerBound - 0.4) < 1e-12 && scaled.epsilon[1] == 0)
        // ℓ2: ε = ρ T²g/‖Tg‖, increase ρ‖Tg‖ = 0.1·√8.
        let ball = try WorstCaseSearch(Ball(radius: 0.1, scaling: Ball.adaptiveScaling(theta, eta: 0))).run(
            objective, at: theta)
        #expect(abs(ball.oneStep - 0.1 * 8.0.squareRoot()) < 1e-12)
    }

    /// E of a quadratic over N(0, ρ²T²) is ½ρ² tr(THT), whatever the gradient: antithetic pairs cancel it exactly.
    @Test func averageCase() throws {
        let objective = Self.quadratic([5, 3, 1, -0.5, 0.1, 2], linear: [3, -2, 1, 4, -5, 2])
        let theta = [0.1, 0.2, -0.3, 0.4, 0.5, -0.6]
        for scaling in [nil, Ball.adaptiveScaling(theta, eta: 0.1)] {
            let t = scaling ?? Array(repeating: 1, count: 6)
            let trace = (0..<6).reduce(0) { $0 + t[$1] * t[$1] * objective.matrix[$1 * 7] }
            let found = try AverageCaseSharpness(
                objective, at: theta, deviation: 0.2, scaling: scaling, pairs: 4000, seed: 3)
            #expect(abs(found.value - 0.5 * 0.04 * trace) < 4 * found.standardError)
            #expect(found.standardError < 0.05 * abs(found.value))
            #expect(found.samples == 8000)
        }
    }

    @Test func projections() {
        let ball = Ball(radius: 2)
        let near = ball.projection([3, 4])
        #expect(abs(near[0] - 1.2) < 1e-15 && abs(near[1] - 1.6) < 1e-15)
        #expect(ball.projection([0.3, 0.4]) == [0.3, 0.4])
        #expect(Ball(norm: .linf, radius: 1).projection([3, -0.5]) == [1, -0.5])
        #expect(Ball(norm: .linf, radius: 1).farthest(along: [0, -3, 2]) == [0, -1, 1])
    }
}
