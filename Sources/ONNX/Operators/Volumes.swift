import ArrayFiles
import Autodiff
import Essentials

/// Convolutions and pools of three dimensions, N×C×D×H×W, as sums and maxima over the kernel's depth of those of two: each takes the
/// slices of depth that one tap of the kernel meets, all of them at once.
enum Volumes {
    /// Positions along the depth that a tap of the kernel meets, one for each output; those beyond the volume are `nil`.
    private static func places(_ axis: Axis, tap: Int) -> [Int?] {
        (0..<axis.outputs).map { output in
            let place = output * axis.stride + tap * axis.dilation - axis.before
            return 0..<axis.extent ~= place ? place : nil
        }
    }

    /// Windows along one dimension.
    struct Axis {
        let extent: Int, kernel: Int, stride: Int, dilation: Int, before: Int, after: Int, outputs: Int

        /// - Parameter window: of three dimensions.
        /// - Throws: where windows would meet too many slices.
        init(_ call: OperatorCall, _ window: WindowAttributes, _ extents: [Int], axis: Int) throws {
            (extent, kernel, stride) = (extents[axis], window.kernel[axis], window.stride[axis])
            (dilation, before, after) = (window.dilation[axis], window.padding[axis], window.padding[axis + 3])
            var line = PoolingGeometry(
                height: extent, width: 1, channels: 1, kernel: [kernel, 1], stride: [stride, 1])
            line.dilation = [dilation, 1]
            line.padding = [before, 0, after, 0]
            line.ceiling = window.ceiling
            outputs = line.outputHeight
            _ = try call.hostCount([outputs, kernel])
        }

        /// How many positions each window averages.
        func counts(countsPadding: Bool) -> [Int] {
            (0..<outputs).map { output in
                (0..<kernel).count { tap in
                    let place = output * stride + tap * dilation - before
                    return countsPadding ? place < extent + after : 0..<extent ~= place
                }
            }
        }
    }

    /// The last dimensions of a window.
    static func plane(_ list: [Int]) -> [Int] {
        list.count == 3 ? [list[1], list[2]] : [list[1], list[2], list[4], list[5]]
    }

    /// N×C×D×H×W as N×D×H×W×C.
    static func channelsLast(_ call: OperatorCall) throws -> Value {
        let tensor = try call.lifted(try call.operand(0))
        try call.rank(tensor.shape, 5...5)
        return tensor.value.asReal().permuted([0, 2, 3, 4, 1])
    }

    /// N·D images of H×W×C as a value N×C×D×H×W.
    static func channelsSecond(_ images: Value, depth: Int) -> Operand {
        let s = images.shape
        return .graph(images.reshaped([s[0] / depth, depth, s[1], s[2], s[3]]).permuted([0, 4, 1, 2, 3]))
    }

    /// The slices that a tap meets as images [N·outputs, H, W, C], zeros where it meets none; nil where it meets none at all.
    static func slices(_ call: OperatorCall, _ x: Value, _ axis: Axis, tap: Int) throws -> Value? {
        let met = places(axis, tap: tap)
        guard let first = met.firstIndex(where: { $0 != nil }), let last = met.lastIndex(where: { $0 != nil }),
            let start = met[first]
        else { return nil }
        let inside = x.slice(1, from: start, count: last - first + 1, step: axis.stride)
        let all = inside.padded(1, before: first, after: axis.outputs - 1 - last)
        return try images(call, all)
    }

    /// The slices that a tap meets; where it meets none, those of the first tap of the same window that does. Maxima are the same.
    static func nearestSlices(_ call: OperatorCall, _ x: Value, _ axis: Axis, tap: Int) throws -> (Value, [Int]) {
        let own = places(axis, tap: tap)
        let met = try own.indices.map { output -> Int in
            if let place = own[output] { return place }
            let start = output * axis.stride - axis.before
            let place = start + max(0, (axis.dilation - 1 - start) / axis.dilation) * axis.dilation
            guard 0..<axis.extent ~= place, place <= start + (axis.kernel - 1) * axis.dilation else {
                throw call.failure("padding leaves windows with nothing in them")
            }
            return place
        }
        // Runs of one step each are slices.
        var parts: [Value] = [], index = 0
        while index < met.count {
            var end = index + 1
            let step = end < met.count ? met[end] - met[index] : 1
            while end < met.count, step > 0, met[end] - met[end - 1] == step { end += 1 }
            parts.append(x.slice(1, from: met[index], count: end - index, step: max(step, 1)))
            index = end
        }
        return (try images(call, Value.concatenate(parts, axis: 1)), met)
    }

    private static func images(_ call: OperatorCall, _ x: Value) throws -> Value {
        try call.check(x.shape)
        return x.reshaped([x.shape[0] * x.shape[1]] + x.shape.dropFirst(2))
    }

    /// [filters, channels, depth, height, width] at one place of the depth, as two-dimensional convolutions take weights.
    static func weights(_ weight: Value, tap: Int) -> Value {
        let shape = weight.shape
        return weight.slice(2, from: tap, count: 1).reshaped([shape[0], shape[1], shape[3], shape[4]]).permuted([
            2, 3, 1, 0,
        ])
    }
}

extension Operators {
    /// Convolution over three dimensions.
    static func convolveVolume(_ call: OperatorCall) throws -> [Operand] {
        let x = try Volumes.channelsLast(call), weight = try call.tensor(1)
        let extents = Array(x.shape[1...3]), groups = call.integer("group", default: 1)
        guard weight.shape.count == 5, groups > 0, x.shape[4] == weight.shape[1] * groups, weight.shape[0] % groups == 0
        else {
            throw call.failure(
                "weights of shape \(weight.shape.shown) in \(groups) groups do not fit volumes of shape \(x.shape.shown)"
            )
        }
        let window = try WindowAttributes(call, extents, kernelShape: Array(weight.shape.dropFirst(2)))
        let axis = try Volumes.Axis(call, window, extents, axis: 0)
        var geometry = ConvolutionGeometry(
            height: extents[1], width: extents[2], channels: x.shape[4], kernel: Volumes.plane(window.kernel),
            filters: weight.shape[0])
        geometry.stride = Volumes.plane(window.stride)
        geometry.dilation = Volumes.plane(window.dilation)
        geometry.padding = Volumes.plane(window.padding)
        geometry.groups = groups
        try check(call, geometry, x.shape[0] * axis.outputs)
        var sum: Value?
        for tap in 0..<axis.kernel {
            guard let images = try Volumes.slices(call, x, axis, tap: tap) else { continue }
            let part = images.convolution(Volumes.weights(weight, tap: tap), geometry)
            sum = sum.map { $0 + part } ?? part
        }
        var y =
            sum
            ?? call.graph.constant(
                0, shape: [x.shape[0] * axis.outputs, geometry.outputHeight, geometry.outputWidth, geometry.filters])
        if let bias = try call.bias(geometry.filters) { y = y + bias }
        return [Volumes.channelsSecond(y, depth: axis.outputs)]
    }

    /// The transpose of a convolution over three dimensions: each tap of the depth puts its images at their places.
    static func convolveVolumeTransposed(_ call: OperatorCall) throws -> [Operand] {
        let x = try Volumes.channelsLast(call), weight = try call.tensor(1)
        let extents = Array(x.shape[1...3]), groups = call.integer("group", default: 1)
        guard weight.shape.count == 5, groups > 0, weight.shape[0] == x.shape[4], x.shape[4] % groups == 0 else {
            throw call.failure("weights of shape \(weight.shape.shown) do not fit volumes of shape \(x.shape.shown)")
        }
        let window = try TransposedWindow(call, extents, kernel: Array(weight.shape.dropFirst(2)))
        let filters = weight.shape[1] * groups, n = x.shape[0]
        var geometry = ConvolutionGeometry(
            height: window.outputs[1], width: window.outputs[2], channels: filters,
            kernel: Volumes.plane(window.kernel),
            filters: x.shape[4])
        geometry.stride = Volumes.plane(window.stride)
        geometry.dilation = Volumes.plane(window.dilation)
        geometry.padding = Volumes.plane(window.padding)
        geometry.groups = groups
        guard geometry.outputHeight == extents[1], geometry.outputWidth == extents[2] else {
            throw call.failure("found an output_padding that is not less than the strides")
        }
        try check(call, geometry, n * extents[0])
        let (depth, stride, dilation) = (extents[0], window.stride[0], window.dilation[0])
        let full = max(
            (depth - 1) * stride + (window.kernel[0] - 1) * dilation + 1, window.outputs[0] + window.padding[0])
        try call.check([n, full, window.outputs[1], window.outputs[2], filters])
        _ = try call.hostCount([depth, window.kernel[0]])
        let images = x.reshaped([n * depth] + x.shape.dropFirst(2))
        var sum: Value?
        for tap in 0..<window.kernel[0] {
            let part = images.convolutionTransposed(Volumes.weights(weight, tap: tap), geometry)
            // Zeros between the images, then around them.
            var spread = part.reshaped([n, depth, 1] + part.shape.dropFirst())
            spread = spread.padded(2, before: 0, after: stride - 1).reshaped(
                [n, depth * stride] + part.shape.dropFirst())
            let length = (depth - 1) * stride + 1, before = tap * dilation
            let placed = spread.slice(1, from: 0, count: length).padded(
                1, before: before, after: full - length - before)
            sum = sum.map { $0 + placed } ?? placed
        }
        guard let all = sum else { throw call.failure("found an empty kernel") }
        var y = all.slice(1, from: window.padding[0], count: window.outputs[0])
        if let bias = try call.bias(filters) { y = y + bias }
        return [.graph(y.permuted([0, 4, 1, 2, 3]))]
    }

    /// The maximum of every window of three dimensions; derivatives go to the first of equal elements.
    static func maxPoolVolume(_ call: OperatorCall) throws -> [Operand] {
        let (x, axis, geometry) = try poolVolume(call)
        var best: Value?, place: Value?
        let wantsPlaces = call.node.outputs.count > 1 && !call.node.outputs[1].isEmpty
        for tap in 0..<axis.kernel {
            let (images, depths) = try Volumes.nearestSlices(call, x, axis, tap: tap)
            let pooled = images.maxPool(geometry)
            var own: Value?
            if wantsPlaces {
                _ = try call.hostCount([x.shape[0] * depths.count])
                let planes = (0..<x.shape[0]).flatMap { _ in
                    depths.map { Double($0 * geometry.height * geometry.width) }
                }
                own =
                    images.maxPoolPlaces(geometry).asReal()
                    + call.graph.literal(planes, shape: [planes.count, 1, 1, 1])
            }
            if let known = best {
                if let own, let other = place { place = pooled.greater(than: known).select(own, other) }
                // Of equal ones the second operand counts.
                best = pooled.maximum(known)
            } else {
                (best, place) = (pooled, own)
            }
        }
        guard let best else { throw call.failure("found an empty kernel") }
        let result = Volumes.channelsSecond(best, depth: axis.outputs)
        guard let place else { return [result] }
        guard !call.flag("storage_order") else { throw call.failure("found storage_order 1, expected 0") }
        let (n, c) = (x.shape[0], x.shape[4])
        _ = try call.hostCount([n, c])
        let size = axis.extent * geometry.height * geometry.width
        let starts = call.graph.literal((0..<(n * c)).map { Double($0 * size) }, shape: [n, c, 1, 1, 1])
        guard case .graph(let tensor) = Volumes.channelsSecond(place, depth: axis.outputs) else { return [result] }
        return [result, .graph(tensor.value + starts, .integer)]
    }

    /// The mean of every window of three dimensions.
    static func averagePoolVolume(_ call: OperatorCall) throws -> [Operand] {
        let (x, axis, geometry) = try poolVolume(call)
        let countsPadding = call.flag("count_include_pad")
        let depths = axis.counts(countsPadding: countsPadding)
        guard !depths.contains(0) else { throw call.failure("padding leaves windows with nothing in them") }
        var sum: Value?
        for tap in 0..<axis.kernel {
            guard let images = try Volumes.slices(call, x, axis, tap: tap) else { continue }
            sum = sum.map { $0 + images } ?? images
        }
        guard let sum else { throw call.failure("padding leaves windows with nothing in them") }
        let pooled = sum.poolSum(geometry) * (try counts(call, geometry, countsPadding))
        let n = x.shape[0], shape = pooled.shape
        let byDepth = call.graph.literal(depths.map { 1 / Double($0) }, shape: [1, depths.count, 1, 1, 1])
        let mean = pooled.reshaped([n, axis.outputs] + shape.dropFirst()) * byDepth
        return [.graph(mean.permuted([0, 4, 1, 2, 3]))]
    }

    private static func poolVolume(_ call: OperatorCall) throws -> (Value, Volumes.Axis, PoolingGeometry) {
        let x = try Volumes.channelsLast(call), extents = Array(x.shape[1...3])
        let window = try WindowAttributes(call, extents, kernelShape: nil)
        guard
            window.padding.indices.allSatisfy({
                window.padding[$0] <= window.dilation[$0 % 3] * (window.kernel[$0 % 3] - 1)
            })
        else { throw call.failure("padding \(window.padding.shown) leaves windows with nothing in them") }
        let axis = try Volumes.Axis(call, window, extents, axis: 0)
        var geometry = PoolingGeometry(
            height: extents[1], width: extents[2], channels: x.shape[4], kernel: Volumes.plane(window.kernel),
            stride: Volumes.plane(window.stride))
        geometry.dilation = Volumes.plane(window.dilation)
        geometry.padding = Volumes.plane(window.padding)
        geometry.ceiling = window.ceiling
        try call.check([x.shape[0], axis.outputs, geometry.outputHeight, geometry.outputWidth, x.shape[4]])
        return (x, axis, geometry)
    }
}
