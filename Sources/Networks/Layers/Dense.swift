import Autodiff

extension NetworkBuilder {
    /// A dense layer x Wᵀ + b over the last dimension.
    ///
    /// *Shapes:* the parameter `weight` is [outputs, inputs], `bias` [outputs].
    ///
    /// - Parameter initialization: of the weights, with a bias that starts at 0. Where it is `nil`, both are uniform in
    ///   ±1/√inputs, PyTorch's default.
    public func dense(
        _ x: Value, _ name: String, _ outputs: Int, bias: Bool = true, initialization: Initialization? = nil
    ) -> Value {
        scoped(name) {
            let inputs = x.shape.last!, rows = x.type.count / inputs
            let weight = parameter("weight", [outputs, inputs], initialization ?? .uniformFanIn(inputs))
            var y = x.reshaped([rows, inputs]).product(weight, transposeB: true)
            if bias {
                y = y + parameter("bias", [outputs], initialization == nil ? .uniformFanIn(inputs) : .constant(0))
            }
            return y.reshaped(x.shape.dropLast() + [outputs])
        }
    }

    /// Dense layers of one input that share a parameter `weight`, [parts · outputs, inputs], and a `bias`, such as
    /// queries, keys and values.
    ///
    /// Each layer has a product of its own. Cut from one product's result, the parts would make derivatives add padded
    /// arrays.
    public func denseParts(_ x: Value, _ name: String, _ parts: Int, outputs: Int) -> [Value] {
        scoped(name) {
            let inputs = x.shape.last!, rows = x.type.count / inputs
            let weight = parameter("weight", [parts * outputs, inputs], .uniformFanIn(inputs))
            let bias = parameter("bias", [parts * outputs], .uniformFanIn(inputs))
            return (0..<parts).map { part in
                let y = x.reshaped([rows, inputs]).product(
                    weight.slice(0, from: part * outputs, count: outputs), transposeB: true)
                return (y + bias.slice(0, from: part * outputs, count: outputs)).reshaped(
                    x.shape.dropLast() + [outputs])
            }
        }
    }

    /// The activation that the network's options ask for, applied to x.
    ///
    /// - Parameter own: the architecture's own, for options that ask for none.
    public func activation(_ x: Value, default own: NetworkOptions.Activation = .relu) -> Value {
        switch options.activation ?? own {
        case .relu: x.relu()
        case .gelu: x.gelu()
        case .tanh: x.tanh()
        case .silu: x.silu()
        }
    }

    /// One row an example, in PyTorch's order: [n, h, w, c] to [n, c · h · w].
    public func flatten(_ x: Value) -> Value {
        let channelsFirst = x.shape.count == 4 ? x.permuted([0, 3, 1, 2]) : x
        return channelsFirst.reshaped([x.shape[0], x.type.count / x.shape[0]])
    }

    /// N×C×H×W, the order of data, to N×H×W×C, the order of layers.
    public func channelsLast(_ x: Value) -> Value { x.permuted([0, 2, 3, 1]) }
}
