import Autodiff

extension NetworkBuilder {
    /// x Wᵀ + b over the last dimension; `weight` is [outputs, inputs].
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

    /// Dense layers of the same input whose weights are one parameter, [parts · outputs, inputs], and whose biases are one. (Parts
    /// cut from one layer's output would have padded sums for derivatives.)
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

    /// The activation that was asked for, or the architecture's own.
    public func activation(_ x: Value, default own: NetworkOptions.Activation = .relu) -> Value {
        switch options.activation ?? own {
        case .relu: x.relu()
        case .gelu: x.gelu()
        case .tanh: x.tanh()
        case .silu: x.silu()
        }
    }

    /// NHWC to one row an example, in PyTorch's order C, H, W.
    public func flatten(_ x: Value) -> Value {
        let channelsFirst = x.shape.count == 4 ? x.permuted([0, 3, 1, 2]) : x
        return channelsFirst.reshaped([x.shape[0], x.type.count / x.shape[0]])
    }

    /// N×C×H×W, as data come, to NHWC, as layers work.
    public func channelsLast(_ x: Value) -> Value { x.permuted([0, 2, 3, 1]) }
}
