import Autodiff

extension Architecture {
    /// Residual networks of basic blocks in four groups of 64, 128, 256 and 512 filters (He et al. 2015, arXiv 1512.03385), projections
    /// where shapes differ: ResNet-18 has [2, 2, 2, 2] blocks, ResNet-34 [3, 4, 6, 3].
    ///
    /// - Parameter largeImages: begin with a convolution 7×7 and a pooling, each of stride 2, as for ImageNet; else with a convolution
    ///   3×3, as is common for images of 32×32.
    static func resNet(blocks: [Int], largeImages: Bool, outputs: Int) -> Architecture {
        Architecture { b, x in
            var h = b.residualConvolution(
                b.channelsLast(x), "conv1", 64, kernel: largeImages ? 7 : 3, stride: largeImages ? 2 : 1)
            h = b.activation(b.normalization(h, "bn1"))
            if largeImages { h = b.maxPool(h, 3, stride: 2, padding: 1) }
            for (group, count) in blocks.enumerated() {
                let filters = 64 << group
                for block in 0..<count {
                    let stride = group > 0 && block == 0 ? 2 : 1
                    h = b.scoped("layer\(group + 1).\(block)") {
                        var y = b.activation(
                            b.normalization(b.residualConvolution(h, "conv1", filters, stride: stride), "bn1"))
                        y = b.normalization(b.residualConvolution(y, "conv2", filters), "bn2")
                        guard stride != 1 || h.shape[3] != filters else { return b.activation(y + h) }
                        let projected = b.scoped("shortcut") {
                            b.normalization(b.residualConvolution(h, "0", filters, kernel: 1, stride: stride), "1")
                        }
                        return b.activation(y + projected)
                    }
                }
            }
            return b.dense(b.globalAveragePool(h), "linear", outputs)
        }
    }

    /// Wide residual networks (Zagoruyko & Komodakis 2016, arXiv 1605.07146): three groups of `blocks` blocks with 16k, 32k and 64k filters,
    /// normalisation and activation before each convolution; depth 6 · blocks + 4. Names as in xternalz/WideResNet-pytorch.
    static func wideResNet(blocks: Int, width: Int, outputs: Int) -> Architecture {
        Architecture { b, x in
            var h = b.residualConvolution(b.channelsLast(x), "conv1", 16)
            for group in 0..<3 {
                let filters = (16 << group) * width
                for block in 0..<blocks {
                    let stride = group > 0 && block == 0 ? 2 : 1
                    h = b.scoped("block\(group + 1).layer.\(block)") {
                        let normal = b.activation(b.normalization(h, "bn1"))
                        var y = b.residualConvolution(normal, "conv1", filters, stride: stride)
                        y = b.residualConvolution(b.activation(b.normalization(y, "bn2")), "conv2", filters)
                        // The shortcut's projection sees the normalised input too.
                        let changes = stride != 1 || h.shape[3] != filters
                        return y
                            + (changes
                                ? b.residualConvolution(normal, "convShortcut", filters, kernel: 1, stride: stride) : h)
                    }
                }
            }
            h = b.activation(b.normalization(h, "bn1"))
            return b.dense(b.globalAveragePool(h), "fc", outputs)
        }
    }
}
