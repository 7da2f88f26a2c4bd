import Tensors

/// Which eigenvalue power iteration is to find first.
public enum PowerTarget: String, Codable, Sendable, CaseIterable {
    /// The one of largest magnitude, whatever its sign: what plain power iteration finds.
    case largestMagnitude
    /// The algebraically largest. If the dominant one is negative, the iteration is repeated on H + |λ|I, where the
    /// algebraically largest dominates.
    case largestAlgebraic
    /// The algebraically smallest, by the same shift in the other direction.
    case smallestAlgebraic
}

/// One eigenvalue as power iteration left it.
public struct PowerEigenvalue: Codable, Sendable, Equatable {
    /// λ = xᵀHx of the last product.
    public let value: Double
    /// ‖Hx − λx‖ of the same product, with nothing projected away.
    public let residual: Double
    /// Products made for this value.
    public let iterations: Int
    /// The residual outside the vectors found before is at most tolerance · |λ|. (Inside them it is what their own
    /// residuals leave, which no iteration on this vector can reduce.)
    public let converged: Bool
}

/// What `powerIteration` found, in the order found.
public struct PowerIterationResult: Codable, Sendable {
    /// The values, in the order found: by descending magnitude of λ, or of the shifted λ, when all have converged.
    public let eigenvalues: [PowerEigenvalue]
    public let converged: Bool
    /// All products, including those that found out that a shift was needed.
    public let products: Int
    /// σ of the operator H + σI that was iterated; 0 unless an algebraic end needed it.
    public let shift: Double
    public let target: PowerTarget
    public let tolerance: Double
    public let seed: UInt64
    /// Unit vectors, in the order of `eigenvalues`, P numbers each. Not part of the coded form.
    public internal(set) var vectors: [[Double]] = []

    enum CodingKeys: String, CodingKey { case eigenvalues, converged, products, shift, target, tolerance, seed }
}

/// Power iteration with deflation: x ← (I − QQᵀ)Hx / ‖·‖, λ = xᵀHx.
///
/// It stops on the residual ‖Hx − λx‖ ≤ tolerance · |λ|. The change of λ from step to step, which other tools stop on, says
/// nothing: it is small whenever progress is slow. The error of the vector shrinks by |λ₂/λ₁| a product; where λ and −λ
/// both dominate it never does, and the result is `converged: false`. `lanczos` needs far fewer products.
///
/// - Parameters:
///   - count: eigenvalues to find; each after the first on the complement of the vectors before.
///   - tolerance: of the residual relative to |λ|; 1e-4 as `lanczos`.
///   - maximumIterations: products for each value (and for the first look that decides on a shift); 1000, ours.
/// - Throws: `MatrixFreeError`, and what the operator throws.
public func powerIteration(
    _ matrix: some LinearOperator, count: Int = 1, target: PowerTarget = .largestAlgebraic, tolerance: Double = 1e-4,
    maximumIterations: Int = 1000, start: [Double]? = nil, seed: UInt64 = 0
) throws -> PowerIterationResult {
    guard count > 0, tolerance > 0, maximumIterations > 0 else {
        throw MatrixFreeError.invalidArgument(
            "power iteration: count \(count), tolerance \(tolerance), iterations \(maximumIterations); expected positive"
        )
    }
    if let start, start.count != matrix.dimension || !(Vectors.norm(start) > 0) || !Vectors.norm(start).isFinite {
        throw MatrixFreeError.invalidArgument(
            "power iteration: start of \(start.count) numbers, expected \(matrix.dimension), finite and not all zero")
    }
    var search = PowerSearch(
        counter: try ProductCounter(matrix), tolerance: tolerance, maximumIterations: maximumIterations,
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
