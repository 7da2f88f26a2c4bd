import Autodiff

extension NetworkBuilder {
    /// The normalisation that was asked for, or batch normalisation. Networks that ask for none get the input back.
    public func normalization(_ x: Value, _ name: String) -> Value {
        switch options.normalization ?? .batch {
        case .batch: batchNorm(x, name)
        case .layer: groupNorm(x, name, groups: 1)
        case .group: groupNorm(x, name, groups: x.shape[3].isMultiple(of: 8) ? 8 : 1)
        case .none: x
        }
    }

    /// Batch normalisation over all but the last dimension (Ioffe, Szegedy 2015, arXiv 1502.03167); ε = 1e-5 as in PyTorch.
    ///
    /// In `.batch` mode it uses the batch's mean and biased variance, and records the mean and the unbiased variance for the
    /// running averages.
    public func batchNorm(_ x: Value, _ name: String, epsilon: Double = 1e-5) -> Value {
        scoped(name) {
            let channels = x.shape.last!
            let scale = parameter("weight", [channels], .constant(1)),
                shift = parameter("bias", [channels], .constant(0))
            let storedMean = buffer("running_mean", [channels], 0),
                storedVariance = buffer("running_var", [channels], 1)
            guard batchNormMode == .batch else {
                let factor = scale / storedVariance.offset(epsilon).sqrt()
                return x.scaledChannels(by: factor) + (shift - storedMean * factor)
            }
            let axes = Array(x.shape.indices.dropLast())
            let count = Double(x.type.count / channels)
            let mean = x.mean(axes), variance = x.variance(axes)
            record(mean.reshaped([channels]), forBuffer: "running_mean")
            record(variance.reshaped([channels]).scaled(count / max(count - 1, 1)), forBuffer: "running_var")
            let factor = scale / variance.offset(epsilon).sqrt()
            return (x - mean) * factor + shift
        }
    }

    /// Normalisation over the last dimension (Ba et al. 2016, arXiv 1607.06450).
    public func layerNorm(_ x: Value, _ name: String, epsilon: Double = 1e-5) -> Value {
        scoped(name) {
            let last = x.shape.count - 1, width = x.shape.last!
            return x.standardized(over: [last], epsilon: epsilon) * parameter("weight", [width], .constant(1))
                + parameter("bias", [width], .constant(0))
        }
    }

    /// Normalisation of groups of channels of each image (Wu, He 2018, arXiv 1803.08494).
    public func groupNorm(_ x: Value, _ name: String, groups: Int, epsilon: Double = 1e-5) -> Value {
        scoped(name) {
            let shape = x.shape, channels = shape[3]
            let grouped = x.reshaped([shape[0], shape[1] * shape[2], groups, channels / groups])
            let normal = grouped.standardized(over: [1, 3], epsilon: epsilon)
            return normal.reshaped(shape) * parameter("weight", [channels], .constant(1))
                + parameter("bias", [channels], .constant(0))
        }
    }
}
