import Autodiff

/// The losses that ONNX has as operators, as a graph that computes its own loss is exported with. Classes lie along axis 1.
extension Operators {
    static let losses: [String: OperatorCall.Implementation] = [
        "NegativeLogLikelihoodLoss": { [.graph(try negativeLogLikelihood($0, logits: false).loss)] },
        "SoftmaxCrossEntropyLoss": {
            let (loss, logProbabilities) = try negativeLogLikelihood($0, logits: true)
            return [.graph(loss), .graph(logProbabilities)]
        },
    ]

    private static func negativeLogLikelihood(
        _ call: OperatorCall, logits: Bool
    ) throws -> (loss: Value, logProbabilities: Value) {
        let x = try call.tensor(0), shape = x.shape, rank = shape.count
        guard rank >= 2 else { throw call.failure("found scores of shape \(shape.shown), expected N×classes×…") }
        let labelShape = [shape[0]] + shape[2...], classes = shape[1]
        let order = [0] + Array(2..<rank) + [1]
        var back = order
        for (place, axis) in order.enumerated() { back[axis] = place }
        var z = x.permuted(order)
        if logits { z = z.logSoftmax() }
        let rows = labelShape.reduce(1, *)
        let label = try call.lifted(try call.operand(1)).value
        guard label.shape == labelShape else {
            throw call.failure("found labels of shape \(label.shape.shown), expected \(labelShape.shown)")
        }
        // A label outside the classes, such as PyTorch's -100, picks none.
        let target = label.asIndex().reshaped([rows]).oneHot(classes)
        var weight = target
        if let weights = try call.optionalTensor(2) {
            guard weights.shape == [classes] else {
                throw call.failure("found weights of shape \(weights.shape.shown), expected [\(classes)]")
            }
            weight = weight * weights.reshaped([1, classes])
        }
        if let ignored = call.integer("ignore_index"), 0..<classes ~= ignored {
            let kept = (0..<classes).map { $0 == ignored ? 0.0 : 1 }
            weight = weight * call.graph.literal(kept, shape: [1, classes])
        }
        // Where nothing is picked, not even a score of −∞ counts.
        let picked = z.reshaped([rows, classes]).masked(by: weight) * weight
        let losses = -picked.sum([1])
        let loss: Value
        switch call.text("reduction", default: "mean") {
        case "none": loss = losses.reshaped(labelShape)
        case "sum": loss = losses.sum().reshaped([])
        case "mean": loss = (losses.sum() / weight.sum()).reshaped([])
        case let other: throw call.failure("found the reduction '\(other)', expected none, sum or mean")
        }
        return (loss, logits ? z.permuted(back) : x)
    }
}
