import Tensors

/// Power iteration with deflation: x ← (I − QQᵀ)Hx / ‖·‖, λ = xᵀHx.
///
///     let result = try PowerIteration(count: 2, target: .smallestAlgebraic).run(hessian)
///
/// It stops on the residual ‖Hx − λx‖ ≤ tolerance · |λ|. The change of λ from step to step, which other tools stop on,
/// says nothing: it is small whenever progress is slow. The error of the vector shrinks by |λ₂/λ₁| a product. Where λ
/// and −λ both dominate it never does, and the result is `converged: false`. `Lanczos` needs far fewer products.
public struct PowerIteration: Sendable, Equatable {
    /// How many eigenvalues to find, at least 1; each after the first on the complement of the vectors before. More
    /// than P counts as P. Default 1.
    public var count: Int
    /// Which eigenvalue to find first. Default `.largestAlgebraic`, the sharpness of a minimum.
    public var target: PowerTarget
    /// The residual at which a value has converged, relative to |λ|; positive. Default 1e-4, as in `Lanczos`.
    public var tolerance: Double
    /// Products for each value, and for the first look that decides on a shift; at least 1. Default 1000, ours: it
    /// bounds the time, not the accuracy.
    public var maximumIterations: Int
    /// The seed of the starts. Default 0.
    public var seed: UInt64

    /// Settings for a run; each parameter is described at the property of its name.
    public init(
        count: Int = 1, target: PowerTarget = .largestAlgebraic, tolerance: Double = 1e-4,
        maximumIterations: Int = 1000,
        seed: UInt64 = 0
    ) {
        (self.count, self.target, self.tolerance) = (count, target, tolerance)
        (self.maximumIterations, self.seed) = (maximumIterations, seed)
    }

    /// Finds eigenvalues one after another.
    ///
    /// - Parameters:
    ///   - matrix: H, P × P.
    ///   - start: the first direction, P numbers, finite and not all zero; nil for a random normal vector of `seed`.
    /// - Throws: `MatrixFreeError` for settings that have no answer and for products that are not finite; what the
    ///   operator throws.
    public func run(_ matrix: some LinearOperator, start: [Double]? = nil) throws -> PowerIterationResult {
        guard count > 0, tolerance > 0, maximumIterations > 0 else {
            throw MatrixFreeError.invalidArgument(
                "power iteration: count \(count), tolerance \(tolerance), iterations \(maximumIterations); expected positive"
            )
        }
        let counter = try ProductCounter(matrix)
        if let start, start.count != matrix.dimension || !(Vectors.norm(start) > 0) || !Vectors.norm(start).isFinite {
            throw MatrixFreeError.invalidArgument(
                "power iteration: start of \(start.count) numbers, expected \(matrix.dimension), finite and not all zero"
            )
        }
        var search = PowerSearch(
            counter: counter, tolerance: tolerance, maximumIterations: maximumIterations,
            random: RandomNumbers(seed: seed).named("power iteration"))
        let total = min(count, matrix.dimension)
        let found = KrylovBasis(dimension: matrix.dimension, capacity: total)
        var shift = 0.0
        var eigenvalues: [PowerEigenvalue] = []

        while eigenvalues.count < total {
            var (pair, x) = try search.run(outside: found, shift: shift, start: eigenvalues.isEmpty ? start : nil)
            let wrongEnd =
                switch target {
                case .largestMagnitude: false
                case .largestAlgebraic: pair.value < 0
                case .smallestAlgebraic: pair.value > 0
                }
            // Where λ and −λ both dominate, the iteration ends on a mixture of the two, with a residual of their size.
            let mixture = target != .largestMagnitude && !pair.converged && pair.residual > 0.1 * abs(pair.value)
            if shift == 0 && (wrongEnd || mixture) {
                // ‖Hx‖ bounds the others' magnitude by now, so the shift puts the wanted end furthest from zero.
                let size = (pair.value * pair.value + pair.residual * pair.residual).squareRoot()
                shift = target == .largestAlgebraic ? size : -size
                (pair, x) = try search.run(outside: found, shift: shift, start: eigenvalues.isEmpty ? start : nil)
            }
            eigenvalues.append(pair)
            if !found.appendOrthonormalized(x) { break }
        }
        var result = PowerIterationResult(
            eigenvalues: eigenvalues, converged: eigenvalues.count == total && eigenvalues.allSatisfy(\.converged),
            products: search.counter.products, shift: shift, target: target, tolerance: tolerance, seed: seed)
        result.vectors = (0..<found.count).map(found.vector)
        return result
    }
}

/// Power iteration for one vector at a time.
private struct PowerSearch<Operator: LinearOperator> {
    var counter: ProductCounter<Operator>
    let tolerance: Double
    let maximumIterations: Int
    let random: RandomNumbers

    mutating func run(
        outside found: KrylovBasis, shift: Double, start: [Double]?
    ) throws -> (pair: PowerEigenvalue, vector: [Double]) {
        var x = start ?? random.named("start \(found.count)").normals(found.dimension)
        Vectors.scale(&x, by: 1 / Vectors.norm(x))
        found.removeComponents(from: &x)
        Vectors.scale(&x, by: 1 / Vectors.norm(x))
        var iteration = 0
        while true {
            iteration += 1
            let product = try counter.apply(x)
            let value = Vectors.dot(x, product)
            var difference = Vectors.sum(product, -value, x)
            let residual = Vectors.norm(difference)
            let (_, outside) = found.removeComponents(from: &difference)
            let converged = outside <= tolerance * abs(value)
            if converged || iteration == maximumIterations {
                let pair = PowerEigenvalue(
                    value: value, residual: residual, iterations: iteration, converged: converged)
                return (pair, x)
            }
            var next = Vectors.sum(product, shift, x)
            let (_, norm) = found.removeComponents(from: &next)
            // H + σI maps x to zero: not an eigenvector to tolerance, yet nothing to follow.
            if norm == 0 {
                return (PowerEigenvalue(value: value, residual: residual, iterations: iteration, converged: false), x)
            }
            Vectors.scale(&next, by: 1 / norm)
            x = next
        }
    }
}
