import CKernels

/// A 3 × 3 convolution of stride 1 evaluated by minimal filtering, where channels and filters are enough.
///
/// F(2 × 2, 3 × 3) of Winograd, as Lavin and Gray 2015 (arXiv 1509.09308) give it, takes 16 multiplications where the
/// definition takes 36. In Float32, outputs and input gradients come a little closer to Float64 than by the definition,
/// gradients by the weights at most twice as far (`ConvolutionTests`).
struct WinogradConvolution: KernelPrimitive {
    private(set) var convolution: Convolution
    var epilogue: Epilogue {
        get { convolution.epilogue }
        set { convolution.epilogue = newValue }
    }
    /// The geometry of the convolution that is computed: for an input gradient, one of output gradients.
    private let geometry: ConvolutionGeometry
    var name: String { "minimal filtering, \(convolution.result)" }

    /// Nil where the definition is evaluated.
    init?(_ convolution: Convolution) {
        let geometry = convolution.geometry
        let (height, width) = (geometry.outputHeight, geometry.outputWidth)
        let tiles = (height + 1) / 2 * ((width + 1) / 2)
        guard geometry.kernel == [3, 3], geometry.stride == [1, 1], geometry.dilation == [1, 1], geometry.groups == 1,
            min(geometry.channels, geometry.filters) >= 16,
            // Tiles that reach beyond the image would cost as much as they save.
            tiles * 16 * 7 <= height * width * 9 * 5
        else { return nil }
        self.init(unchecked: convolution)
    }

    /// One of 3 × 3 with stride 1, dilation 1 and one group, whether or not it saves anything.
    init(unchecked convolution: Convolution) {
        self.convolution = convolution
        let given = convolution.geometry
        guard convolution.result == .input else {
            geometry = given
            return
        }
        var turned = ConvolutionGeometry(
            height: given.outputHeight, width: given.outputWidth, channels: given.filters, kernel: [3, 3],
            filters: given.channels)
        turned.padding = [
            2 - given.padding[0], 2 - given.padding[1], given.height - given.outputHeight + given.padding[0],
            given.width - given.outputWidth + given.padding[1],
        ]
        geometry = turned
    }

    /// The form in which its second operands are given; `nil` for gradients by the weights.
    var weights: WinogradWeights? {
        let (c, o) = (convolution.geometry.channels, convolution.geometry.filters)
        return convolution.result == .weight
            ? nil : WinogradWeights(channels: c, filters: o, turned: convolution.result == .input)
    }

    func type(of operands: [TensorType]) -> TensorType {
        let n = operands[0].shape[0]
        return TensorType(convolution.result == .weight ? geometry.weight : geometry.output(n))
    }

    func linearize(_ operands: [Value], _ result: Value, _ tangents: [Value?]) -> Value? {
        preconditionFailure("\(name) is only evaluated")
    }

    func operations(_ operands: [TensorType]) -> Int { convolution.operations(operands) }

    private func kernel(_ operands: [TensorType]) -> ls_convolution {
        geometry.kernel(operands[0].shape[0], pairs: convolution.pairs(operands.count))
    }

    func workspaceBytes(_ operands: [TensorType], _ kernels: Kernels) -> Int {
        var q = kernel(operands)
        return Int(kernels.table.winograd_workspace(&q, convolution.result == .weight ? 1 : 0))
    }

    func byExample(_ operands: [TensorType]) -> ByExample? { convolution.byExample(operands) }

    var readsAhead: Bool { true }

    func evaluate(_ call: KernelCall) {
        var q = kernel(call.operandTypes)
        q.end = epilogue.kernel(call.operands)
        if let ahead = call.ahead { (q.ahead, q.aheads) = (ahead.baseAddress, Int64(ahead.count)) }
        call.operands.withMemoryRebound(to: UnsafeRawPointer?.self) {
            if convolution.result == .weight {
                call.kernels.table.winograd_weight(
                    &q, $0.baseAddress, call.result, call.workspace, call.accumulates ? 1 : 0)
            } else {
                call.kernels.table.winograd(&q, $0.baseAddress, call.result, call.workspace)
            }
        }
    }
}

/// Weights of a convolution transformed for minimal filtering: 16 × channels × filters, or 16 × filters × channels for
/// input gradients. Lowering transforms weights that are the same for all batches once for all of them.
struct WinogradWeights: KernelPrimitive {
    let channels: Int, filters: Int, turned: Bool
    var name: String { "transformed weights" }

    func type(of operands: [TensorType]) -> TensorType {
        TensorType(turned ? [16, filters, channels] : [16, channels, filters])
    }

    func linearize(_ operands: [Value], _ result: Value, _ tangents: [Value?]) -> Value? {
        preconditionFailure("\(name) is only evaluated")
    }

    func evaluate(_ call: KernelCall) {
        call.kernels.table.winograd_weights(
            Int64(channels), Int64(filters), turned ? 1 : 0, call.operands[0], call.result)
    }
}
