import Tensors

/// The set of perturbations ε with ‖T⁻¹ε‖_p ≤ ρ, seen through z = T⁻¹ε.
public struct Ball: Sendable {
    /// The norm that a ball is one of: ℓ2, or ℓ∞, whose ball is a cube.
    public enum Norm: String, Sendable, Codable, CaseIterable { case l2, linf }

    /// The norm of z.
    public let norm: Norm
    /// ρ.
    public let radius: Double
    /// The diagonal of T; nil for the identity. A zero entry keeps its weight where it is.
    public let scaling: [Double]?

    /// - Parameters:
    ///   - radius: ρ.
    ///   - scaling: the diagonal of T, P numbers from 0; nil for the identity.
    /// - Precondition: a positive, finite radius.
    public init(norm: Norm = .l2, radius: Double, scaling: [Double]? = nil) {
        precondition(radius > 0 && radius.isFinite, "a ball of radius \(radius)")
        (self.norm, self.radius, self.scaling) = (norm, radius, scaling)
    }

    /// T = |θ| + η of adaptive sharpness (Kwon et al. 2021, arXiv 2102.11600, η = 0.01; Andriushchenko et al. 2023,
    /// arXiv 2302.07011, take η = 0).
    public static func adaptiveScaling(_ theta: [Double], eta: Double) -> [Double] { theta.map { abs($0) + eta } }

    /// T x.
    public func scaled(_ x: [Double]) -> [Double] { Vectors.product(scaling, x) }

    /// ‖z‖_p.
    public func length(_ z: [Double]) -> Double {
        norm == .l2 ? Vectors.norm(z) : z.reduce(0) { max($0, abs($1)) }
    }

    /// The z of the ball that is largest along a slope ∂/∂z: ρ s/‖s‖₂, or ρ sign(s). Zero for a zero slope.
    public func farthest(along slope: [Double]) -> [Double] {
        switch norm {
        case .l2:
            let length = Vectors.norm(slope)
            return length > 0 ? slope.map { radius * $0 / length } : slope
        case .linf: return slope.map { $0 > 0 ? radius : $0 < 0 ? -radius : 0 }
        }
    }

    /// The nearest z of the ball.
    public func projection(_ z: [Double]) -> [Double] {
        switch norm {
        case .l2:
            let length = Vectors.norm(z)
            return length > radius ? z.map { $0 * (radius / length) } : z
        case .linf: return z.map { min(radius, max(-radius, $0)) }
        }
    }

    /// The point of the boundary in the direction of z (ℓ2), or the nearest point of the ball (ℓ∞).
    func stretched(_ z: [Double]) -> [Double] {
        guard norm == .l2 else { return projection(z) }
        let length = Vectors.norm(z)
        return length > 0 ? z.map { $0 * (radius / length) } : z
    }

    /// max sᵀz over the ball: ρ‖s‖₂ or ρ‖s‖₁.
    public func support(_ slope: [Double]) -> Double {
        norm == .l2 ? radius * Vectors.norm(slope) : radius * slope.reduce(0) { $0 + abs($1) }
    }
}
