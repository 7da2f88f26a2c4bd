/// One computed eigenvalue with what is known about its error.
public struct RitzValue: Codable, Sendable, Equatable {
    /// θ, the Rayleigh quotient xᵀHx of the unit vector x.
    public let value: Double
    /// ‖Hx − θx‖. *An* eigenvalue lies within this distance of θ; that it is the extreme one, no residual can prove.
    public let residual: Double
    /// min(r, r²/gap), with the gap to the nearest other Ritz value: the error of an isolated eigenvalue is quadratic
    /// in the residual. An estimate, because the gap is one of Ritz values.
    public let errorEstimate: Double
    /// The residual is within the tolerance (see `Lanczos`).
    public let converged: Bool
}

/// Where the residuals of a result come from.
public enum ResidualKind: String, Codable, Sendable {
    /// |βyₘᵢ| of the Lanczos relation: exact up to the rounding of the products and of orthogonalisation.
    case lanczosRelation
    /// ‖Hx − θx‖ computed with one more product for each vector.
    case verified
}

/// Both algebraic ends of a spectrum, as `Lanczos` found them.
public struct SpectrumExtremes: Codable, Sendable {
    /// The algebraically largest eigenvalues, descending; min(asked, P) of them.
    public let largest: [RitzValue]
    /// The algebraically smallest eigenvalues, ascending; min(asked, P) of them.
    public let smallest: [RitzValue]
    /// Every value converged and, after a breakdown, the space outside the invariant one searched as well.
    public let converged: Bool
    /// How the residuals were found.
    public let residualKind: ResidualKind
    /// Matrix–vector products made.
    public let products: Int
    /// Thick restarts made, which the memory limit causes.
    public let restarts: Int
    /// Invariant subspaces met; after each the search went on in a random direction.
    public let breakdowns: Int
    /// Copies of repeated eigenvalues found outside the Krylov space, where `multiplicities` asked for the search.
    public let foundOutside: Int
    /// Vectors in the final basis.
    public let basisSize: Int
    /// The largest |θ|: a lower bound of ‖H‖₂, tight when an end of the spectrum has converged.
    public let norm: Double
    /// The relative residual at which a value counted as converged.
    public let tolerance: Double
    /// The share of the spread below which accuracy was absolute.
    public let relativeFloor: Double
    /// Of the start and of restarts after a breakdown.
    public let seed: UInt64
    /// Unit eigenvectors of `largest`, in its order, P numbers each. Not part of the coded form.
    public internal(set) var largestVectors: [[Double]] = []
    /// Unit eigenvectors of `smallest`, in its order, P numbers each. Not part of the coded form.
    public internal(set) var smallestVectors: [[Double]] = []

    enum CodingKeys: String, CodingKey {
        case largest, smallest, converged, residualKind, products, restarts, breakdowns, foundOutside, basisSize, norm,
            tolerance
        case relativeFloor, seed
    }
}

/// What `Lanczos` tells while it runs.
public struct LanczosProgress: Sendable {
    /// Matrix–vector products made so far.
    public let products: Int
    /// Thick restarts made so far.
    public let restarts: Int
    /// Of the values asked for, how many have converged.
    public let converged: Int
    /// The values asked for, at both ends together; more than P count as P.
    public let wanted: Int
    /// The present largest Ritz value.
    public let largest: Double
    /// The present smallest Ritz value.
    public let smallest: Double
    /// The largest residual among the values asked for, relative as the tolerance is; infinite while too few exist.
    public let worstRelativeResidual: Double
}
