import Networks
import Tensors

/// A rule that moves θ by what it knows of gradients. It is told a learning rate at every step.
///
/// What a rule keeps (moments) is in Float64, one vector of θ's length for each name.
public protocol Optimizer: Sendable {
    /// Moments by name. Empty before the first step.
    var state: [String: [Double]] { get set }
    /// The names that `state` has after the first step.
    var names: [String] { get }

    /// Moves θ. `step` counts from 0.
    mutating func update(_ theta: inout [Double], gradient: [Double], learningRate: Double, step: Int)
}

/// The optimisers that a training can use.
public enum OptimizerKind: String, Sendable, Codable, CaseIterable {
    case sgd, nesterov, adam, adamw, sam, asam

    /// Whether each step first climbs to a worse place nearby.
    public var ascends: Bool { self == .sam || self == .asam }
}

extension TrainingConfiguration {
    /// The rule that moves θ; that of SAM and ASAM is SGD with momentum, as in both papers.
    var baseOptimizer: any Optimizer {
        switch optimizer {
        case .sgd, .sam, .asam: SGD(momentum: momentum, weightDecay: weightDecay)
        case .nesterov: SGD(momentum: momentum, weightDecay: weightDecay, isNesterov: true)
        case .adam: Adam(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
        case .adamw: Adam(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, decouplesDecay: true)
        }
    }

    /// The climb before each step; nil for optimisers that do none.
    var ascent: SharpnessAwareAscent? {
        switch optimizer {
        case .sam: SharpnessAwareAscent(rho: rho, scaling: .none, weightDecay: decaysInAscent ? weightDecay : 0)
        case .asam:
            SharpnessAwareAscent(rho: rho, scaling: .weights(eta: eta), weightDecay: decaysInAscent ? weightDecay : 0)
        default: nil
        }
    }
}
