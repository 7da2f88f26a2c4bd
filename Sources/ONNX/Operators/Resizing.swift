import ArrayFiles
import Autodiff
import Essentials
import Foundation

extension Operators {
    static let resizing: [String: OperatorCall.Implementation] = [
        "Resize": { try resize($0) },
        "Upsample": { call in
            let x = try call.operand(0)
            let scales = try call.opset < 9 ? call.node.attributes["scales"]?.reals ?? [] : call.host(1).values
            return [try resized(call, x, Array(x.shape.indices), scales: scales, sizes: nil, coordinates: "asymmetric")]
        },
    ]

    private static func resize(_ call: OperatorCall) throws -> [Operand] {
        let x = try call.operand(0), rank = x.shape.count
        guard call.opset >= 11 else {
            let scales = try call.host(1).values
            return [try resized(call, x, Array(x.shape.indices), scales: scales, sizes: nil, coordinates: "asymmetric")]
        }
        guard !call.flag("antialias"), call.text("keep_aspect_ratio_policy", default: "stretch") == "stretch" else {
            throw call.failure("antialias and keep_aspect_ratio_policy are not supported")
        }
        let axes = try call.axes(call.integers("axes") ?? Array(0..<rank), rank: rank)
        let sizes = try call.optionalHost(3).map(\.integers), scales = try call.optionalHost(2).map(\.values)
        let coordinates = call.text("coordinate_transformation_mode", default: "half_pixel")
        return [
            try resized(
                call, x, axes, scales: sizes == nil || sizes == [] ? scales ?? [] : nil,
                sizes: sizes == [] ? nil : sizes,
                coordinates: coordinates)
        ]
    }

    /// Each axis by itself: interpolation is a matrix along it.
    private static func resized(
        _ call: OperatorCall, _ x: Operand, _ axes: [Int], scales: [Double]?, sizes: [Int]?, coordinates: String
    ) throws -> Operand {
        var result = x
        guard (sizes?.count ?? scales?.count) == axes.count else {
            throw call.failure(
                "found \(sizes?.count ?? scales?.count ?? 0) scales or sizes for \(axes.count) dimensions")
        }
        for (number, axis) in axes.enumerated() {
            let extent = x.shape[axis]
            // A size that stands for the batch a model was exported for is no size of this one.
            let isBatch = axis == 0 && call.interpreter.fixedBatch != nil
            let outputs: Int, scale: Double
            if let sizes {
                outputs = isBatch ? extent : sizes[number]
                scale = Double(outputs) / Double(extent)
            } else {
                scale = scales?[number] ?? 1
                guard scale > 0, scale * Double(extent) <= Double(OperatorInterpreter.mostHostElements) else {
                    throw call.failure("found a scale of \(scale)")
                }
                // A scale that Float32 rounded down must not lose a row.
                outputs = Int((Double(extent) * scale + 1e-6 * Double(extent)).rounded(.down))
            }
            guard outputs > 0, outputs <= OperatorInterpreter.mostHostElements, extent > 0 else {
                throw call.failure("found a size of \(outputs)")
            }
            let rule = try Interpolation(
                call, coordinates: coordinates, extent: extent, outputs: outputs, scale: scale)
            if rule.isIdentity { continue }
            result = try rule.applied(call, result, axis)
        }
        return result
    }
}

/// What each place of a resized axis takes of the places it had.
private struct Interpolation {
    /// Places and weights, one list for each output.
    let terms: [[(place: Int, weight: Double)]]
    private let extent: Int

    var isIdentity: Bool {
        terms.count == extent && terms.indices.allSatisfy { terms[$0].count == 1 && terms[$0][0].place == $0 }
    }

    init(_ call: OperatorCall, coordinates: String, extent: Int, outputs: Int, scale: Double) throws {
        self.extent = extent
        let mode = call.text("mode", default: "nearest")
        let rounding = call.text(
            "nearest_mode", default: call.opset < 11 || call.kind == "Upsample" ? "floor" : "round_prefer_floor")
        let coefficient = call.real("cubic_coeff_a", default: -0.75), excludes = call.flag("exclude_outside")
        func origin(_ i: Int) throws -> Double {
            // Lengths are as the scale has them, before they are cut to whole numbers.
            let x = Double(i), m = Double(extent), n = scale * m
            switch coordinates {
            case "half_pixel": return (x + 0.5) / scale - 0.5
            case "pytorch_half_pixel": return outputs > 1 ? (x + 0.5) / scale - 0.5 : 0
            case "align_corners": return n > 1 ? x * (m - 1) / (n - 1) : 0
            case "asymmetric": return x / scale
            case "tf_half_pixel_for_nn": return (x + 0.5) / scale
            case "half_pixel_symmetric":
                let adjustment = Double(outputs) / n
                return m / 2 * (1 - adjustment) + (x + 0.5) / scale - 0.5
            default: throw call.failure("the coordinate_transformation_mode \(coordinates.shown) is not supported")
            }
        }
        func inside(_ place: Double) -> Int { Int(min(max(place, 0), Double(extent - 1))) }
        terms = try (0..<outputs).map { output in
            let x = try origin(output), base = x.rounded(.down), fraction = x - base
            switch mode {
            case "nearest":
                let place =
                    switch rounding {
                    case "round_prefer_floor": (x - 0.5).rounded(.up)
                    case "round_prefer_ceil": (x + 0.5).rounded(.down)
                    case "floor": base
                    case "ceil": x.rounded(.up)
                    default: throw call.failure("the nearest_mode \(rounding.shown) is not supported")
                    }
                return [(inside(place), 1)]
            case "linear":
                return fraction == 0
                    ? [(inside(base), 1)] : [(inside(base), 1 - fraction), (inside(base + 1), fraction)]
            case "cubic":
                // Keys 1981.
                let a = coefficient
                func near(_ d: Double) -> Double { ((a + 2) * d - (a + 3)) * d * d + 1 }
                func far(_ d: Double) -> Double { ((a * d - 5 * a) * d + 8 * a) * d - 4 * a }
                var parts = [
                    (-1.0, far(1 + fraction)), (0, near(fraction)), (1, near(1 - fraction)), (2, far(2 - fraction)),
                ]
                .map { (base + $0.0, $0.1) }
                if excludes {
                    parts = parts.filter { 0...Double(extent - 1) ~= $0.0 }
                    let sum = parts.reduce(0) { $0 + $1.1 }
                    parts = parts.map { ($0.0, $0.1 / sum) }
                }
                return parts.map { (inside($0.0), $0.1) }
            default: throw call.failure("the mode \(mode.shown) is not supported")
            }
        }
    }

    func applied(_ call: OperatorCall, _ x: Operand, _ axis: Int) throws -> Operand {
        if terms.allSatisfy({ $0.count == 1 }) { return try Operators.take(call, x, axis, terms.map { $0[0].place }) }
        _ = try call.hostCount([terms.count, extent])
        var matrix = [Double](repeating: 0, count: terms.count * extent)
        for (output, list) in terms.enumerated() {
            for (place, weight) in list { matrix[output * extent + place] += weight }
        }
        let value = try call.lifted(x).value.asReal()
        var shape = value.shape
        shape[axis] = terms.count
        try call.check(shape)
        // The axis last, as the rows of a product.
        let order = value.shape.indices.filter { $0 != axis } + [axis]
        let moved = value.permuted(order)
        let rows = moved.reshaped([moved.type.count / extent, extent])
        let product = rows.product(call.graph.literal(matrix, shape: [terms.count, extent]), transposeB: true)
        let result = product.reshaped(Array(moved.shape.dropLast()) + [terms.count])
        return .graph(result.permuted(value.shape.indices.map { order.firstIndex(of: $0)! }))
    }
}
