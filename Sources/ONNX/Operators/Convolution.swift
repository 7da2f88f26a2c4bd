import ArrayFiles
import Autodiff
import Essentials

/// The windows of a convolution or pooling over one to three dimensions, from a node's attributes. One dimension is a row of
/// height 1.
struct WindowAttributes {
    var kernel: [Int], stride: [Int], dilation: [Int]
    /// Above, left, below, right; of three dimensions before each, then after each.
    var padding: [Int]
    var ceiling: Bool
    let rank: Int

    /// - Parameters:
    ///   - extents: of the images' dimensions beyond channels, one to three.
    ///   - kernelShape: where the node need not say.
    init(_ call: OperatorCall, _ extents: [Int], kernelShape: [Int]?) throws {
        rank = extents.count
        func list(_ name: String, _ count: Int, _ range: ClosedRange<Int>, default other: Int) throws -> [Int] {
            let found = call.integers(name) ?? [Int](repeating: other, count: count)
            guard found.count == count, found.allSatisfy(range.contains) else {
                throw call.failure(
                    "found \(name) \(found.shown), expected \(count) numbers from \(range.lowerBound) to \(range.upperBound)"
                )
            }
            return found
        }
        let most = 1 << 16
        let kernel =
            call.integers("kernel_shape") == nil
            ? kernelShape ?? [] : try list("kernel_shape", extents.count, 1...most, default: 1)
        guard kernel.count == extents.count, kernelShape ?? kernel == kernel else {
            throw call.failure("found kernel_shape \(kernel.shown), expected \((kernelShape ?? extents).shown)")
        }
        self.kernel = kernel
        stride = try list("strides", extents.count, 1...most, default: 1)
        dilation = try list("dilations", extents.count, 1...most, default: 1)
        padding = try list("pads", 2 * extents.count, 0...most, default: 0)
        ceiling = call.flag("ceil_mode")
        switch call.text("auto_pad", default: "NOTSET") {
        case "NOTSET", "": break
        case "VALID": padding = padding.map { _ in 0 }
        case let mode where mode == "SAME_UPPER" || mode == "SAME_LOWER":
            for i in extents.indices {
                let outputs = (extents[i] + stride[i] - 1) / stride[i]
                let total = max(0, (outputs - 1) * stride[i] + (kernel[i] - 1) * dilation[i] + 1 - extents[i])
                padding[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2
                padding[i + extents.count] = total - padding[i]
            }
        case let mode:
            throw call.failure("found auto_pad \(mode.shown), expected NOTSET, VALID, SAME_UPPER or SAME_LOWER")
        }
        for i in extents.indices {
            let room = extents[i] + padding[i] + padding[i + rank] - dilation[i] * (kernel[i] - 1) - 1
            guard room >= 0 else {
                throw call.failure(
                    "a window of \(kernel.shown) does not fit images of \(extents.shown) with padding \(padding.shown)")
            }
        }
        if rank == 1 {
            self.kernel.insert(1, at: 0)
            stride.insert(1, at: 0)
            dilation.insert(1, at: 0)
            padding = [0, padding[0], 0, padding[1]]
        }
    }
}

/// The windows of a transposed convolution: those of the convolution that takes its output to its input.
struct TransposedWindow {
    let kernel: [Int], stride: [Int], dilation: [Int]
    /// Before, then after each dimension.
    private(set) var padding: [Int]
    /// Extents of the output.
    private(set) var outputs: [Int] = []

    /// - Parameters:
    ///   - extents: of the input beyond channels.
    ///   - kernel: as the weights have it.
    init(_ call: OperatorCall, _ extents: [Int], kernel: [Int]) throws {
        let rank = extents.count, most = 1 << 16
        self.kernel = call.integers("kernel_shape") ?? kernel
        stride = call.integers("strides") ?? extents.map { _ in 1 }
        dilation = call.integers("dilations") ?? extents.map { _ in 1 }
        padding = call.integers("pads") ?? [Int](repeating: 0, count: 2 * rank)
        let extra = call.integers("output_padding") ?? extents.map { _ in 0 }
        guard self.kernel == kernel, stride.count == rank, dilation.count == rank, padding.count == 2 * rank,
            extra.count == rank, (stride + dilation).allSatisfy({ 1...most ~= $0 }),
            (padding + extra + kernel).allSatisfy({ 0...most ~= $0 })
        else { throw call.failure("found attributes that do not fit a kernel of \(kernel.shown)") }
        let mode = call.text("auto_pad", default: "NOTSET"), asked = call.integers("output_shape")
        for i in 0..<rank {
            let full = (extents[i] - 1) * stride[i] + (kernel[i] - 1) * dilation[i] + 1 + extra[i]
            if let asked, asked.count >= rank {
                let wanted = asked[asked.count - rank + i]
                guard 1...most ~= wanted else { throw call.failure("found output_shape \(asked.shown)") }
                pad(i, max(0, full - wanted), mode)
                outputs.append(wanted)
                continue
            } else if mode.hasPrefix("SAME") {
                pad(i, max(0, full - extents[i] * stride[i]), mode)
            }
            outputs.append(full - padding[i] - padding[i + rank])
        }
        guard outputs.allSatisfy({ $0 > 0 }) else { throw call.failure("padding \(padding.shown) leaves nothing") }
        // What output_padding adds at the end lies beyond the last window; the convolution must still give back the input's extents.
        for i in 0..<rank {
            let room = outputs[i] + padding[i] + padding[i + rank] - dilation[i] * (kernel[i] - 1) - 1
            guard room >= 0, room / stride[i] + 1 == extents[i] else {
                throw call.failure("found output_padding \(extra.shown), expected less than the strides")
            }
        }
    }

    private mutating func pad(_ axis: Int, _ total: Int, _ mode: String) {
        padding[axis] = mode == "SAME_UPPER" ? total / 2 : total - total / 2
        padding[axis + padding.count / 2] = total - padding[axis]
    }
}

extension OperatorCall {
    /// Images N×C×H×W or N×C×L as N×H×W×C.
    func images(_ index: Int) throws -> (value: Value, extents: [Int]) {
        let tensor = try lifted(try operand(index))
        try rank(tensor.shape, 3...4)
        let extents = Array(tensor.shape.dropFirst(2))
        if extents.count == 2 { return (tensor.channelsLast, extents) }
        let shape = tensor.shape
        return (tensor.value.asReal().permuted([0, 2, 1]).reshaped([shape[0], 1, shape[2], shape[1]]), extents)
    }

    /// The third operand, one number a filter; nil for none. PyTorch's exporter (onnxscript 0.7) gives grouped convolutions without a
    /// bias zeros of another shape.
    func bias(_ filters: Int) throws -> Value? {
        if case .host(let zeros)? = optional(2), zeros.values.allSatisfy({ $0 == 0 }) { return nil }
        guard let bias = try optionalTensor(2) else { return nil }
        guard bias.shape == [filters] else {
            throw failure("found a bias of shape \(bias.shape.shown), expected [\(filters)]")
        }
        return bias
    }

    /// Whether the first operand is N×C×D×H×W.
    var takesVolumes: Bool { optional(0)?.shape.count == 5 }

    /// N×H×W×C as the operand's rank has it.
    func fromImages(_ value: Value, rank: Int) -> Operand {
        if rank == 2 { return .graph(GraphTensor(channelsLast: value)) }
        let shape = value.shape
        return .graph(value.reshaped([shape[0], shape[2], shape[3]]).permuted([0, 2, 1]))
    }
}

extension Operators {
    static let convolution: [String: OperatorCall.Implementation] = [
        "Conv": { try $0.takesVolumes ? convolveVolume($0) : convolve($0) },
        "ConvTranspose": { try $0.takesVolumes ? convolveVolumeTransposed($0) : convolveTransposed($0) },
    ]

    private static func convolve(_ call: OperatorCall) throws -> [Operand] {
        let (x, extents) = try call.images(0)
        var weight = try call.tensor(1)
        guard weight.shape.count == extents.count + 2 else {
            throw call.failure("found weights of shape \(weight.shape.shown) for images of \(extents.count) dimensions")
        }
        let window = try WindowAttributes(call, extents, kernelShape: Array(weight.shape.dropFirst(2)))
        if window.rank == 1 { weight = weight.reshaped([weight.shape[0], weight.shape[1], 1, weight.shape[2]]) }
        let groups = call.integer("group", default: 1)
        guard groups > 0, x.shape[3] == weight.shape[1] * groups, weight.shape[0] % groups == 0 else {
            throw call.failure(
                "weights of shape \(weight.shape.shown) in \(groups) groups do not fit \(x.shape[3]) channels")
        }
        var geometry = ConvolutionGeometry(
            height: x.shape[1], width: x.shape[2], channels: x.shape[3], kernel: window.kernel, filters: weight.shape[0]
        )
        geometry.stride = window.stride
        geometry.dilation = window.dilation
        geometry.padding = window.padding
        geometry.groups = groups
        try check(call, geometry, x.shape[0])
        var y = x.convolution(weight.permuted([2, 3, 1, 0]), geometry)
        if let bias = try call.bias(weight.shape[0]) { y = y + bias }
        return [call.fromImages(y, rank: window.rank)]
    }

    /// Images with their padding must not be too large either.
    static func check(_ call: OperatorCall, _ geometry: ConvolutionGeometry, _ n: Int) throws {
        try call.check([
            n, geometry.height + geometry.padding[0] + geometry.padding[2],
            geometry.width + geometry.padding[1] + geometry.padding[3], geometry.channels,
        ])
        try call.check([n, geometry.outputHeight, geometry.outputWidth, geometry.filters])
    }

    /// The transpose of the convolution that takes its output to its input.
    private static func convolveTransposed(_ call: OperatorCall) throws -> [Operand] {
        let (x, extents) = try call.images(0)
        var weight = try call.tensor(1)
        let rank = extents.count, groups = call.integer("group", default: 1)
        guard weight.shape.count == rank + 2, groups > 0, weight.shape[0] == x.shape[3], x.shape[3] % groups == 0 else {
            throw call.failure(
                "weights of shape \(weight.shape.shown) do not fit \(x.shape[3]) channels in \(groups) groups")
        }
        let window = try TransposedWindow(call, extents, kernel: Array(weight.shape.dropFirst(2)))
        func two(_ list: [Int], _ first: Int) -> [Int] { rank == 1 ? [first] + list : list }
        if rank == 1 { weight = weight.reshaped([weight.shape[0], weight.shape[1], 1, weight.shape[2]]) }
        let size = two(window.outputs, 1), filters = weight.shape[1] * groups
        var geometry = ConvolutionGeometry(
            height: size[0], width: size[1], channels: filters, kernel: two(window.kernel, 1), filters: x.shape[3])
        geometry.stride = two(window.stride, 1)
        geometry.dilation = two(window.dilation, 1)
        geometry.groups = groups
        geometry.padding = rank == 1 ? [0, window.padding[0], 0, window.padding[1]] : window.padding
        try check(call, geometry, x.shape[0])
        var y = x.convolutionTransposed(weight.permuted([2, 3, 1, 0]), geometry)
        if let bias = try call.bias(filters) { y = y + bias }
        return [call.fromImages(y, rank: rank)]
    }
}
