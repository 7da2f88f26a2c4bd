import CKernels

/// The extents of a 2-D convolution of NHWC images with HWIO weights, without the number of images.
///
/// As everywhere in machine learning, convolution means correlation: y[p] = Σ w[k] · x[stride · p + dilation · k −
/// padding].
public struct ConvolutionGeometry: Hashable, Sendable {
    /// Height and width of the input images in pixels, and their channels.
    public var height: Int, width: Int, channels: Int
    /// Height and width of the kernel, and the number of filters (output channels).
    public var kernel: [Int], filters: Int
    /// Step between outputs, step between a kernel's taps (each for height and width), and the number of groups.
    ///
    /// - Precondition: `groups` divides channels and filters.
    public var stride = [1, 1], dilation = [1, 1], groups = 1
    /// Zeros above, left, below and right of the image.
    public var padding = [0, 0, 0, 0]

    /// Stride 1, dilation 1, one group and no padding, until they are set.
    public init(height: Int, width: Int, channels: Int, kernel: [Int], filters: Int) {
        (self.height, self.width, self.channels, self.kernel, self.filters) = (height, width, channels, kernel, filters)
    }

    private func outputs(_ extent: Int, _ axis: Int) -> Int {
        (extent + padding[axis] + padding[axis + 2] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis] + 1
    }
    /// ⌊(height + padding − dilation · (kernel − 1) − 1) / stride⌋ + 1.
    public var outputHeight: Int { outputs(height, 0) }
    /// Likewise, by width.
    public var outputWidth: Int { outputs(width, 1) }

    func input(_ n: Int) -> [Int] { [n, height, width, channels] }
    func output(_ n: Int) -> [Int] { [n, outputHeight, outputWidth, filters] }
    var weight: [Int] { [kernel[0], kernel[1], channels / groups, filters] }

    /// Weights with the channels of a tap, [kh, kw, c / groups, o], as kh × kw × (o / groups) × groups × (c / groups).
    func transposedTaps(_ weights: StridedView) -> StridedView {
        var view = weights
        let filters = self.filters / groups
        view.shape = [kernel[0], kernel[1], filters, groups, channels / groups]
        let s = weights.strides
        view.strides = [s[0], s[1], s[3], s[3] * filters, s[2]]
        return view
    }

    /// - Parameter pairs: of operands, whose products are added up.
    func kernel(_ n: Int, pairs: Int = 1) -> ls_convolution {
        ls_convolution(
            pairs: Int64(pairs), n: Int64(n), h: Int64(height), w: Int64(width), c: Int64(channels),
            kh: Int64(kernel[0]),
            kw: Int64(kernel[1]),
            o: Int64(filters), ho: Int64(outputHeight), wo: Int64(outputWidth), stride_h: Int64(stride[0]),
            stride_w: Int64(stride[1]),
            pad_h: Int64(padding[0]), pad_w: Int64(padding[1]), dilation_h: Int64(dilation[0]),
            dilation_w: Int64(dilation[1]),
            groups: Int64(groups), ahead: nil, aheads: 0, end: ls_epilogue())
    }
}

/// One member of the family that the trilinear form Σ x·w·y spans: given two of image x, weights w and output y, the third.
/// Lowering makes one evaluation of the sum of two of the same member and geometry, with the operands of both in turn.
/// The family is closed: each member is linear in both its operands, and each transpose is another member.
struct Convolution: KernelPrimitive {
    enum Result: Sendable {
        /// From x and w: the convolution.
        case output
        /// From y and w: the transpose of the convolution, applied to y.
        case input
        /// From x and y: the gradient with respect to the weights.
        case weight
    }
    let result: Result
    let geometry: ConvolutionGeometry
    /// Only lowering gives it one.
    var epilogue = Epilogue()
    var name: String { "convolution \(result)" }

    init(result: Result, geometry: ConvolutionGeometry) { (self.result, self.geometry) = (result, geometry) }

    func type(of operands: [TensorType]) -> TensorType {
        let n = operands[0].shape[0]
        let (x, w, y) = (geometry.input(n), geometry.weight, geometry.output(n))
        let (first, second, third) =
            switch result {
            case .output: (x, w, y)
            case .input: (y, w, x)
            case .weight: (x, y, w)
            }
        precondition(
            operands.map(\.shape) == [first, second], "\(name) of \(operands), expected \(first) and \(second)")
        return TensorType(third)
    }

    func linearize(_ operands: [Value], _ y: Value, _ tangents: [Value?]) -> Value? { multilinear(operands, tangents) }

    func transpose(_ operands: [Value], _ g: Value, _ index: Int) -> Value {
        func make(_ result: Result, _ a: Value, _ b: Value) -> Value {
            g.graph.apply(Convolution(result: result, geometry: geometry), [a, b])
        }
        switch (result, index) {
        case (.output, 0): return make(.input, g, operands[1])
        case (.output, _): return make(.weight, operands[0], g)
        case (.input, 0): return make(.output, g, operands[1])
        case (.input, _): return make(.weight, g, operands[0])
        case (.weight, 0): return make(.input, operands[1], g)
        case (.weight, _): return make(.output, operands[0], g)
        }
    }

    /// Pairs of operands that are added up.
    func pairs(_ operands: Int) -> Int { (operands - epilogue.operands) / 2 }

    func operations(_ operands: [TensorType]) -> Int {
        2 * pairs(operands.count) * TensorType(geometry.output(operands[0].shape[0])).count
            * geometry.weight.dropLast().reduce(1, *)
    }

    func workspaceBytes(_ operands: [TensorType], _ kernels: Kernels) -> Int {
        var q = geometry.kernel(operands[0].shape[0], pairs: pairs(operands.count))
        return Int(kernels.table.convolution_workspace(&q))
    }

    func byExample(_ operands: [TensorType]) -> ByExample? {
        ByExample(
            operands: (0..<2 * pairs(operands.count)).map { $0 % 2 == 0 || result == .weight } + epilogue.byExample,
            isSum: result == .weight)
    }

    var readsAhead: Bool { true }

    func evaluate(_ call: KernelCall) {
        var q = geometry.kernel(call.operandTypes[0].shape[0], pairs: pairs(call.operands.count))
        q.end = epilogue.kernel(call.operands)
        if let ahead = call.ahead { (q.ahead, q.aheads) = (ahead.baseAddress, Int64(ahead.count)) }
        let kernel =
            switch result {
            case .output: call.kernels.table.convolution
            case .input: call.kernels.table.convolution_input
            case .weight where call.accumulates: call.kernels.table.convolution_weight_add
            case .weight: call.kernels.table.convolution_weight
            }
        call.operands.withMemoryRebound(to: UnsafeRawPointer?.self) {
            kernel!(&q, $0.baseAddress, call.result, call.workspace)
        }
    }
}
