/// The highest derivative of a loss that an analysis takes, which says what memory it needs.
public enum DerivativeOrder: Sendable {
    /// L(θ) alone.
    case value
    /// L(θ) and ∇L(θ).
    case gradient
    /// These and products of a curvature matrix with a vector.
    case product

    /// The programs that compute it.
    var kinds: [BatchProgram.Kind] {
        switch self {
        case .value: [.value]
        case .gradient: [.value, .gradient]
        case .product: [.value, .gradient, .hessian]
        }
    }
}
