import Datasets
import Essentials
import Networks

/// Why a network and a loss cannot be applied to data.
public enum DataMismatch: DescribedError, Equatable {
    /// Examples or targets of another shape or kind.
    case unsuitable(expected: String, found: String)
    /// A class that the network has no output for.
    case labelOutOfRange(label: Int, outputs: Int)
    /// A token that the network has no row for.
    case unknownToken(token: Int, vocabulary: Int)
    /// A loss for targets of another kind, and the losses that would do.
    case loss(String, data: String, expected: String)

    /// What was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .unsuitable(let expected, let found):
            "the model takes \(expected), the data have \(found); name other --data"
        case .labelOutOfRange(let label, let outputs):
            "found the label \(label), expected 0 to \(outputs - 1): the model has \(outputs) outputs; use the data's own model, or other --data"
        case .unknownToken(let token, let vocabulary):
            "found the token \(token), expected 0 to \(vocabulary - 1): the model knows \(vocabulary) tokens; use the data's own model, or vocab=\(token + 1) or more"
        case .loss(let loss, let data, let expected):
            "the loss \(loss) does not suit \(data); use --loss \(expected)"
        }
    }

    /// Refuses data that a network and a loss cannot be applied to.
    ///
    /// - Throws: the first mismatch; every label and token is looked at.
    public static func check(_ data: Dataset, _ network: Network, _ loss: Loss) throws(DataMismatch) {
        guard data.exampleSize == network.inputShape.reduce(1, *) else {
            throw .unsuitable(
                expected: "examples of shape \(network.inputShape)", found: "examples of shape \(data.exampleShape)")
        }
        if let vocabulary = network.vocabulary, case .tokens(let tokens) = data.inputs,
            let worst = tokens.max(), Int(worst) >= vocabulary
        {
            throw .unknownToken(token: Int(worst), vocabulary: vocabulary)
        }
        switch data.targets {
        case .classes(let labels, let classes):
            if let worst = labels.first(where: { $0 < 0 || Int($0) >= network.outputs }) {
                throw .labelOutOfRange(label: Int(worst), outputs: network.outputs)
            }
            // A regression on classes takes their one-hot rows.
            guard loss.takesClasses || classes == network.outputs else {
                throw .unsuitable(
                    expected: "\(network.outputs) classes for the loss \(loss.name)", found: "\(classes)")
            }
        case .values(_, let width):
            guard !loss.takesClasses else {
                throw .unsuitable(
                    expected: "class labels for the loss \(loss.name)", found: "\(width) real targets an example")
            }
            guard width == network.outputs else {
                throw .unsuitable(expected: "\(network.outputs) targets an example", found: "\(width)")
            }
        }
    }
}

extension Loss {
    /// The loss for data: the chosen one with label smoothing, else cross-entropy for classes and mean r² for real targets (PyTorch's
    /// `MSELoss`).
    ///
    /// - Throws: `DataMismatch.loss` where cross-entropy has no classes, or label smoothing no cross-entropy.
    package init(suiting data: Dataset, chosen: Loss?, labelSmoothing: Double = 0) throws(DataMismatch) {
        let loss = chosen ?? (data.classCount == nil ? .meanSquaredError : .crossEntropy(labelSmoothing: 0))
        if case .crossEntropy(let smoothing) = loss {
            guard data.classCount != nil else {
                throw .loss(loss.specification, data: "real targets", expected: "mse, half-mse or bce")
            }
            self = .crossEntropy(labelSmoothing: labelSmoothing == 0 ? smoothing : labelSmoothing)
        } else {
            guard labelSmoothing == 0 else {
                throw .loss(loss.specification, data: "label smoothing", expected: "cross-entropy")
            }
            self = loss
        }
    }
}
