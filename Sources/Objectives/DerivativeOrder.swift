/// The highest derivative of a loss that an analysis takes, which says what memory it needs.
public enum DerivativeOrder: Int, Sendable, Comparable {
    /// L(θ) alone.
    case value
    /// L(θ) and ∇L(θ).
    case gradient
    /// These and products of a curvature matrix with a vector.
    case product

    /// A lower derivative is less.
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    /// The programs that compute it.
    var kinds: [BatchProgram.Kind] {
        switch self {
        case .value: [.value]
        case .gradient: [.value, .gradient]
        case .product: [.value, .gradient, .hessian]
        }
    }
}
