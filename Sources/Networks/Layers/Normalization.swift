import Autodiff

extension NetworkBuilder {
    /// The normalisation that the network's options ask for, or batch normalisation; x itself where they ask for none.
    ///
    /// Group normalisation has 8 groups, or one where 8 does not divide the channels. Layer normalisation of images is
    /// group normalisation with one group.
    public func normalization(_ x: Value, _ name: String) -> Value {
        switch options.normalization ?? .batch {
        case .batch: batchNorm(x, name)
        case .layer: groupNorm(x, name, groups: 1)
        case .group: groupNorm(x, name, groups: x.shape[3].isMultiple(of: 8) ? 8 : 1)
        case .none: x
        }
    }

    /// Batch normalisation over all dimensions but the last (Ioffe, Szegedy 2015, arXiv 1502.03167).
    ///
    /// In `.stored` mode it uses the buffers `running_mean` and `running_var`. In `.batch` mode it uses the batch's
    /// mean and biased variance, and records the mean and the unbiased variance for training's running averages.
    ///
    /// - Parameter epsilon: added to the variance; 1e-5 as in PyTorch.
    public func batchNorm(_ x: Value, _ name: String, epsilon: Double = 1e-5) -> Value {
        scoped(name) {
            let channels = x.shape.last!
            let scale = parameter("weight", [channels], .constant(1)),
                shift = parameter("bias", [channels], .constant(0))
            noteNormalization([scale, shift])
            let storedMean = buffer("running_mean", [channels], 0),
                storedVariance = buffer("running_var", [channels], 1)
            guard batchNormMode == .batch else {
                let factor = scale / storedVariance.offset(epsilon).sqrt()
                return x.scaledChannels(by: factor) + (shift - storedMean * factor)
            }
            let axes = Array(x.shape.indices.dropLast())
            let count = x.type.count / channels
            let mean = x.mean(axes), variance = x.variance(axes)
            let unbiased = variance.reshaped([channels]).scaled(Double(count) / Double(max(count - 1, 1)))
            record(mean.reshaped([channels]), of: count, forBuffer: "running_mean")
            record(unbiased, of: count, forBuffer: "running_var")
            let factor = scale / variance.offset(epsilon).sqrt()
            return (x - mean) * factor + shift
        }
    }

    /// Normalisation over the last dimension (Ba et al. 2016, arXiv 1607.06450), with parameters `weight` and `bias`.
    ///
    /// - Parameter epsilon: added to the variance; 1e-5 as in PyTorch.
    public func layerNorm(_ x: Value, _ name: String, epsilon: Double = 1e-5) -> Value {
        scoped(name) {
            let last = x.shape.count - 1, width = x.shape.last!
            let normal = x.standardized(over: [last], epsilon: epsilon)
            let scale = parameter("weight", [width], .constant(1)), shift = parameter("bias", [width], .constant(0))
            noteNormalization([scale, shift])
            return normal * scale + shift
        }
    }

    /// Normalisation over each group of channels of each image (Wu, He 2018, arXiv 1803.08494), with parameters
    /// `weight` and `bias` of a number for each channel.
    ///
    /// *Shapes:* x is [n, h, w, channels].
    ///
    /// - Parameter epsilon: added to the variance; 1e-5 as in PyTorch.
    /// - Precondition: `groups` divides the channels.
    public func groupNorm(_ x: Value, _ name: String, groups: Int, epsilon: Double = 1e-5) -> Value {
        scoped(name) {
            let shape = x.shape, channels = shape[3]
            let grouped = x.reshaped([shape[0], shape[1] * shape[2], groups, channels / groups])
            let normal = grouped.standardized(over: [1, 3], epsilon: epsilon)
            let scale = parameter("weight", [channels], .constant(1)),
                shift = parameter("bias", [channels], .constant(0))
            noteNormalization([scale, shift])
            return normal.reshaped(shape) * scale + shift
        }
    }
}
