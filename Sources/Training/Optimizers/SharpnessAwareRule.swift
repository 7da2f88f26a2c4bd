import Tensors

/// How the gradient g at θ and the gradient gₛ at θ + ε become the direction of a step.
public enum SharpnessAwareRule: Sendable, Hashable {
    /// gₛ: SAM and ASAM.
    case plain
    /// GSAM (Zhuang et al. 2022, arXiv 2203.08065): gₛ − α g⊥, where g⊥ is the part of g that is orthogonal to gₛ; subtracting it
    /// lowers the surrogate gap L(θ + ε) − L(θ) and leaves the descent of L(θ + ε) as it is, to first order. ρ is constant here; in the
    /// paper it falls with the learning rate.
    case gap(alpha: Double)
    /// LookSAM (Liu et al. 2022, arXiv 2203.02714): in steps that climb gₛ, of which the part g_v orthogonal to g is kept; in the steps
    /// between g + α ‖g‖ g_v/‖g_v‖, which needs no second gradient.
    case look(alpha: Double)

    /// gₛ − α (g − (g·gₛ/‖gₛ‖²) gₛ).
    static func withoutGap(_ climbed: [Double], _ gradient: [Double], alpha: Double) -> [Double] {
        Vectors.sum(climbed, -alpha, orthogonalPart(of: gradient, to: climbed))
    }

    /// g + α ‖g‖ g_v/‖g_v‖; g where nothing is orthogonal.
    static func looking(_ gradient: [Double], along direction: [Double], alpha: Double) -> [Double] {
        let length = Vectors.norm(direction)
        return length > 0 ? Vectors.sum(gradient, alpha * Vectors.norm(gradient) / length, direction) : gradient
    }

    /// v − (v·u/‖u‖²) u; v where u is 0.
    static func orthogonalPart(of v: [Double], to u: [Double]) -> [Double] {
        let square = Vectors.dot(u, u)
        return square > 0 ? Vectors.sum(v, -Vectors.dot(v, u) / square, u) : v
    }
}
