import Foundation
import Tensors
import Testing

@testable import MatrixFree

@Suite struct TrustRegionTests {
    /// An independent solver: bisection on ‖(λI − H)⁻¹g‖ = ρ in the eigenbasis, without any of the module's care.
    static func bisected(_ values: [Double], _ linear: [Double], _ radius: Double) -> (
        multiplier: Double, value: Double
    ) {
        func norm(_ m: Double) -> Double {
            zip(linear, values).reduce(0) { $0 + pow($1.0 / (m - $1.1), 2) }.squareRoot()
        }
        func value(_ m: Double) -> Double {
            zip(linear, values).reduce(0) { sum, pair in
                let c = pair.0 / (m - pair.1)
                return sum + pair.0 * c + 0.5 * pair.1 * c * c
            }
        }
        let top = values.max()!
        if top < 0 && norm(0) <= radius { return (0, value(0)) }
        var low = max(top, 0)
        var high = low + 1 + linear.map(abs).reduce(0, +) / radius
        for _ in 0..<200 {
            let middle = 0.5 * (low + high)
            if norm(middle) > radius { low = middle } else { high = middle }
        }
        return (high, value(high))
    }

    static let spectra: [[Double]] = [
        Spectra.classifier(100),
        Spectra.flat(100, -2, 3),
        Spectra.flat(100, -5, -1),
        Spectra.flat(100, 1, 5),
        Spectra.decaying(100, ratio: 0.9).map { -$0 },
        [20, -30] + Spectra.flat(98, -1, 1),
    ]

    /// The value's error is second order in the residual; with residuals of 1e-9‖g‖ rounding is what is left.
    @Test(arguments: spectra.indices, [0.01, 1, 100]) func agreesWithTheDenseSecularEquation(
        _ index: Int, _ radius: Double
    ) throws {
        let matrix = CountedOperator(Spectra.dense(Self.spectra[index]))
        let (values, vectors) = try matrix.base.eigendecomposition()
        let gradient = RandomNumbers(seed: 11).normals(100)
        let linear = vectors.map { Vectors.dot($0, gradient) }
        let expected = Self.bisected(values, linear, radius)
        let result = try GeneralizedLanczosTrustRegion(radius: radius, tolerance: 1e-9).run(matrix, gradient: gradient)
        let scale = Vectors.norm(gradient) * radius
        #expect(result.converged)
        #expect(result.products == matrix.products)
        #expect(abs(result.value - expected.value) < 1e-11 * max(abs(expected.value), scale))
        #expect(abs(result.multiplier - expected.multiplier) < 1e-8 * max(1, expected.multiplier))
        #expect(result.norm <= radius * (1 + 1e-14))
        #expect(result.isActive == (expected.multiplier > 0))

        let product = matrix.base.apply(result.maximizer)
        let value = Vectors.dot(gradient, result.maximizer) + 0.5 * Vectors.dot(result.maximizer, product)
        #expect(abs(value - result.value) < 1e-11 * max(abs(value), scale))
        var rest = Vectors.sum(gradient, 1, product)
        Vectors.add(-result.multiplier, result.maximizer, to: &rest)
        #expect(Vectors.norm(rest) < 1e-8 * Vectors.norm(gradient))
        // No feasible step does better: not along g, not along the extreme eigenvectors, not at random.
        let others =
            [gradient, vectors[99], vectors[0]]
            + (0..<20).map { RandomNumbers(seed: 12, stream: UInt64($0)).normals(100) }
        for other in others {
            for sign in [-1.0, 1] {
                let step = other.map { sign * $0 * radius / Vectors.norm(other) }
                let reached = Vectors.dot(gradient, step) + 0.5 * Vectors.dot(step, matrix.base.apply(step))
                #expect(reached <= result.value + 1e-11 * max(abs(value), scale))
            }
        }
    }

    /// Interior only if H is negative definite and Newton's step −H⁻¹g fits.
    @Test func interiorMaximumIsNewtonsStep() throws {
        let spectrum = Spectra.flat(50, -4, -1)
        let matrix = Spectra.dense(spectrum)
        let gradient = RandomNumbers(seed: 1).normals(50)
        let result = try GeneralizedLanczosTrustRegion(radius: 100, tolerance: 1e-10).run(matrix, gradient: gradient)
        #expect(!result.isActive && result.multiplier == 0 && result.converged)
        let image = matrix.apply(result.maximizer)
        #expect(largestDifference(image, gradient.map { -$0 }) < 1e-8)
        #expect(try #require(result.largestOutside) < 0)
        // One positive eigenvalue, and the boundary is reached.
        let indefinite = try GeneralizedLanczosTrustRegion(radius: 100, tolerance: 1e-8).run(
            Spectra.dense([0.01] + Spectra.flat(49, -4, -1)), gradient: gradient)
        #expect(indefinite.isActive && indefinite.multiplier > 0.01)
    }

    /// g has nothing along the top eigenvector and a radius larger than ‖(λmaxI − H)⁺g‖: ε = (λmaxI − H)⁺g + τu. In closed form.
    @Test(arguments: [0.0, 1e-14, 1e-10]) func hardCase(_ trace: Double) throws {
        let values = [6.0, 3, 2, 1, -1, -2, -4]
        let linear = [trace, 1.0, -0.5, 0.25, 2, 1, 1]
        let matrix = Spectra.dense(values, seed: 5)
        let q = Spectra.orthonormal(7, 7, seed: 5)
        var gradient = [Double](repeating: 0, count: 7)
        for (c, column) in zip(linear, q) { Vectors.add(c, column, to: &gradient) }
        let inner = zip(linear, values).dropFirst().map { $0 / (6 - $1) }
        let radius = 3.0
        let share = (radius * radius - inner.reduce(0) { $0 + $1 * $1 }).squareRoot()
        let expected =
            zip(inner, zip(linear, values).dropFirst()).reduce(3 * share * share) {
                $0 + $1.0 * $1.1.0 + 0.5 * $1.1.1 * $1.0 * $1.0
            }
        let result = try GeneralizedLanczosTrustRegion(radius: radius, tolerance: 1e-8).run(matrix, gradient: gradient)
        #expect(result.converged)
        #expect(abs(result.value - expected) < 1e-8)
        #expect(abs(result.multiplier - 6) < 1e-8)
        #expect(abs(result.norm - radius) < 1e-13)
        #expect(abs(abs(Vectors.dot(result.maximizer, q[0])) - share) < 1e-7)
    }

    /// A diagonal matrix with a zero in g keeps the Krylov space exactly orthogonal to the top eigenvector.
    @Test func hardCaseIsFoundOnlyByLookingOutside() throws {
        let n = 200
        let spectrum = [8.0] + Spectra.flat(n - 1, -3, 4)
        var gradient = RandomNumbers(seed: 2).normals(n)
        gradient[0] = 0
        let matrix = CountedOperator(DiagonalMatrix(spectrum))
        let blind = try GeneralizedLanczosTrustRegion(radius: 30, searchOutside: false).run(matrix, gradient: gradient)
        let before = matrix.products
        let result = try GeneralizedLanczosTrustRegion(radius: 30).run(matrix, gradient: gradient)
        #expect(blind.multiplier < 8 && blind.largestOutside == nil)
        #expect(result.isHardCase && result.converged)
        #expect(abs(result.multiplier - 8) < 1e-9)
        #expect(result.value > 1.2 * blind.value)
        #expect(abs(result.norm - 30) < 1e-12)
        #expect(result.products == matrix.products - before)
        let inner = zip(gradient, spectrum).dropFirst().map { $0 / (8 - $1) }
        let share2 = 900 - inner.reduce(0) { $0 + $1 * $1 }
        let expected = zip(inner, zip(gradient, spectrum).dropFirst()).reduce(4 * share2) {
            $0 + $1.0 * $1.1.0 + 0.5 * $1.1.1 * $1.0 * $1.0
        }
        #expect(abs(result.value - expected) < 1e-9 * expected)
    }

    @Test func withoutGradientItIsTheTopEigenvector() throws {
        let matrix = Spectra.dense([4, 2, -9] + Spectra.flat(30, -1, 1))
        let zero = [Double](repeating: 0, count: 33)
        let result = try GeneralizedLanczosTrustRegion(radius: 0.5).run(matrix, gradient: zero)
        // ½ρ²λmax.
        #expect(abs(result.value - 0.5 * 0.25 * 4) < 1e-11)
        #expect(result.converged && result.isActive && abs(result.norm - 0.5) < 1e-14)
        let negative = try GeneralizedLanczosTrustRegion(radius: 0.5).run(
            AffineOperator(matrix, shift: -5), gradient: zero)
        #expect(negative.value == 0 && negative.norm == 0 && !negative.isActive && negative.converged)
        #expect(negative.maximizer == zero)
    }

    @Test func extremeArguments() throws {
        let one = try GeneralizedLanczosTrustRegion(radius: 0.1).run(DiagonalMatrix([2]), gradient: [-3])
        #expect(one.maximizer.count == 1 && abs(one.maximizer[0] + 0.1) < 1e-16)
        #expect(abs(one.value - (0.3 + 0.01)) < 1e-15)
        // H = 0: ε = ρg/‖g‖.
        let flat = try GeneralizedLanczosTrustRegion(radius: 10).run(DiagonalMatrix([0, 0, 0]), gradient: [3, 0, 4])
        #expect(largestDifference(flat.maximizer, [6, 0, 8]) < 1e-13)
        #expect(abs(flat.value - 50) < 1e-12)
        for bad in [0, -1, .nan, .infinity] as [Double] {
            #expect(throws: MatrixFreeError.self) {
                try GeneralizedLanczosTrustRegion(radius: bad).run(DiagonalMatrix([1]), gradient: [1])
            }
        }
        #expect(throws: MatrixFreeError.self) {
            try GeneralizedLanczosTrustRegion(radius: 1).run(DiagonalMatrix([1]), gradient: [.nan])
        }
        #expect(throws: MatrixFreeError.self) {
            try GeneralizedLanczosTrustRegion(radius: 1).run(DiagonalMatrix([1]), gradient: [1, 2])
        }
    }

    /// From a basis grown from g the answer is the solver's; from a random one the part of g outside is in the residual.
    @Test func decompositionsCanBeReused() throws {
        let matrix = CountedOperator(Spectra.dense(Spectra.classifier(100)))
        let gradient = RandomNumbers(seed: 3).normals(100)
        let direct = try GeneralizedLanczosTrustRegion(radius: 2, tolerance: 1e-10).run(matrix, gradient: gradient)
        let grown = try LanczosDecomposition(of: matrix, start: gradient, steps: 40)
        let random = try LanczosDecomposition(of: matrix, steps: 40, seed: 1)
        let before = matrix.products
        let reused = try GeneralizedLanczosTrustRegion(radius: 2, tolerance: 1e-8).run(grown, gradient: gradient)
        let foreign = try GeneralizedLanczosTrustRegion(radius: 2, tolerance: 1e-8).run(random, gradient: gradient)
        #expect(matrix.products == before)
        #expect(reused.converged && abs(reused.value - direct.value) < 1e-12 * direct.value)
        #expect(!foreign.converged && foreign.value < direct.value && foreign.value > 0)
        for result in [reused, foreign] {
            let product = matrix.base.apply(result.maximizer)
            var rest = Vectors.sum(gradient, 1, product)
            Vectors.add(-result.multiplier, result.maximizer, to: &rest)
            #expect(abs(Vectors.norm(rest) - result.residual) < 1e-12)
            let value = Vectors.dot(gradient, result.maximizer) + 0.5 * Vectors.dot(result.maximizer, product)
            #expect(abs(value - result.value) < 1e-12)
        }
    }

    /// From any decomposition residuals lead to the maximiser, for fewer products where g is nearly in it; none where it is.
    @Test(arguments: [0.1, 2, 30]) func decompositionsAreExtended(_ radius: Double) throws {
        let matrix = CountedOperator(Spectra.dense(Spectra.classifier(100)))
        let gradient = RandomNumbers(seed: 3).normals(100)
        let settings = GeneralizedLanczosTrustRegion(radius: radius, tolerance: 1e-6)
        let direct = try GeneralizedLanczosTrustRegion(radius: radius, tolerance: 1e-10).run(matrix, gradient: gradient)
        let near = Vectors.sum(gradient, 0.1, RandomNumbers(seed: 4).normals(100))
        var products: [Int] = []
        for start in [gradient, near, RandomNumbers(seed: 5).normals(100)] {
            let space = try LanczosDecomposition(of: matrix, start: start, steps: 40), before = matrix.products
            let found = try settings.run(matrix, in: space, gradient: gradient)
            #expect(found.products == matrix.products - before)
            #expect(found.converged && abs(found.value - direct.value) < 1e-9 * direct.value)
            let product = matrix.base.apply(found.maximizer)
            var rest = Vectors.sum(gradient, 1, product)
            Vectors.add(-found.multiplier, found.maximizer, to: &rest)
            #expect(abs(Vectors.norm(rest) - found.residual) < 1e-11 * Vectors.norm(gradient))
            products.append(found.products)
        }
        #expect(products[0] == 0 && products[1] <= products[2], "\(products)")
        var few = settings
        few.maximumProducts = 1
        let random = try LanczosDecomposition(of: matrix, steps: 5, seed: 1)
        #expect(try !few.run(matrix, in: random, gradient: gradient).converged)
    }

    @Test func tooFewProductsAreNotConverged() throws {
        let matrix = Spectra.dense(Spectra.flat(200, 0, 10))
        let gradient = RandomNumbers(seed: 3).normals(200)
        let result = try GeneralizedLanczosTrustRegion(radius: 100, tolerance: 1e-10, maximumProducts: 5).run(
            matrix, gradient: gradient)
        #expect(!result.converged && result.products == 5)
        #expect(abs(result.norm - 100) < 1e-11)
    }
}
