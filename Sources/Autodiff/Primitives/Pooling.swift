import CKernels

/// The windows of a pooling of NHWC images, without the number of images. Every channel is pooled by itself.
public struct PoolingGeometry: Hashable, Sendable {
    /// Height and width of the input images in pixels, and their channels.
    public var height: Int, width: Int, channels: Int
    /// Height and width of a window; steps between windows; steps between a window's elements.
    public var kernel: [Int], stride: [Int], dilation = [1, 1]
    /// Positions above, left, below and right of the image; they hold no element.
    public var padding = [0, 0, 0, 0]
    /// Whether a last window that starts inside the padded image but ends outside counts (ONNX's `ceil_mode`).
    public var ceiling = false

    /// Dilation 1 and no padding, until they are set.
    public init(height: Int, width: Int, channels: Int, kernel: [Int], stride: [Int]) {
        (self.height, self.width, self.channels, self.kernel, self.stride) = (height, width, channels, kernel, stride)
    }

    private func outputs(_ extent: Int, _ axis: Int) -> Int {
        let room = extent + padding[axis] + padding[axis + 2] - dilation[axis] * (kernel[axis] - 1) - 1
        let floor = room / stride[axis] + 1
        guard ceiling, room % stride[axis] != 0 else { return floor }
        return floor * stride[axis] < extent + padding[axis] ? floor + 1 : floor
    }
    /// Number of windows along the height.
    public var outputHeight: Int { outputs(height, 0) }
    /// Number of windows along the width.
    public var outputWidth: Int { outputs(width, 1) }

    func input(_ n: Int) -> [Int] { [n, height, width, channels] }
    func output(_ n: Int) -> [Int] { [n, outputHeight, outputWidth, channels] }

    func window(_ n: Int) -> ls_window {
        ls_window(
            n: Int64(n), h: Int64(height), w: Int64(width), c: Int64(channels), kh: Int64(kernel[0]),
            kw: Int64(kernel[1]),
            ho: Int64(outputHeight), wo: Int64(outputWidth), stride_h: Int64(stride[0]), stride_w: Int64(stride[1]),
            pad_h: Int64(padding[0]), pad_w: Int64(padding[1]), dilation_h: Int64(dilation[0]),
            dilation_w: Int64(dilation[1]))
    }
}

/// Where each window's first maximum lies: an index into the flattened plane.
struct PoolArgmax: KernelPrimitive {
    let geometry: PoolingGeometry
    var name: String { "pool argmax" }

    func type(of operands: [TensorType]) -> TensorType { TensorType(geometry.output(operands[0].shape[0]), .index) }
    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { nil }
    func byExample(_ operands: [TensorType]) -> ByExample? { ByExample(operands: [true]) }
    func evaluate(_ call: KernelCall) {
        var q = geometry.window(call.operandTypes[0].shape[0])
        call.kernels.table.pool_argmax(&q, call.operands[0], call.result.assumingMemoryBound(to: Int32.self))
    }
}

/// Takes the elements that indices point to, or puts elements there (adding those that meet). Operands: values, indices.
/// Each is linear in the values and the transpose of the other.
struct PoolIndexed: KernelPrimitive {
    let geometry: PoolingGeometry
    let scatters: Bool
    var name: String { scatters ? "pool scatter" : "pool gather" }

    func type(of operands: [TensorType]) -> TensorType {
        let n = operands[0].shape[0]
        return TensorType(scatters ? geometry.input(n) : geometry.output(n))
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? {
        tangents[0].map { $0.graph.apply(self, [$0, operands[1]]) }
    }

    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        cotangent.graph.apply(PoolIndexed(geometry: geometry, scatters: !scatters), [cotangent, operands[1]])
    }

    func byExample(_ operands: [TensorType]) -> ByExample? { ByExample(operands: [true, true]) }

    func evaluate(_ call: KernelCall) {
        var q = geometry.window(call.operandTypes[0].shape[0])
        (scatters ? call.kernels.table.pool_scatter : call.kernels.table.pool_gather)!(
            &q, call.operands[0], call.indices(1), call.result)
    }
}

/// The sum over each window, or its transpose, which spreads a number over its window.
struct PoolSum: KernelPrimitive {
    let geometry: PoolingGeometry
    let spreads: Bool
    var name: String { spreads ? "pool spread" : "pool sum" }

    func type(of operands: [TensorType]) -> TensorType {
        let n = operands[0].shape[0]
        return TensorType(spreads ? geometry.input(n) : geometry.output(n))
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { linear(operands, tangents) }

    func transpose(_ operands: [Value], _ cotangent: Value, _ index: Int) -> Value {
        cotangent.graph.apply(PoolSum(geometry: geometry, spreads: !spreads), [cotangent])
    }

    func byExample(_ operands: [TensorType]) -> ByExample? { ByExample(operands: [true]) }

    func evaluate(_ call: KernelCall) {
        var q = geometry.window(call.operandTypes[0].shape[0])
        (spreads ? call.kernels.table.pool_spread : call.kernels.table.pool_sum)!(&q, call.operands[0], call.result)
    }
}
