import Foundation

/// What Adam divides its steps by, as a diagonal matrix P, and the largest eigenvalue of P⁻¹H up to which it is stable on a quadratic while P
/// stays as it is (Cohen et al. 2022, arXiv 2207.14484):
///
///     P = (1 − β₁ᵗ)(√v/√(1 − β₂ᵗ) + ε),  λ = (2 + 2β₁)/((1 − β₁)η).
///
/// At that λ, θ ← −θ is an orbit of the rule. Trainings on full batches rise to it.
struct Preconditioner {
    /// P, a number for each parameter.
    let diagonal: [Double]
    /// λ.
    let edge: Double
    /// Of the decay that is part of the gradient, and so of what P divides; 0 where it is decoupled.
    let weightDecay: Double

    /// - Parameters:
    ///   - adam: the rule, after `step` steps. Decoupled decay w shrinks θ beside the step, and the edge with it: (1 + β₁)/(1 − β₁) (2/η − w).
    ///   - step: t, at least 1.
    init?(_ adam: Adam, step: Int, learningRate: Double) {
        guard step > 0, learningRate > 0, let squares = adam.state[Adam.squareName] else { return nil }
        let scale = 1 - pow(adam.beta1, Double(step)), root = (1 - pow(adam.beta2, Double(step))).squareRoot()
        diagonal = squares.map { scale * ($0.squareRoot() / root + adam.epsilon) }
        let decoupled = adam.decouplesDecay ? adam.weightDecay : 0
        edge = (1 + adam.beta1) / (1 - adam.beta1) * (2 / learningRate - decoupled)
        weightDecay = adam.decouplesDecay ? 0 : adam.weightDecay
    }
}
