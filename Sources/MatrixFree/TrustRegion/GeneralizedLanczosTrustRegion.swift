import Tensors

/// The global maximiser of the quadratic gᵀε + ½εᵀHε in the ball ‖ε‖ ≤ ρ, for symmetric H of any signs.
///
///     let worst = try GeneralizedLanczosTrustRegion(radius: 0.1).run(hessian, gradient: gradient)
///     print(worst.value, worst.converged)
///
/// The generalised Lanczos trust-region method (Gould, Lucidi, Roma, Toint 1999, doi:10.1137/S1052623497322735): on the
/// Krylov space of g, H is a tridiagonal T and g is ‖g‖e₁. The problem there is solved exactly in T's eigenbasis, and
/// grows until ‖(λI − H)ε − g‖ = |βhₘ| is small. A Krylov space of g holds no eigenvector orthogonal to g. So, unless
/// told not to, the method looks for the largest eigenvalue outside it as well; where that exceeds λ, its vector joins
/// the subspace (the hard case). With g = 0 the answer is ρ times the top eigenvector, of either sign, or 0 if no
/// eigenvalue is positive.
public struct GeneralizedLanczosTrustRegion: Sendable, Equatable {
    /// ρ, positive and finite.
    public var radius: Double
    /// The residual at which the maximiser has converged, relative to ‖g‖; positive. Default 1e-6, ours: the model's
    /// error in the landscape is larger.
    public var tolerance: Double
    /// The most products of both searches together; positive. Default 300, ours: it bounds the time, not the accuracy.
    public var maximumProducts: Int
    /// Bytes for the basis, 8P a step. The Krylov space cannot be restarted: what is beyond them lies in a file in the
    /// folder of temporary files. Default 4 GiB, as in `Lanczos`.
    public var memoryLimit: Int
    /// Whether to look outside the Krylov space: about as many products as `Lanczos(largest: 1)` takes. Without it, the
    /// result is the global maximiser only if λ ≥ λmax. Default true.
    public var searchOutside: Bool
    /// The seed of the search outside. Default 0.
    public var seed: UInt64
    /// The relative rounding error of a product. Default 2⁻⁵², for products made in Float64; 2⁻²³ is Float32's.
    public var rounding: Double

    /// Settings for a run; each parameter is described at the property of its name.
    public init(
        radius: Double, tolerance: Double = 1e-6, maximumProducts: Int = 300, memoryLimit: Int = 4 << 30,
        searchOutside: Bool = true, seed: UInt64 = 0, rounding: Double = 0x1p-52
    ) {
        (self.radius, self.tolerance, self.maximumProducts) = (radius, tolerance, maximumProducts)
        (self.memoryLimit, self.searchOutside) = (memoryLimit, searchOutside)
        (self.seed, self.rounding) = (seed, rounding)
    }

    /// Finds the maximiser on a Krylov space that it builds.
    ///
    /// - Parameters:
    ///   - matrix: H, P × P.
    ///   - gradient: g, P finite numbers.
    /// - Throws: `MatrixFreeError` for arguments that have no answer and for products that are not finite; what the
    ///   operator throws.
    public func run(_ matrix: some LinearOperator, gradient: [Double]) throws -> QuadraticMaximum {
        var counter = try ProductCounter(matrix)
        let length = gradient.count == matrix.dimension ? Vectors.norm(gradient) : .nan
        guard length.isFinite, radius > 0, radius.isFinite, tolerance > 0, maximumProducts > 0 else {
            throw MatrixFreeError.invalidArgument(
                "trust region: gradient of \(gradient.count) numbers and norm \(length), radius \(radius), tolerance \(tolerance), "
                    + "\(maximumProducts) products; expected \(matrix.dimension) finite numbers and positive parameters"
            )
        }
        let n = matrix.dimension
        if length == 0 {
            return try runWithoutGradient(matrix)
        }

        var process = try LanczosProcess(
            basis: KrylovBasis(dimension: n, capacity: min(n, maximumProducts), memoryLimit: memoryLimit),
            start: gradient,
            random: RandomNumbers(seed: seed).named("trust region"), rounding: rounding)
        var inside = KrylovMaximum()
        repeat {
            try process.step { try counter.apply($0) }
            inside = try KrylovMaximum(process, gradientNorm: length, radius: radius)
        } while inside.residual > tolerance * length && !process.isFull && process.breakdowns == 0

        var projection = process.projection
        var outside: Complement?
        if searchOutside && process.count < n && counter.products < maximumProducts {
            let found = try Complement(
                matrix, of: process.basis, above: inside.solution.multiplier, accuracy: tolerance * length / radius,
                productsMade: counter.products, settings: self)
            counter.add(found.products)
            outside = found
            if found.value > inside.solution.multiplier {
                // Only the vector after the basis couples the basis to the rest, so that T stays tridiagonal.
                let overlap = process.next.map { Vectors.dot($0, found.vector) } ?? 0
                projection.append(found.value, coupling: process.coupling * overlap)
            }
        }

        let (values, vectors) = try projection.eigendecomposition()
        let linear = vectors.map { length * $0[0] }
        let solution = SecularEquation(eigenvalues: values, linear: linear, radius: radius).solve()
        var h = [Double](repeating: 0, count: projection.size)
        for (c, y) in zip(solution.coefficients, vectors) { Vectors.add(c, y, to: &h) }
        var maximizer = process.basis.combination(Array(h[0..<process.count]))
        var residual = abs(process.coupling * h[process.count - 1]) + process.dropped * Vectors.norm(h)
        var value = solution.value(linear: linear, eigenvalues: values)
        if let outside, projection.size > process.count {
            Vectors.add(h[process.count], outside.vector, to: &maximizer)
            // What is left of the two parts together takes one product to see.
            let product = try counter.apply(maximizer)
            var rest = Vectors.sum(gradient, 1, product)
            Vectors.add(-solution.multiplier, maximizer, to: &rest)
            residual = Vectors.norm(rest)
            value = Vectors.dot(gradient, maximizer) + 0.5 * Vectors.dot(maximizer, product)
        }
        var result = QuadraticMaximum(
            value: value, multiplier: solution.multiplier, residual: residual, norm: Vectors.norm(maximizer),
            radius: radius,
            isActive: solution.isActive, isHardCase: solution.isHardCase, largestOutside: outside?.value,
            converged: residual <= tolerance * length, products: counter.products, tolerance: tolerance)
        result.maximizer = maximizer
        return result
    }

    /// ρ times the top eigenvector, or nothing.
    private func runWithoutGradient(_ matrix: some LinearOperator) throws -> QuadraticMaximum {
        let spectrum = try Lanczos(
            tolerance: tolerance, maximumProducts: maximumProducts, memoryLimit: memoryLimit, seed: seed,
            rounding: rounding
        ).run(matrix)
        let top = spectrum.largest[0]
        let isActive = top.value > 0
        let norm = isActive ? radius : 0
        var result = QuadraticMaximum(
            value: 0.5 * norm * norm * top.value, multiplier: isActive ? top.value : 0, residual: norm * top.residual,
            norm: norm,
            radius: radius, isActive: isActive, isHardCase: isActive, largestOutside: top.value,
            converged: spectrum.converged,
            products: spectrum.products, tolerance: tolerance)
        result.maximizer = spectrum.largestVectors[0]
        Vectors.scale(&result.maximizer, by: norm)
        return result
    }
}

/// The maximiser in the Krylov space of g, as far as convergence has to know it.
private struct KrylovMaximum {
    var solution = SecularEquation.Solution(multiplier: 0, coefficients: [], isActive: false, isHardCase: false)
    /// |βhₘ|, h being the maximiser's coordinates in the Lanczos basis.
    var residual = Double.infinity

    init() {}

    init(_ process: LanczosProcess, gradientNorm: Double, radius: Double) throws(MatrixFreeError) {
        let ritz = try process.projection.ritzValues()
        solution = SecularEquation(
            eigenvalues: ritz.values, linear: ritz.first.map { gradientNorm * $0 }, radius: radius
        ).solve()
        residual = abs(process.coupling * Vectors.dot(ritz.last, solution.coefficients))
    }
}

/// The largest eigenvalue of H on the orthogonal complement of a basis, with its vector there.
private struct Complement {
    let value: Double
    let vector: [Double]
    let products: Int

    /// - Parameters:
    ///   - threshold: values below it are of no use, and need not be accurate.
    ///   - accuracy: the residual that a useful one should have.
    ///   - productsMade: of those that the settings allow.
    init(
        _ matrix: some LinearOperator, of basis: KrylovBasis, above threshold: Double, accuracy: Double,
        productsMade: Int, settings request: GeneralizedLanczosTrustRegion
    ) throws {
        let maximumProducts = request.maximumProducts - productsMade
        let complement = DeflatedOperator(matrix, removing: basis)
        var settings = Lanczos(
            tolerance: 1e-3, maximumProducts: maximumProducts,
            memoryLimit: request.memoryLimit,
            seed: RandomNumbers(seed: request.seed).named("complement").bits(at: 0), rounding: request.rounding)
        func search(_ start: [Double]?) throws -> SpectrumExtremes {
            var run = try LanczosRun(complement, settings, start: start, subspace: complement.complement)
            try run.iterate { _ in true }
            return try run.result(eigenvectors: true, verify: false)
        }
        var found = try search(nil)
        var made = found.products
        if found.largest[0].value > threshold && made < maximumProducts && found.largest[0].residual > accuracy {
            let scale = max(abs(found.largest[0].value), 1e-4 * found.norm)
            settings.tolerance = min(1e-3, 0.5 * accuracy / scale)
            settings.maximumProducts = maximumProducts - made
            found = try search(found.largestVectors[0])
            made += found.products
        }
        var direction = complement.project(found.largestVectors[0])
        Vectors.scale(&direction, by: 1 / Vectors.norm(direction))
        value = found.largest[0].value
        vector = direction
        products = made
    }
}
