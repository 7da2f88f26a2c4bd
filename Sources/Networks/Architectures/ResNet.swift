import Autodiff

/// What joins a residual block's input to its output where their shapes differ (He et al. 2015, arXiv 1512.03385).
enum ResidualShortcut: Sendable {
    /// Option A: every second pixel, new channels zero; no parameters.
    case pad
    /// Option B: a 1×1 convolution with batch norm.
    case projection
    /// No shortcuts at all: a plain network, to compare with.
    case absent
}

extension NetworkBuilder {
    /// A convolution of a residual network: without bias, padded so that a stride of 1 keeps the extents.
    func residualConvolution(
        _ x: Value, _ name: String, _ filters: Int, kernel: Int = 3, stride: Int = 1
    ) -> Value {
        convolution(
            x, name, filters, kernel: kernel, stride: stride, padding: kernel / 2, bias: false,
            initialization: .normalFanOut(filters * kernel * kernel))
    }
}

extension Architecture {
    /// The residual networks of He et al. 2015 for CIFAR: three groups of `blocks` blocks with 16, 32 and 64 filters, depth
    /// 6 · blocks + 2. With option A and 3 input channels, depth 20 has 269 722 parameters.
    static func cifarResNet(blocks: Int, shortcut: ResidualShortcut, outputs: Int) -> Architecture {
        Architecture { b, x in
            var h = b.activation(b.normalization(b.residualConvolution(b.channelsLast(x), "conv1", 16), "bn1"))
            for (group, filters) in [16, 32, 64].enumerated() {
                for block in 0..<blocks {
                    let stride = group > 0 && block == 0 ? 2 : 1
                    h = b.scoped("layer\(group + 1).\(block)") {
                        var y = b.activation(
                            b.normalization(b.residualConvolution(h, "conv1", filters, stride: stride), "bn1"))
                        y = b.normalization(b.residualConvolution(y, "conv2", filters), "bn2")
                        let changes = stride != 1 || h.shape[3] != filters
                        switch shortcut {
                        case .absent: break
                        case .projection where changes:
                            let projected = b.scoped("shortcut") {
                                b.normalization(b.residualConvolution(h, "0", filters, kernel: 1, stride: stride), "1")
                            }
                            y = y + projected
                        case .pad where changes:
                            let (height, width) = (y.shape[1], y.shape[2])
                            let every = h.slice(1, from: 0, count: height, step: stride).slice(
                                2, from: 0, count: width, step: stride)
                            let extra = filters - h.shape[3]
                            y = y + every.padded(3, before: extra / 2, after: extra - extra / 2)
                        case .pad, .projection: y = y + h
                        }
                        return b.activation(y)
                    }
                }
            }
            return b.dense(b.globalAveragePool(h), "linear", outputs)
        }
    }
}
