import Networks
import Tensors

extension Trainer {
    /// Measures λmax of the training loss every so many epochs, and keeps it in the history beside the edge of stability.
    public func trackSharpness(every epochs: Int) {
        measures = { [unowned self] epoch, theta, buffers in
            guard epoch % epochs == 0 || isLastStep else { return [:] }
            let objective = try trackedObjective(buffers)
            return try TrackedSharpness(
                objective, at: theta, step: step, rounding: configuration.precision == .float ? 0x1p-23 : 0x1p-52,
                edge: edge
            ).measures
        }
    }

    /// λmax at which the configured rule stops being stable, for the learning rate of the last step; nil where none is known.
    private func edge(gradientNorm: Double) -> Double? {
        let settings = configuration
        let plain = StabilityEdge.gradientDescent(
            rate: learningRate(step: max(0, step - 1)), momentum: settings.momentum,
            isNesterov: settings.optimizer == .nesterov, weightDecay: settings.weightDecay)
        switch settings.optimizer {
        case .sgd, .nesterov: return plain
        case .sam: return StabilityEdge.sharpnessAware(rho: settings.rho, gradientNorm: gradientNorm, edge: plain)
        case .adam, .adamw, .asam, .gsam, .looksam: return nil
        }
    }
}
