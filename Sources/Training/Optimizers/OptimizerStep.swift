import Models
import Objectives
import Tensors

/// The step that a training's rule would take next from a checkpoint, at the learning rate 1.
public enum OptimizerStep: String, Sendable, CaseIterable {
    /// By the rule with all that it keeps, such as its momentum, and its limit of the gradient's norm: θ′ − θ.
    case update
    /// Of Adam and AdamW: −P⁻¹g with P = (1 − β₁ᵗ)(√v/√(1 − β₂ᵗ) + ε), the gradient as P sees it, without momentum (Cohen et al. 2022, arXiv
    /// 2207.14484).
    case preconditioned

    /// Why there is no such step.
    public enum Failure: Error {
        /// A checkpoint that was imported, or of averaged weights, or without its optimiser's state.
        case noState
        /// A rule that divides by nothing: its name.
        case noPreconditioner(String)
        /// A rule whose step needs the gradient after an ascent: its name.
        case ascends(String)
    }

    /// The step of a checkpoint by the gradient of its loss on some data, P numbers.
    ///
    /// - Throws: `Failure`; `CheckpointError` for damaged ones; what the loss throws.
    public func direction(of checkpoint: Checkpoint, on loss: ModelLoss) throws -> [Double] {
        try direction(of: checkpoint, gradient: loss.valueAndGradient(at: loss.theta).gradient)
    }

    /// The step of a checkpoint, P numbers.
    ///
    /// - Parameter gradient: g at the checkpoint's θ.
    /// - Throws: `Failure`; `CheckpointError` for damaged ones.
    /// - Precondition: a gradient of θ's length.
    public func direction(of checkpoint: Checkpoint, gradient: [Double]) throws -> [Double] {
        let (configuration, state) = try Self.state(of: checkpoint)
        switch self {
        case .update:
            guard !configuration.optimizer.ascends else { throw Failure.ascends(configuration.optimizer.rawValue) }
            var optimizer = state.optimizer, theta = state.theta, gradient = gradient
            if let limit = configuration.gradientClip { GradientClipping.clip(&gradient, to: limit) }
            optimizer.update(&theta, gradient: gradient, learningRate: 1, step: state.step)
            return Vectors.sum(theta, -1, state.theta)
        case .preconditioned:
            let rule = try Self.preconditioner(configuration, state)
            let decayed = Vectors.sum(gradient, rule.weightDecay, state.theta)
            return zip(decayed, rule.diagonal).map { -$0 / $1 }
        }
    }

    /// The square root of P of a checkpoint by Adam or AdamW, P numbers: in weights that are scaled by it, the rule is gradient descent with
    /// momentum, and its curvature that of P^(−1/2) H P^(−1/2).
    ///
    /// - Throws: `Failure`; `CheckpointError` for damaged ones.
    public static func scaling(of checkpoint: Checkpoint) throws -> [Double] {
        let (configuration, state) = try state(of: checkpoint)
        return try preconditioner(configuration, state).diagonal.map { $0.squareRoot() }
    }

    private static func state(of checkpoint: Checkpoint) throws -> (TrainingConfiguration, TrainingState) {
        guard let record = checkpoint.metadata.training, record.derivation == nil,
            checkpoint.metadata.step > 0
        else { throw Failure.noState }
        let configuration = try TrainingConfiguration(checkpoint.metadata)
        return (configuration, try TrainingState(checkpoint, Model(checkpoint).network, configuration))
    }

    private static func preconditioner(
        _ configuration: TrainingConfiguration, _ state: TrainingState
    ) throws -> Preconditioner {
        guard let adam = state.optimizer as? Adam,
            let rule = Preconditioner(adam, step: state.step, learningRate: 1)
        else { throw Failure.noPreconditioner(configuration.descent.rawValue) }
        return rule
    }
}
