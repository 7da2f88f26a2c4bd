import ArrayFiles
import Autodiff
import Essentials

extension Operators {
    static let pooling: [String: OperatorCall.Implementation] = [
        "MaxPool": { call in
            if call.takesVolumes { return try maxPoolVolume(call) }
            let (x, extents) = try call.images(0)
            let window = try WindowAttributes(call, extents, kernelShape: nil)
            let geometry = try geometry(call, x, window)
            guard
                window.padding.indices.allSatisfy({
                    window.padding[$0] <= window.dilation[$0 % 2] * (window.kernel[$0 % 2] - 1)
                })
            else { throw call.failure("padding \(window.padding.shown) leaves windows with nothing in them") }
            let result = call.fromImages(x.maxPool(geometry), rank: window.rank)
            guard call.node.outputs.count > 1 else { return [result] }
            return [result, try places(call, x, geometry, rank: window.rank)]
        },
        "AveragePool": { call in
            if call.takesVolumes { return try averagePoolVolume(call) }
            let (x, extents) = try call.images(0)
            let window = try WindowAttributes(call, extents, kernelShape: nil)
            let geometry = try geometry(call, x, window)
            let counts = try counts(call, geometry, call.flag("count_include_pad"))
            return [call.fromImages(x.poolSum(geometry) * counts, rank: window.rank)]
        },
        "GlobalAveragePool": { try global($0) { $0.mean($1) } },
        "GlobalMaxPool": { try global($0) { $0.maximum(over: $1) } },
    ]

    private static func global(_ call: OperatorCall, _ reduce: (Value, [Int]) -> Value) throws -> [Operand] {
        let tensor = try call.lifted(try call.operand(0))
        try call.rank(tensor.shape, 3...8)
        if tensor.isChannelsLast { return [.graph(GraphTensor(channelsLast: reduce(tensor.stored, [1, 2])))] }
        return [.graph(reduce(tensor.value.asReal(), Array(2..<tensor.shape.count)))]
    }

    /// Where each maximum lies in the whole tensor N×C×H×W, counted row by row, or column by column in each image.
    private static func places(
        _ call: OperatorCall, _ x: Value, _ geometry: PoolingGeometry, rank: Int
    ) throws -> Operand {
        let (n, h, w, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        var place = x.maxPoolPlaces(geometry).asReal()
        if call.flag("storage_order") {
            let row = place.scaled(1 / Double(w)).offset(0.5 / Double(w)).floor()
            place = (place - row.scaled(Double(w))).scaled(Double(h)) + row
        }
        _ = try call.hostCount([n, c])
        let planes = (0..<n).flatMap { i in (0..<c).map { Double((i * c + $0) * h * w) } }
        let result = place + call.graph.literal(planes, shape: [n, 1, 1, c])
        guard case .graph(let tensor) = call.fromImages(result, rank: rank) else { return .graph(result) }
        return .graph(tensor.value, .integer)
    }

    private static func geometry(_ call: OperatorCall, _ x: Value, _ window: WindowAttributes) throws -> PoolingGeometry
    {
        var geometry = PoolingGeometry(
            height: x.shape[1], width: x.shape[2], channels: x.shape[3], kernel: window.kernel, stride: window.stride)
        geometry.dilation = window.dilation
        geometry.padding = window.padding
        geometry.ceiling = window.ceiling
        try call.check([x.shape[0], geometry.outputHeight, geometry.outputWidth, x.shape[3]])
        return geometry
    }

    /// One over how many positions each window averages, [1, height, width, 1].
    static func counts(_ call: OperatorCall, _ geometry: PoolingGeometry, _ countsPadding: Bool) throws -> Value {
        func along(_ axis: Int, _ extent: Int, _ outputs: Int) -> [Int] {
            (0..<outputs).map { output in
                let start = output * geometry.stride[axis] - geometry.padding[axis]
                // A window that ceil_mode adds may reach beyond the padding; that never counts.
                let low = countsPadding ? -geometry.padding[axis] : 0
                let high = countsPadding ? extent + geometry.padding[axis + 2] : extent
                let dilation = geometry.dilation[axis]
                // Positions start + k · dilation from low up to, not including, high.
                let first = max(0, (low - start + dilation - 1) / dilation)
                let last = min(geometry.kernel[axis], start < high ? (high - start - 1) / dilation + 1 : 0)
                return max(0, last - first)
            }
        }
        _ = try call.hostCount([geometry.outputHeight, geometry.outputWidth])
        let rows = along(0, geometry.height, geometry.outputHeight)
        let columns = along(1, geometry.width, geometry.outputWidth)
        guard !rows.contains(0), !columns.contains(0) else {
            throw call.failure("padding \(geometry.padding.shown) leaves windows with nothing in them")
        }
        let values = rows.flatMap { row in columns.map { 1 / Double(row * $0) } }
        return call.graph.literal(values, shape: [1, rows.count, columns.count, 1])
    }
}
