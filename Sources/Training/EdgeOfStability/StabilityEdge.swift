import Tensors

/// The largest eigenvalue λmax of the Hessian up to which a rule with a fixed learning rate η is stable on a quadratic. Trainings on full
/// batches rise to it and stay there (Cohen et al. 2021, arXiv 2103.00065); those on small batches stay below.
public enum StabilityEdge {
    /// Gradient descent 2/η, with momentum β (Polyak) (2 + 2β)/η, with Nesterov's (2 + 2β)/(η(1 + 2β)); less the weight decay, which
    /// adds to every eigenvalue.
    public static func gradientDescent(
        rate: Double, momentum: Double = 0, isNesterov: Bool = false, weightDecay: Double = 0
    ) -> Double {
        (2 + 2 * momentum) / (rate * (isNesterov ? 1 + 2 * momentum : 1)) - weightDecay
    }

    /// SAM's, where the vector that is climbed along has the norm ‖h‖ (Long & Bartlett 2023, arXiv 2309.12488): the λ for which
    /// λ(1 + ρλ/‖h‖) is the edge e of the rule without SAM,
    ///
    ///     λ = (‖h‖/2ρ) (√(1 + 4ρe/‖h‖) − 1),  for e = 2/η  (‖h‖/2ρ) (√(1 + 8ρ/(η‖h‖)) − 1).
    ///
    /// Climbing along h = g + wθ moves an eigenvector's θ by ρ(λ + w)θ/‖h‖, so that λ(1 + ρ(λ + w)/‖h‖) is e. Momentum and weight
    /// decay are ours; both have the same derivation: with ‖h‖ held, θ ← −θ is an orbit of the rule at the edge.
    ///
    /// - Parameters:
    ///   - climbedNorm: ‖h‖, of the gradient g or of g + wθ.
    ///   - edge: e, less the weight decay of the step.
    ///   - climbedDecay: w where h = g + wθ, 0 where h = g.
    /// - Returns: NaN where no λ is stable, as with a weight decay far above 2/η.
    public static func sharpnessAware(
        rho: Double, climbedNorm: Double, edge: Double, climbedDecay: Double = 0
    ) -> Double {
        guard rho > 0, climbedNorm > 0 else { return rho > 0 ? 0 : edge }
        let ratio = 4 * rho * edge / climbedNorm, b = 1 + rho * climbedDecay / climbedNorm
        // The root of (ρ/‖h‖) λ² + bλ = e without cancellation.
        return edge * 2 / ((b * b + ratio).squareRoot() + b)
    }
}

extension TrainingConfiguration {
    /// λmax at which the rule stops being stable; nil where none is known (Adam, Muon, ASAM, GSAM, LookSAM, Friendly-SAM, Eigen-SAM, m-SAM, SAM on
    /// normalisation layers alone or with another base than SGD).
    ///
    /// - Parameters:
    ///   - learningRate: of the step, which a schedule may have lowered.
    ///   - gradient: g, on whose norm SAM's edge depends.
    ///   - theta: θ, on which the climb depends where it includes the weight decay.
    /// - Precondition: vectors of the same length.
    public func stabilityEdge(learningRate: Double, gradient: [Double], at theta: [Double]) -> Double? {
        let plain = StabilityEdge.gradientDescent(
            rate: learningRate, momentum: momentum, isNesterov: optimizer == .nesterov, weightDecay: weightDecay)
        switch optimizer {
        case .sgd, .nesterov: return plain
        case .sam where m == nil && perturbs == .all && base == .sgd:
            let climbedDecay = decaysInAscent ? weightDecay : 0
            let climbed = climbedDecay == 0 ? gradient : Vectors.sum(gradient, climbedDecay, theta)
            let edge = StabilityEdge.sharpnessAware(
                rho: rho, climbedNorm: Vectors.norm(climbed), edge: plain, climbedDecay: climbedDecay)
            return edge.isNaN ? nil : edge
        case .sam, .adam, .adamw, .muon, .asam, .gsam, .looksam, .fsam, .eigensam: return nil
        }
    }
}
