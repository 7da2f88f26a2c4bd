import Datasets
import Networks

extension NetworkObjective {
    /// Whether a network and a loss can be applied to data.
    public static func check(_ data: Dataset, _ network: Network, _ loss: Loss) throws(ObjectiveError) {
        guard data.exampleSize == network.inputShape.reduce(1, *) else {
            throw .dataMismatch(
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
                throw .dataMismatch(
                    expected: "\(network.outputs) classes for the loss \(loss.name)", found: "\(classes)")
            }
        case .values(_, let width):
            guard !loss.takesClasses else {
                throw .dataMismatch(
                    expected: "class labels for the loss \(loss.name)", found: "\(width) real targets an example")
            }
            guard width == network.outputs else {
                throw .dataMismatch(expected: "\(network.outputs) targets an example", found: "\(width)")
            }
        }
    }
}
