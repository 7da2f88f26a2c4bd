import Essentials

/// The loss ℓ that a network is measured by. An objective is its mean over the elements of the data that count: examples, or the labels
/// of each, such as tokens and pixels.
public struct Loss: Sendable, Hashable, Codable {
    /// What is computed of outputs and targets; PyTorch's definitions.
    public enum Kind: Sendable, Hashable, Codable {
        /// Cross-entropy −Σ_k t_k ln p_k of class probabilities p. The target t is 1 − s at the label, plus s/K at each of the
        /// K classes, with s the label smoothing; or a given distribution.
        case crossEntropy(labelSmoothing: Double)
        /// Binary cross-entropy: −t ln p − (1 − t) ln(1 − p). This and all below are averaged over an example's outputs.
        case binaryCrossEntropy
        /// r², `MSELoss`.
        case meanSquaredError
        /// ½ r². For least squares with K outputs its Hessian is XᵀX/(nK) for each.
        case halfMeanSquaredError
        /// |r|, `L1Loss`.
        case absoluteError
        /// ½ r² where |r| < δ, else δ (|r| − ½ δ), `HuberLoss` (Huber 1964).
        case huber(delta: Double)
        /// ½ r²/β where |r| < β, else |r| − ½ β, `SmoothL1Loss` (Girshick 2015, arXiv 1504.08083).
        case smoothAbsoluteError(beta: Double)
        /// eᶻ − t z, `PoissonNLLLoss` of a logarithmic rate without the constant term.
        case poisson
        /// t (ln t − z) of log-probabilities z, `KLDivLoss` with its default reduction over all elements.
        case kullbackLeibler
        /// The network's output is the loss.
        case output(OutputLoss)
    }

    /// A loss that a graph computes itself.
    public struct OutputLoss: Sendable, Hashable, Codable {
        /// Of what the output is the loss.
        public enum Subject: Sendable, Hashable, Codable {
            /// One number for each example.
            case example
            /// One number for a batch, the mean of its examples' losses.
            case mean
            /// One number for a batch that is no mean over examples, such as a contrastive loss. Batches are of so many examples.
            case batch(Int)
        }

        /// The output's name; nil for the first.
        public var name: String?
        /// Of what it is the loss.
        public var subject: Subject

        /// A loss by the name of an output.
        public init(name: String?, subject: Subject = .example) { (self.name, self.subject) = (name, subject) }
    }

    /// What the outputs are that a cross-entropy is computed of.
    public enum Scale: String, Sendable, Hashable, Codable, CaseIterable {
        /// Any real numbers z; p = softmax(z), or σ(z) for binary cross-entropy.
        case logits
        /// p itself.
        case probabilities
        /// ln p.
        case logProbabilities = "log-probabilities"
    }

    /// What is computed.
    public var kind: Kind
    /// What the outputs are, for cross-entropies; nil where nothing is said, which is logits.
    public var givenScale: Scale?
    /// The axis of classes in outputs of batches, counted from 0, or from −1 at the end; nil to find it from the shapes.
    public var classAxis: Int?
    /// Labels that do not count; −100 by default, as in PyTorch.
    public var ignoreIndex = IgnoredLabel.standard
    /// A weight for each class; empty for 1.
    public var classWeights: [Double] = []
    /// Of binary cross-entropy: a weight of positive targets for each output, or one for all; empty for 1.
    public var positiveWeights: [Double] = []

    /// A loss of logits without weights.
    public init(_ kind: Kind) { self.kind = kind }

    /// Cross-entropy of logits.
    ///
    /// - Parameter labelSmoothing: s, from 0 to less than 1.
    public static func crossEntropy(labelSmoothing: Double) -> Loss {
        Loss(.crossEntropy(labelSmoothing: labelSmoothing))
    }
    /// The mean of r² over an example's outputs.
    public static let meanSquaredError = Loss(.meanSquaredError)
    /// Half the mean of r² over an example's outputs.
    public static let halfMeanSquaredError = Loss(.halfMeanSquaredError)
    /// Binary cross-entropy of logits, averaged over an example's outputs.
    public static let binaryCrossEntropy = Loss(.binaryCrossEntropy)

    /// The loss in words, as printed results name it.
    public var name: String {
        var name: String
        switch kind {
        case .crossEntropy(let s):
            name = scale == .logProbabilities ? "nll" : "cross-entropy"
            if scale == .probabilities { name += " of probabilities" }
            if s != 0 { name += ", label smoothing \(s)" }
        case .meanSquaredError: name = "mse (mean r²)"
        case .halfMeanSquaredError: name = "half mse (½ mean r²)"
        case .binaryCrossEntropy: name = scale == .probabilities ? "bce of probabilities" : "bce with logits"
        case .absoluteError: name = "l1 (mean |r|)"
        case .huber(let delta): name = "huber, δ = \(delta)"
        case .smoothAbsoluteError(let beta): name = "smooth l1, β = \(beta)"
        case .poisson: name = "poisson nll of log rates"
        case .kullbackLeibler: name = "kl divergence (mean over elements)"
        case .output(let loss):
            name = "output" + (loss.name.map { " '\($0)'" } ?? "")
            if case .batch(let size) = loss.subject { name += ", mean over batches of \(size)" }
        }
        if !classWeights.isEmpty { name += ", class weights" }
        if !positiveWeights.isEmpty { name += ", positive weights" }
        return name
    }

    /// What the outputs are; of no meaning but for cross-entropies.
    public var scale: Scale { givenScale ?? .logits }

    /// Whether it is a cross-entropy of classes.
    public var takesClasses: Bool { if case .crossEntropy = kind { true } else { false } }

    /// Whether each element's loss is −log of a probability, or of a density, that the model gives its target, up to a constant.
    ///
    /// A target is drawn from softmax(z) for cross-entropies, from σ(z) for binary ones, from Poisson(eᶻ), and from a normal distribution
    /// around the output of variance ½ for r² and 1 for ½ r². Weights of classes leave no distribution of the target, those of
    /// elements do.
    public var hasModelDistribution: Bool {
        switch kind {
        case .crossEntropy: classWeights.isEmpty
        case .binaryCrossEntropy: positiveWeights.isEmpty
        case .meanSquaredError, .halfMeanSquaredError, .poisson, .kullbackLeibler: true
        case .absoluteError, .huber, .smoothAbsoluteError, .output: false
        }
    }

    /// The loss that the network's output is; nil where it is computed of outputs and targets.
    public var outputLoss: OutputLoss? { if case .output(let loss) = kind { loss } else { nil } }
    /// Examples of each of the fixed batches that it is a mean over; nil for a mean over examples.
    public var fixedBatch: Int? { if case .batch(let size)? = outputLoss?.subject { size } else { nil } }

    /// Label smoothing; 0 for losses that have none.
    public var labelSmoothing: Double { if case .crossEntropy(let smoothing) = kind { smoothing } else { 0 } }
}
