import Tensors

/// The algebraically largest and smallest eigenvalues of a symmetric operator, in one run.
///
/// Lanczos with full reorthogonalisation, HQ = QT + βq eₘᵀ, and thick restart (Wu & Simon 2000,
/// doi:10.1137/S0895479898334605) when the basis has filled the memory limit. Extreme Ritz values converge from inside
/// the spectrum; the products needed grow with √(spread / gap), without restart as few as any Krylov method can do.
///
/// A value counts as converged when ‖Hx − θx‖ ≤ tolerance · max(min(|θ|, S), relativeFloor · S), where S = λmax − λmin is the
/// spread of the spectrum: relative to itself, except where it is tiny within the spectrum or the spectrum lies far from
/// zero. The error of an isolated eigenvalue is about residual²/gap, so that 1e-4 usually gives eight digits or more.
///
/// Multiplicities: one Krylov space holds one vector of every eigenspace. When the space is exhausted (β = 0 to rounding)
/// the search goes on from a random vector orthogonal to it, and ends only when such a search brought nothing new that
/// is more extreme. Short of that a repeated eigenvalue may be counted once: `multiplicities` looks for the others.
///
/// Memory: `memoryLimit` is for the basis; two vectors and the eigenvectors of the result come on top.
///
/// - Parameters:
///   - matrix: H, P × P.
///   - largest: how many of the largest; more than P counts as P.
///   - smallest: how many of the smallest.
///   - tolerance: 1e-4, as the tool's `--tolerance`; PyHessian's 1e-3 bounds a change of λ, not the residual.
///   - relativeFloor: eigenvalues smaller than this times the spread are held to absolute accuracy. 1e-4, ours: below the
///     |λmin|/λmax of 1e-2 to 1e-3 in trained classifiers. Eigenvalues that *are* zero (the low end of a Gauss–Newton matrix)
///     cannot be resolved from each other; asking for many of them costs products and tells nothing.
///   - maximumProducts: where to give up; then what is there is returned, not converged.
///   - memoryLimit: bytes for the basis: a multiple of 8P. 4 GiB holds 500 vectors of a million parameters.
///   - start: the first direction; nil for a random normal vector of `seed`.
///   - seed: of the start and of restarts after breakdown.
///   - rounding: relative rounding error of a product; 2⁻⁵² for one made in Float64, 2⁻²³ in Float32.
///   - multiplicities: when everything has converged, look for copies of the values outside the Krylov space, until what is
///     there is clearly less extreme (by a Ritz value with a residual of 5 %). Needed where eigenvalues repeat by construction:
///     linear least squares with several outputs repeats every one. It takes 12 to 40 % more products (on the Hessians of two
///     small classifiers), and as much memory again. Trained networks have no reason to repeat an eigenvalue: off.
///   - eigenvectors: whether the result carries them.
///   - verifyResiduals: recompute every residual with one product each.
///   - progress: called after every product; false ends the run with what it has.
/// - Throws: `MatrixFreeError` for arguments that have no answer and products that are not finite; what the operator throws.
public func lanczos(
    _ matrix: some LinearOperator, largest: Int = 1, smallest: Int = 0, tolerance: Double = 1e-4,
    relativeFloor: Double = 1e-4, maximumProducts: Int = 1000, memoryLimit: Int = 4 << 30, start: [Double]? = nil,
    seed: UInt64 = 0, rounding: Double = 0x1p-52, multiplicities: Bool = false, eigenvectors: Bool = true,
    verifyResiduals: Bool = false, progress: (LanczosProgress) -> Bool = { _ in true }
) throws -> SpectrumExtremes {
    let settings = LanczosSettings(
        largest: largest, smallest: smallest, tolerance: tolerance, relativeFloor: relativeFloor,
        maximumProducts: maximumProducts, memoryLimit: memoryLimit, seed: seed, rounding: rounding)
    var run = try LanczosRun(matrix, settings, start: start)
    try run.iterate(progress)
    if multiplicities { try run.searchOutside(progress) }
    return try run.result(eigenvectors: eigenvectors, verify: verifyResiduals)
}
