import ArrayFiles
import Autodiff
import Essentials

extension Operators {
    static let creation: [String: OperatorCall.Implementation] = [
        "Constant": { [.host(try constant($0))] },
        "ConstantOfShape": { call in
            let shape = try call.host(0).integers
            let value = call.node.attributes["value"]?.tensor ?? HostTensor(0)
            guard value.values.count == 1 else {
                throw call.failure("found a value of shape \(value.shape.shown), expected one number")
            }
            guard let count = try? call.hostCount(shape) else {
                try call.check(shape)
                return [.graph(call.graph.constant(value.values[0], shape: shape), value.kind)]
            }
            return [
                .host(
                    HostTensor(
                        shape: shape, kind: value.kind, values: [Double](repeating: value.values[0], count: count)))
            ]
        },
        "Range": { call in
            let numbers = try (0..<3).map { try call.number($0) }
            let count = ((numbers[1] - numbers[0]) / numbers[2]).rounded(.up)
            guard count <= Double(OperatorInterpreter.mostHostElements), !count.isNaN else {
                throw call.failure("found a range from \(numbers[0]) to \(numbers[1]) by \(numbers[2])")
            }
            let kind = try call.operand(0).kind
            let values = (0..<Int(max(0, count))).map { numbers[0] + Double($0) * numbers[2] }
            return [.host(HostTensor(shape: [values.count], kind: kind, values: values))]
        },
        "EyeLike": { call in
            let shape = try call.operand(0).shape
            try call.rank(shape, 2...2)
            let shift = call.integer("k", default: 0)
            guard abs(Double(shift)) < 0x1p31 else { throw call.failure("found k \(shift)") }
            _ = try call.hostCount(shape)
            let values = (0..<shape[0]).flatMap { i in (0..<shape[1]).map { $0 - i == shift ? 1.0 : 0 } }
            return [.host(HostTensor(shape: shape, kind: .real, values: values))]
        },
        "NonZero": { call in
            let x = try call.host(0), strides = call.rowMajorStrides(x.shape)
            let found = x.values.indices.filter { x.values[$0] != 0 }
            let values = x.shape.indices.flatMap { axis in found.map { Double($0 / strides[axis] % x.shape[axis]) } }
            return [.host(HostTensor(shape: [x.shape.count, found.count], kind: .integer, values: values))]
        },
    ]

    private static func constant(_ call: OperatorCall) throws -> HostTensor {
        let attributes = call.node.attributes
        if let tensor = attributes["value"]?.tensor { return tensor }
        if let number = attributes["value_float"]?.real { return HostTensor(number) }
        if let number = attributes["value_int"]?.integer { return HostTensor(Double(number), .integer) }
        if let numbers = attributes["value_floats"]?.reals {
            return HostTensor(shape: [numbers.count], kind: .real, values: numbers)
        }
        if let numbers = attributes["value_ints"]?.integers { return HostTensor(numbers) }
        throw call.failure("found no value that is a number")
    }
}
