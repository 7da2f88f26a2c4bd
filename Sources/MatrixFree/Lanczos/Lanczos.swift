/// The algebraically largest and smallest eigenvalues of a symmetric operator, in one run.
///
///     let spectrum = try Lanczos(largest: 5, smallest: 1).run(hessian)
///     print(spectrum.largest.map(\.value))
///
/// The method is Lanczos with full reorthogonalisation, HQ = QT + βq eₘᵀ, and thick restart (Wu & Simon 2000,
/// doi:10.1137/S0895479898334605) when the basis has filled the memory limit. Extreme Ritz values converge from inside
/// the spectrum. The products needed grow with √(spread / gap); without a restart no Krylov method needs fewer.
///
/// A value has converged when ‖Hx − θx‖ ≤ tolerance · max(min(|θ|, S), relativeFloor · S). S = λmax − λmin is the
/// spread of the spectrum. So the tolerance is relative to the value itself, except where the value is tiny within the
/// spectrum or the spectrum lies far from zero. The error of an isolated eigenvalue is about residual²/gap: 1e-4
/// usually gives eight digits or more.
///
/// One Krylov space holds one vector of every eigenspace. When the space is exhausted (β = 0 to rounding), the search
/// goes on from a random vector orthogonal to it. It ends only when such a search brought nothing more extreme. Short
/// of that, a repeated eigenvalue may be counted once; `multiplicities` looks for the other copies.
public struct Lanczos: Sendable, Equatable {
    /// How many of the algebraically largest eigenvalues to find: 0 or more, and at least one of both ends together.
    /// More than P counts as P. Default 1.
    public var largest: Int
    /// How many of the algebraically smallest eigenvalues to find: 0 or more. More than P counts as P. Default 0.
    public var smallest: Int
    /// The residual at which a value has converged, relative as described above; positive. Default 1e-4, as the tool's
    /// `--tolerance`. PyHessian's 1e-3 bounds a change of λ, not the residual.
    public var tolerance: Double
    /// Eigenvalues smaller than this share of the spread are held to an absolute accuracy; 0 or more. Default 1e-4,
    /// ours: it lies below the |λmin|/λmax of 1e-2 to 1e-3 in trained classifiers. Eigenvalues that *are* zero (the low
    /// end of a Gauss–Newton matrix) cannot be resolved from each other. Asking for many of them costs products and
    /// tells nothing.
    public var relativeFloor: Double
    /// The number of products after which the run ends with what it has, not converged; positive. Default 1000, ours:
    /// it bounds the time, not the accuracy.
    public var maximumProducts: Int
    /// Bytes for the basis: with 8P(largest + smallest + 3) and more, it is restarted when it has filled them; with less,
    /// the rest of a short basis lies in a file in the folder of temporary files. Two vectors and the eigenvectors of the
    /// result come on top. Default 4 GiB, ours: 500 vectors of a million parameters.
    public var memoryLimit: Int
    /// The seed of the start and of restarts after a breakdown. Default 0.
    public var seed: UInt64
    /// The relative rounding error of a product; positive. Default 2⁻⁵², for products made in Float64; 2⁻²³ is
    /// Float32's.
    public var rounding: Double
    /// Whether to look for copies of the values outside the Krylov space, once everything has converged. The search
    /// ends where what is there is clearly less extreme (by a Ritz value with a residual of 5 %). It is needed where
    /// eigenvalues repeat by construction: linear least squares with several outputs repeats every one. It takes 12 to
    /// 40 % more products (on the Hessians of two small classifiers) and as much memory again. Default false: trained
    /// networks have no reason to repeat an eigenvalue.
    public var multiplicities: Bool
    /// Whether the result carries eigenvectors. Default true.
    public var eigenvectors: Bool
    /// Whether to compute every residual again, with one product each. Default false.
    public var verifyResiduals: Bool

    /// Settings for a run; each parameter is described at the property of its name.
    public init(
        largest: Int = 1, smallest: Int = 0, tolerance: Double = 1e-4, relativeFloor: Double = 1e-4,
        maximumProducts: Int = 1000, memoryLimit: Int = 4 << 30, seed: UInt64 = 0, rounding: Double = 0x1p-52,
        multiplicities: Bool = false, eigenvectors: Bool = true, verifyResiduals: Bool = false
    ) {
        (self.largest, self.smallest) = (largest, smallest)
        (self.tolerance, self.relativeFloor) = (tolerance, relativeFloor)
        (self.maximumProducts, self.memoryLimit) = (maximumProducts, memoryLimit)
        (self.seed, self.rounding) = (seed, rounding)
        self.multiplicities = multiplicities
        self.eigenvectors = eigenvectors
        self.verifyResiduals = verifyResiduals
    }

    /// Finds the ends of H's spectrum.
    ///
    /// - Parameters:
    ///   - matrix: H, P × P.
    ///   - start: the first direction, P numbers, finite and not all zero; nil for a random normal vector of `seed`.
    ///   - progress: called when Ritz values have been examined; false ends the run with what it has.
    ///   - space: is given the Krylov space in which the values have converged, for what else it holds; valid during the call. Not called
    ///     where they have not.
    /// - Returns: the values with their residuals. Not converging is a result, with `converged: false`.
    /// - Throws: `MatrixFreeError` for settings that have no answer and for products that are not finite; what the
    ///   operator throws.
    public func run(
        _ matrix: some LinearOperator, start: [Double]? = nil, progress: (LanczosProgress) -> Bool = { _ in true },
        space: (LanczosDecomposition) throws -> Void = { _ in }
    ) throws -> SpectrumExtremes {
        var run = try LanczosRun(matrix, self, start: start)
        try run.iterate(progress)
        if run.isDone { try space(LanczosDecomposition(run.process, products: run.counter.products)) }
        if multiplicities { try run.searchOutside(progress) }
        return try run.result(eigenvectors: eigenvectors, verify: verifyResiduals)
    }

    /// - Throws: `MatrixFreeError.invalidArgument` where a setting is outside its range.
    func check() throws(MatrixFreeError) {
        guard largest >= 0, smallest >= 0, largest > 0 || smallest > 0 else {
            throw .invalidArgument("lanczos: \(largest) largest and \(smallest) smallest; expected at least one")
        }
        guard tolerance > 0, relativeFloor >= 0, maximumProducts > 0, rounding > 0 else {
            throw .invalidArgument(
                "lanczos: tolerance \(tolerance), floor \(relativeFloor), rounding \(rounding), "
                    + "\(maximumProducts) products; expected positive numbers")
        }
    }
}
