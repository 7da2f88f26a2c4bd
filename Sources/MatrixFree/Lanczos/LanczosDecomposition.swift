/// m steps of the Lanczos recurrence, HQ = QT + βq eₘᵀ: a compression of H that costs no more products to use.
public struct LanczosDecomposition {
    /// Q: m orthonormal vectors.
    public let basis: KrylovBasis
    /// T = QᵀHQ.
    public let projection: Tridiagonal
    /// β; 0 where the basis is invariant under H.
    public let coupling: Double
    /// q, of unit length and orthogonal to the basis; nil where the basis is invariant.
    public let next: [Double]?
    /// Matrix–vector products made: one for each step.
    public let products: Int

    /// Makes m steps of a `LanczosProcess`, or fewer where the Krylov space is exhausted.
    ///
    /// - Parameters:
    ///   - start: the first direction, P numbers, finite and not all zero; nil for a random one of `seed`.
    ///   - steps: m, at least 1; more than P counts as P.
    ///   - rounding: the relative rounding error of a product, as in `Lanczos`.
    /// - Throws: `MatrixFreeError`, and what the operator throws.
    public init(
        of matrix: some LinearOperator, start: [Double]? = nil, steps: Int, seed: UInt64 = 0, rounding: Double = 0x1p-52
    ) throws {
        guard steps > 0 else { throw MatrixFreeError.invalidArgument("lanczos: \(steps) steps; expected at least one") }
        var counter = try ProductCounter(matrix)
        var process = try LanczosProcess(
            dimension: matrix.dimension, capacity: steps, start: start, seed: seed, rounding: rounding)
        while !process.isFull && process.breakdowns == 0 { try process.step { try counter.apply($0) } }
        self.init(process, products: counter.products)
    }

    init(_ process: LanczosProcess, products: Int) {
        basis = process.basis
        projection = process.projection
        coupling = process.coupling
        next = process.coupling == 0 ? nil : process.next
        self.products = products
    }
}
