import Networks

/// What a classifier does to its logits at its end. Losses here take logits, so that is taken off where the loss does it itself.
enum ModelEnding: String {
    case softmax = "Softmax", logSoftmax = "LogSoftmax", sigmoid = "Sigmoid"

    /// The nodes that turn logits into the output, last first: an ending and what only changes shapes or types after it.
    static func find(in sources: ONNXSources, output: String) -> (ending: ModelEnding, nodes: [Int])? {
        var name = output
        for _ in 0..<8 {
            guard let index = sources.nodes.lastIndex(where: { $0.outputs.first == name }) else { return nil }
            let node = sources.nodes[index]
            switch node.kind {
            case "Softmax", "LogSoftmax":
                // Over the classes: the last axis, or axis 1 as old files have it.
                let axis = node.attributes.first { $0.name == "axis" }?.integer ?? 1
                return axis == -1 || axis == 1 ? (ModelEnding(rawValue: node.kind)!, [index]) : nil
            case "Sigmoid": return (.sigmoid, [index])
            case "Log":
                guard let before = sources.nodes.lastIndex(where: { $0.outputs.first == node.inputs.first }),
                    sources.nodes[before].kind == "Softmax"
                else { return nil }
                return (.logSoftmax, [index, before])
            case "Identity", "Cast", "Reshape", "Flatten", "Squeeze": name = node.inputs.first ?? ""
            default: return nil
            }
        }
        return nil
    }

    /// Whether the loss does the same to its input.
    func isPart(of loss: Loss) -> Bool {
        switch (self, loss) {
        case (.softmax, .crossEntropy), (.logSoftmax, .crossEntropy), (.sigmoid, .binaryCrossEntropy): true
        default: false
        }
    }
}
