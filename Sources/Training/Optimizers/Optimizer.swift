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
    /// Gradient descent with momentum (`SGD`), and with Nesterov's form of it.
    case sgd, nesterov
    /// `Adam`, and with decoupled weight decay.
    case adam, adamw
    /// `Muon` on hidden weights, AdamW on the rest.
    case muon
    /// SGD after a climb (`SharpnessAwareAscent`), what GSAM and LookSAM make of it (`SharpnessAwareRule`), and the other directions of
    /// it of Friendly-SAM (`FriendlyDirection`) and Eigen-SAM (`EigenDirection`).
    case sam, asam, gsam, looksam, fsam, eigensam

    /// Whether steps first climb to a worse place nearby.
    public var ascends: Bool { [.sam, .asam, .gsam, .looksam, .fsam, .eigensam].contains(self) }
}

/// The rules that move θ by a gradient alone. SAM and its kin have one of them below the climb.
public enum BaseOptimizerKind: String, Sendable, Codable, CaseIterable {
    /// As in `OptimizerKind`.
    case sgd, nesterov, adam, adamw, muon

    /// Whether its weight decay is no part of the gradient.
    public var decouplesDecay: Bool { self == .adamw || self == .muon }
}

/// What the climb before a step perturbs.
public enum PerturbedParameters: String, Sendable, Codable, CaseIterable {
    /// Every parameter; or the scales and shifts of normalisation layers (`Network.normalizationParameters`).
    case all, norm
}

extension TrainingConfiguration {
    /// The kind of rule that moves θ, by the gradient after the climb where there is one.
    public var descent: BaseOptimizerKind { BaseOptimizerKind(rawValue: optimizer.rawValue) ?? base }

    /// The rule that moves θ of a layout.
    ///
    /// - Throws: `TrainingError.invalidSetting` where Muon is asked for and no weight is hidden.
    func baseOptimizer(for layout: ParameterLayout) throws(TrainingError) -> any Optimizer {
        switch descent {
        case .sgd: return SGD(momentum: momentum, weightDecay: weightDecay)
        case .nesterov: return SGD(momentum: momentum, weightDecay: weightDecay, isNesterov: true)
        case .adam: return Adam(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
        case .adamw:
            return Adam(
                beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, decouplesDecay: true)
        case .muon:
            let matrices = Muon.hiddenWeights(of: layout)
            guard !matrices.isEmpty else {
                throw .invalidSetting(
                    name: optimizer.ascends ? "base" : "optimizer", found: "muon",
                    expected:
                        "another with \(model): muon is for weights between the first and the last layer's, of which it has none"
                )
            }
            return Muon(
                matrices: matrices, momentum: momentum, weightDecay: weightDecay,
                auxiliaryShare: adamRate / learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon)
        }
    }

    /// The climb before each step of a network's training; nil for optimisers that do none.
    ///
    /// - Throws: `TrainingError.invalidSetting` where normalisation layers are to be perturbed and the network has none.
    func ascent(of network: Network) throws(TrainingError) -> SharpnessAwareAscent? {
        guard optimizer.ascends else { return nil }
        let perturbed = perturbs == .norm ? network.normalizationParameters : nil
        guard perturbed?.isEmpty != true else {
            throw .invalidSetting(
                name: "perturb", found: "norm", expected: "all with \(model), which has no normalisation layer")
        }
        return SharpnessAwareAscent(
            rho: rho, scaling: optimizer == .asam ? .weights(eta: eta) : .none,
            weightDecay: decaysInAscent ? weightDecay : 0, perturbed: perturbed)
    }

    /// What becomes of the gradient after the climb.
    var rule: SharpnessAwareRule {
        switch optimizer {
        case .gsam: .gap(alpha: alpha)
        case .looksam: .look(alpha: alpha)
        default: .plain
        }
    }

    /// What the direction of the climb is made of; nil where it is the gradient.
    var friendly: FriendlyDirection? {
        optimizer == .fsam ? FriendlyDirection(sigma: sigma, averaging: averaging) : nil
    }

    /// What Eigen-SAM adds to the climb; nil for other rules.
    var eigen: EigenDirection? { optimizer == .eigensam ? EigenDirection(alpha: alpha) : nil }

    /// The name of the direction that LookSAM keeps from step to step, of Friendly-SAM's average of the gradients, and of Eigen-SAM's
    /// eigenvector.
    static let lookName = "looksam_direction", averageName = "fsam_average", eigenName = "eigensam_vector"
    /// Vectors of θ's length that the rule keeps beside the optimiser's own, from the first step on.
    var keptDirections: [String] {
        switch optimizer {
        case .looksam: [Self.lookName]
        case .fsam: [Self.averageName]
        case .eigensam: [Self.eigenName]
        default: []
        }
    }

    /// Whether a step climbs, counted from 0.
    func climbs(step: Int) -> Bool { optimizer.ascends && (optimizer != .looksam || step % lookEvery == 0) }

    /// Whether Eigen-SAM looks for its eigenvector anew in a step, counted from 0.
    func seeksEigenvector(step: Int) -> Bool { optimizer == .eigensam && step % eigenEvery == 0 }

    /// Gradients of batches that a step takes: one for each batch of it, two where it climbs. A Hessian product counts two.
    func gradients(ofBatches batches: Int, step: Int) -> Int {
        batches * ((climbs(step: step) ? 2 : 1) + (seeksEigenvector(step: step) ? 2 * EigenDirection.products : 0))
    }

    /// Steps that take at most so many gradients of batches.
    ///
    /// - Parameters:
    ///   - perEpoch: steps of an epoch.
    ///   - whole: batches of its steps but the last.
    ///   - last: batches of its last step.
    /// - Throws: `TrainingError.invalidSetting` where the first step takes more.
    func steps(_ gradients: Int, perEpoch: Int, whole: Int, last: Int) throws(TrainingError) -> Int {
        /// What the steps before one take together.
        func taken(before step: Int) -> Int {
            guard step > 0 else { return 0 }
            let all = whole * step + (last - whole) * (step / perEpoch)
            /// Batches of every so many steps, of which some are an epoch's last: those at one place of every so many epochs, if at all.
            func batches(every: Int) -> Int {
                var shorter = 0
                if let first = stride(from: 0, to: step, by: every).prefix(perEpoch).first(where: {
                    $0 % perEpoch == perEpoch - 1
                }) {
                    let (period, isLonger) = every.multipliedReportingOverflow(by: perEpoch)
                    shorter = isLonger ? 1 : (step - 1 - first) / period + 1
                }
                return whole * ((step - 1) / every + 1) + (last - whole) * shorter
            }
            switch optimizer {
            case .looksam: return all + batches(every: lookEvery)
            case .eigensam: return 2 * all + 2 * EigenDirection.products * batches(every: eigenEvery)
            default: return optimizer.ascends ? 2 * all : all
            }
        }
        // Every step takes one or more.
        var step = 0, beyond = gradients + 1
        while beyond - step > 1 {
            let middle = step + (beyond - step) / 2
            if taken(before: middle) <= gradients { step = middle } else { beyond = middle }
        }
        guard step > 0 else {
            throw .invalidSetting(
                name: "gradients", found: "\(gradients)",
                expected: "at least \(taken(before: 1)), as many as the first step takes")
        }
        return step
    }
}
