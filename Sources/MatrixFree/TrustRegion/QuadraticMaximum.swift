import Tensors

/// The maximiser of gᵀε + ½εᵀHε in the ball ‖ε‖ ≤ ρ.
public struct QuadraticMaximum: Codable, Sendable {
    /// gᵀε + ½εᵀHε.
    public let value: Double
    /// λ ≥ 0 with (λI − H)ε = g and λ ≥ λmax(H); 0 in the interior.
    public let multiplier: Double
    /// ‖(λI − H)ε − g‖.
    public let residual: Double
    /// ‖ε‖.
    public let norm: Double
    /// ρ.
    public let radius: Double
    /// ε lies on the boundary, and would leave the ball if it could.
    public let isActive: Bool
    /// g does not see the top eigenvectors and ε contains one; −1 times that part is as good.
    public let isHardCase: Bool
    /// The largest eigenvalue found on the part of the space that the Krylov space of g does not reach; λ is at least
    /// this. nil if it was not looked for, and then a larger maximum may exist there.
    public let largestOutside: Double?
    /// The residual is at most tolerance · ‖g‖ (with g = 0: tolerance · λ · ‖ε‖).
    public let converged: Bool
    /// Matrix–vector products made.
    public let products: Int
    /// The residual at which the maximiser counted as converged, relative to ‖g‖.
    public let tolerance: Double
    /// ε, P numbers. Not part of the coded form.
    public internal(set) var maximizer: [Double] = []

    enum CodingKeys: String, CodingKey {
        case value, multiplier, residual, norm, radius, isActive, isHardCase, largestOutside, converged, products,
            tolerance
    }
}
