import Autodiff

extension NetworkBuilder {
    /// A 2-D convolution of NHWC images, with square kernels.
    ///
    /// *Shapes:* x is [n, h, w, channels]; the parameter `weight` is [filters, channels / groups, kernel, kernel],
    /// `bias` [filters].
    ///
    /// - Parameters:
    ///   - padding: zeros on every side.
    ///   - initialization: of the weights; uniform in ±1/√fanIn, PyTorch's default, where it is `nil`.
    public func convolution(
        _ x: Value, _ name: String, _ filters: Int, kernel: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1,
        bias: Bool = true,
        initialization: Initialization? = nil
    ) -> Value {
        scoped(name) {
            let channels = x.shape[3]
            var geometry = ConvolutionGeometry(
                height: x.shape[1], width: x.shape[2], channels: channels, kernel: [kernel, kernel], filters: filters)
            geometry.stride = [stride, stride]
            geometry.padding = [padding, padding, padding, padding]
            geometry.groups = groups
            let fan = channels / groups * kernel * kernel
            let weight = parameter(
                "weight", [filters, channels / groups, kernel, kernel], initialization ?? .uniformFanIn(fan))
            let y = x.convolution(weight.permuted([2, 3, 1, 0]), geometry)
            return bias ? y + parameter("bias", [filters], .uniformFanIn(fan)) : y
        }
    }

    /// The maximum of square windows of NHWC images.
    ///
    /// - Parameters:
    ///   - stride: steps between windows; the window's side where it is `nil`, as in PyTorch.
    ///   - padding: positions on every side that hold no element.
    public func maxPool(_ x: Value, _ kernel: Int, stride: Int? = nil, padding: Int = 0) -> Value {
        var geometry = pooling(x, kernel, stride ?? kernel)
        geometry.padding = [padding, padding, padding, padding]
        return x.maxPool(geometry)
    }

    /// The mean of square windows of NHWC images.
    ///
    /// - Parameter stride: steps between windows; the window's side where it is `nil`, as in PyTorch.
    public func averagePool(_ x: Value, _ kernel: Int, stride: Int? = nil) -> Value {
        x.poolSum(pooling(x, kernel, stride ?? kernel)).scaled(1 / Double(kernel * kernel))
    }

    /// The mean over height and width: [n, h, w, c] to [n, c].
    public func globalAveragePool(_ x: Value) -> Value { x.mean([1, 2]).reshaped([x.shape[0], x.shape[3]]) }

    private func pooling(_ x: Value, _ kernel: Int, _ stride: Int) -> PoolingGeometry {
        PoolingGeometry(
            height: x.shape[1], width: x.shape[2], channels: x.shape[3], kernel: [kernel, kernel],
            stride: [stride, stride])
    }
}
