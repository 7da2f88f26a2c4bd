import Autodiff

extension Architecture {
    /// One dense layer, `fc`: linear or softmax regression.
    static func linear(_ outputs: Int) -> Architecture {
        Architecture { b, x in b.dense(x.reshaped([x.shape[0], x.type.count / x.shape[0]]), "fc", outputs) }
    }

    /// Dense layers `fc1`, `fc2`, … with an activation (ReLU) between.
    static func mlp(_ widths: [Int]) -> Architecture {
        Architecture { b, x in
            var h = x.reshaped([x.shape[0], x.type.count / x.shape[0]])
            for (i, width) in widths.enumerated() {
                if i > 0 { h = b.activation(h) }
                h = b.dense(h, "fc\(i + 1)", width)
            }
            return h
        }
    }
}
