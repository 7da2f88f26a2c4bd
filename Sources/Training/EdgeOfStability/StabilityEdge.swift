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

    /// SAM's, where the gradient has the norm ‖g‖ (Long & Bartlett 2023, arXiv 2309.12488): the λ for which
    /// λ(1 + ρλ/‖g‖) is the edge e of the rule without SAM,
    ///
    ///     λ = (‖g‖/2ρ) (√(1 + 4ρe/‖g‖) − 1),  for e = 2/η  (‖g‖/2ρ) (√(1 + 8ρ/(η‖g‖)) − 1).
    public static func sharpnessAware(rho: Double, gradientNorm: Double, edge: Double) -> Double {
        guard rho > 0, gradientNorm > 0 else { return rho > 0 ? 0 : edge }
        let ratio = 4 * rho * edge / gradientNorm
        // (√(1 + x) − 1)/x without cancellation.
        return edge * 2 / ((1 + ratio).squareRoot() + 1)
    }
}

extension TrainingConfiguration {
    /// λmax at which the rule stops being stable; nil where none is known (Adam, ASAM, GSAM, LookSAM).
    ///
    /// - Parameters:
    ///   - learningRate: of the step, which a schedule may have lowered.
    ///   - gradientNorm: ‖g‖, on which SAM's edge depends.
    public func stabilityEdge(learningRate: Double, gradientNorm: Double) -> Double? {
        let plain = StabilityEdge.gradientDescent(
            rate: learningRate, momentum: momentum, isNesterov: optimizer == .nesterov, weightDecay: weightDecay)
        switch optimizer {
        case .sgd, .nesterov: return plain
        case .sam: return StabilityEdge.sharpnessAware(rho: rho, gradientNorm: gradientNorm, edge: plain)
        case .adam, .adamw, .asam, .gsam, .looksam: return nil
        }
    }
}
