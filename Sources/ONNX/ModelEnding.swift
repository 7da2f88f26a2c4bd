import Networks

/// What a classifier does to its logits at its end. Losses take logits, so that it is taken off where the loss does it itself.
package struct ModelEnding: Sendable {
    /// The last operator that is more than a change of shape.
    package enum Kind: String, Sendable { case softmax = "Softmax", logSoftmax = "LogSoftmax", sigmoid = "Sigmoid" }

    package let kind: Kind
    /// The nodes that turn logits into it, last first.
    let nodes: [Int]
    /// Whether a Clip stands behind it, so that it cannot be taken off without a change of what is computed.
    package let isClipped: Bool

    /// The ending, looked for through what only changes shapes, types or bounds after it.
    static func find(in sources: ONNXSources, output: String) -> ModelEnding? {
        var name = output, isClipped = false
        for _ in 0..<16 {
            guard let index = sources.nodes.lastIndex(where: { $0.outputs.first == name }) else { return nil }
            let node = sources.nodes[index]
            switch node.kind {
            case "Softmax", "LogSoftmax":
                return ModelEnding(kind: Kind(rawValue: node.kind)!, nodes: [index], isClipped: isClipped)
            case "Sigmoid": return ModelEnding(kind: .sigmoid, nodes: [index], isClipped: isClipped)
            case "Log":
                guard let before = sources.nodes.lastIndex(where: { $0.outputs.first == node.inputs.first }),
                    sources.nodes[before].kind == "Softmax"
                else { return nil }
                return ModelEnding(kind: .logSoftmax, nodes: [index, before], isClipped: isClipped)
            case "Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose":
                name = node.inputs.first ?? ""
            case "Clip":
                isClipped = true
                name = node.inputs.first ?? ""
            default: return nil
            }
        }
        return nil
    }

    /// Whether the loss does the same to its input.
    package func isPart(of loss: Loss) -> Bool {
        switch (kind, loss.kind) {
        case (.softmax, .crossEntropy), (.logSoftmax, .crossEntropy), (.sigmoid, .binaryCrossEntropy): !isClipped
        default: false
        }
    }
}
