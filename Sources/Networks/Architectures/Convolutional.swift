import Autodiff

extension Architecture {
    /// LeNet-5 as it is commonly written today (LeCun et al. 1998, with ReLU and maximum pooling): convolutions of 6 and 16
    /// filters 5×5, dense layers of 120 and 84. The first convolution pads by 2; the second does so only where the image would
    /// be too small without (below 20 pixels), so that it works on 8×8 digits.
    static func lenet(_ outputs: Int) -> Architecture {
        Architecture { b, x in
            var h = b.maxPool(b.activation(b.convolution(b.channelsLast(x), "conv1", 6, kernel: 5, padding: 2)), 2)
            let padding = min(h.shape[1], h.shape[2]) >= 10 ? 0 : 2
            h = b.maxPool(b.activation(b.convolution(h, "conv2", 16, kernel: 5, padding: padding)), 2)
            h = b.activation(b.dense(b.flatten(h), "fc1", 120))
            h = b.activation(b.dense(h, "fc2", 84))
            return b.dense(h, "fc3", outputs)
        }
    }

    /// VGG-11 with normalisation (Simonyan, Zisserman 2014, arXiv 1409.1556) in its form for small images: one dense layer
    /// after the convolutions. Pooling stops when a side is 1.
    static func vgg11(_ outputs: Int) -> Architecture {
        Architecture { b, x in
            var h = b.channelsLast(x), number = 0
            for filters in [64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0] {
                if filters == 0 {
                    if min(h.shape[1], h.shape[2]) >= 2 { h = b.maxPool(h, 2) }
                    continue
                }
                number += 1
                let fan = filters * 9
                h = b.convolution(
                    h, "conv\(number)", filters, kernel: 3, padding: 1, bias: false, initialization: .normalFanOut(fan))
                h = b.activation(b.normalization(h, "bn\(number)"))
            }
            return b.dense(b.globalAveragePool(h), "fc", outputs)
        }
    }
}
