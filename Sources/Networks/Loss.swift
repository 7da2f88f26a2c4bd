import Autodiff

/// The loss ℓ of one example. An objective is its mean over the examples.
public enum Loss: Sendable, Hashable, Codable {
    /// Cross-entropy of logits z: −Σ_k t_k ln softmax(z)_k. The target t is 1 − s at the label, plus s/K at each of the
    /// K classes, with s the label smoothing.
    case crossEntropy(labelSmoothing: Double)
    /// The mean of r² over an example's outputs, as PyTorch's `MSELoss`.
    case meanSquaredError
    /// Half the mean of r² over an example's outputs. For least squares with one output its Hessian is XᵀX/n.
    case halfMeanSquaredError
    /// Binary cross-entropy of logits, averaged over an example's outputs: the mean of ln(1 + eᶻ) − t z.
    case binaryCrossEntropy

    /// The loss in words, as printed results name it.
    public var name: String {
        switch self {
        case .crossEntropy(let s): s == 0 ? "cross-entropy" : "cross-entropy, label smoothing \(s)"
        case .meanSquaredError: "mse (mean r²)"
        case .halfMeanSquaredError: "half mse (½ mean r²)"
        case .binaryCrossEntropy: "bce with logits"
        }
    }

    /// Whether targets are classes; else they are real numbers.
    public var takesClasses: Bool { if case .crossEntropy = self { true } else { false } }

    /// The loss of each example, [n].
    ///
    /// *Shapes:* `output` is [n, outputs]; `target` is class indices [n] or real numbers [n, outputs], as
    /// `takesClasses` says.
    public func values(_ output: Value, target: Value) -> Value {
        let (n, k) = (output.shape[0], output.shape[1])
        switch self {
        case .crossEntropy(let smoothing):
            let oneHot = target.oneHot(k)
            let weights = smoothing == 0 ? oneHot : oneHot.scaled(1 - smoothing).offset(smoothing / Double(k))
            // Written so that one pass gives both terms: the weights sum to 1.
            return (output.logSumExp() - (weights * output).sum([1])).reshaped([n])
        case .meanSquaredError:
            return (output - target).squared().mean([1]).reshaped([n])
        case .halfMeanSquaredError:
            return (output - target).squared().mean([1]).scaled(0.5).reshaped([n])
        case .binaryCrossEntropy:
            return (output.softplus() - output * target).mean([1]).reshaped([n])
        }
    }
}
