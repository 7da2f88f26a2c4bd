import Autodiff

/// The loss ℓ of one example, of which an objective is the mean.
public enum Loss: Sendable, Hashable, Codable {
    /// −Σ_k t_k ln softmax(z)_k, where t is 1 at the label, smoothed: (1−s) at the label plus s/K everywhere.
    case crossEntropy(labelSmoothing: Double)
    /// Mean over outputs of r², as PyTorch's MSELoss.
    case meanSquaredError
    /// Half of that; its Hessian for least squares is XᵀX/n.
    case halfMeanSquaredError
    /// Mean over outputs of the binary cross-entropy of logits.
    case binaryCrossEntropy

    /// As results and checkpoints state it.
    public var name: String {
        switch self {
        case .crossEntropy(let s): s == 0 ? "cross-entropy" : "cross-entropy, label smoothing \(s)"
        case .meanSquaredError: "mse (mean r²)"
        case .halfMeanSquaredError: "half mse (½ mean r²)"
        case .binaryCrossEntropy: "bce with logits"
        }
    }

    public var takesClasses: Bool { if case .crossEntropy = self { true } else { false } }

    /// ℓ of each example, [n]. The target is class indices [n] or numbers [n, outputs].
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
