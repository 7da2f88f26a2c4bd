import Autodiff

extension Architecture {
    /// One dense layer, `fc`: linear or softmax regression.
    static func linear(_ outputs: Int) -> Architecture {
        Architecture { b, x in b.dense(x.reshaped([x.shape[0], x.type.count / x.shape[0]]), "fc", outputs) }
    }

    /// Dense layers `fc1`, `fc2`, … with an activation (ReLU) between. Where a norm is chosen, it stands before each
    /// activation: `bn1`, `bn2`, … over the batch (PyTorch's `BatchNorm1d`), or `ln1`, `ln2`, … over the layer
    /// (`LayerNorm`).
    static func mlp(_ widths: [Int]) -> Architecture {
        Architecture { b, x in
            var h = x.reshaped([x.shape[0], x.type.count / x.shape[0]])
            for (i, width) in widths.enumerated() {
                h = b.dense(h, "fc\(i + 1)", width)
                guard i + 1 < widths.count else { break }
                switch b.options.normalization ?? .none {
                case .batch: h = b.batchNorm(h, "bn\(i + 1)")
                case .layer: h = b.layerNorm(h, "ln\(i + 1)")
                case .group, .none: break
                }
                h = b.activation(h)
            }
            return h
        }
    }
}
