import ArrayFiles
import Essentials

/// A tensor of an ONNX file: its name, type and shape, and where its numbers are.
struct ONNXTensor {
    indirect enum Storage {
        /// Little-endian, a slice of the file.
        case raw(ArraySlice<UInt8>)
        /// Numbers in fields of their own, not packed; integers also carry half-precision bits.
        case integers([Int])
        case reals([Double])
        /// In another file, beside the model's.
        case external(location: String, offset: Int, length: Int?)
        /// Numbers [n] at indices [n] or [n, rank]; all others are 0.
        case sparse(values: ONNXTensor, indices: ONNXTensor)
    }

    /// In the graph: an initializer's own, or that of the value that its Constant node gives.
    var name = ""
    /// The node that holds it; nil for an initializer.
    var constantNode: String?
    var shape: [Int] = []
    /// TensorProto.DataType.
    var dataType = 0
    var storage = Storage.reals([])

    /// Real numbers in place of a tensor of the file, as Float64 or Float32.
    init(name: String, _ values: HostTensor, isDouble: Bool) {
        (self.name, shape, dataType, storage) = (name, values.shape, isDouble ? 11 : 1, .reals(values.values))
    }

    /// A list of whole numbers that no file has.
    init(name: String, integers: [Int]) {
        (self.name, shape, dataType, storage) = (name, [integers.count], 7, .integers(integers))
    }

    init(_ message: ArraySlice<UInt8>) throws(ONNXError) {
        var reader = WireReader(message)
        var raw: ArraySlice<UInt8>?, integers: [Int] = [], reals: [Double] = []
        var external: [String: String] = [:], isExternal = false
        while let (number, value) = try reader.next() {
            switch number {
            case 1: try value.append(to: &shape)
            case 2: dataType = value.integer ?? 0
            case 4, 10: try Self.append(value, number == 4, to: &reals)
            case 5, 7, 11: try value.append(to: &integers)
            case 8: name = value.text ?? ""
            case 9: raw = value.message
            case 13: if let message = value.message { try ONNXModel.addEntry(message, to: &external) }
            case 14: isExternal = value.integer == 1
            default: break
            }
        }
        if isExternal {
            guard let location = external["location"] else { throw .externalData(name: name, problem: "no location") }
            let offset = external["offset"].map { Int($0) } ?? 0, length = external["length"].map { Int($0) }
            guard let offset, offset >= 0, length.map({ $0 != nil && $0! >= 0 }) ?? true else {
                throw .externalData(name: name, problem: "the offset or length is no whole number from 0")
            }
            storage = .external(location: location, offset: offset, length: length ?? nil)
        } else if let raw {
            storage = .raw(raw)
        } else {
            storage = integers.isEmpty ? .reals(reals) : .integers(integers)
        }
    }

    /// A SparseTensorProto, which is called what its values are.
    init(sparse message: ArraySlice<UInt8>) throws(ONNXError) {
        var reader = WireReader(message)
        var values: ONNXTensor?, indices: ONNXTensor?
        while let (number, value) = try reader.next() {
            switch number {
            case 1: if let message = value.message { values = try ONNXTensor(message) }
            case 2: if let message = value.message { indices = try ONNXTensor(message) }
            case 3: try value.append(to: &shape)
            default: break
            }
        }
        guard let values, let indices else {
            throw .tensor(name: values?.name ?? "", problem: "found a sparse tensor without values or indices")
        }
        (name, dataType, storage) = (values.name, values.dataType, .sparse(values: values, indices: indices))
    }

    private static func append(
        _ value: WireReader.Value, _ isSingle: Bool, to reals: inout [Double]
    ) throws(ONNXError) {
        guard case .bytes(let packed) = value else { return try value.append(to: &reals) }
        var words = WireReader(packed)
        reals.reserveCapacity(reals.count + packed.count / (isSingle ? 4 : 8))
        while !words.rest.isEmpty {
            reals.append(
                isSingle
                    ? Double(Float(bitPattern: try words.fixed(UInt32.self)))
                    : Double(bitPattern: try words.fixed(UInt64.self)))
        }
    }

    var elementType: ElementType? {
        switch dataType {
        case 1: .float32
        case 2: .uint8
        case 3: .int8
        case 4: .uint16
        case 5: .int16
        case 6: .int32
        case 7: .int64
        case 9: .bool
        case 10: .float16
        case 11: .float64
        case 12: .uint32
        case 13: .uint64
        case 16: .bfloat16
        default: nil
        }
    }

    var isFloating: Bool { elementType?.isFloatingPoint ?? false }

    /// Whether only some of its numbers are in the file.
    var isSparse: Bool { if case .sparse = storage { true } else { false } }

    /// Whether the model's file has other bytes than its numbers'.
    var isSparseOrExternal: Bool {
        switch storage {
        case .sparse, .external: true
        case .raw, .integers, .reals: false
        }
    }

    /// Numbers that a sparse tensor may have as a dense one.
    static let mostDense = 1 << 24

    /// All numbers of a sparse tensor.
    private func dense(_ values: ONNXTensor, _ indices: ONNXTensor, _ data: (String) throws -> [UInt8]) throws
        -> HostTensor
    {
        guard let count, count <= Self.mostDense else {
            throw ONNXError.limit(
                "sparse tensor '\(name.shown)' of shape \(shape.shown) has more than \(Self.mostDense) numbers as a dense one"
            )
        }
        let given = try values.values(data), places = try indices.values(data)
        let size = given.values.count, rank = shape.count
        guard given.shape.count == 1, places.kind == .integer, [[size], [size, rank]].contains(places.shape) else {
            throw ONNXError.tensor(
                name: name,
                problem:
                    "found sparse values of shape \(given.shape.shown) at indices of \(places.shape.shown), expected [n] and [n] or [n, \(rank)]"
            )
        }
        var result = HostTensor(shape: shape, kind: given.kind, values: [Double](repeating: 0, count: count))
        let numbers = places.integers
        for row in 0..<size {
            var place = 0
            if places.shape.count == 1 {
                place = numbers[row]
            } else {
                for axis in 0..<rank {
                    let index = numbers[row * rank + axis]
                    guard 0..<shape[axis] ~= index else { place = -1; break }
                    place = place * shape[axis] + index
                }
            }
            guard 0..<count ~= place else {
                throw ONNXError.tensor(
                    name: name, problem: "sparse index \(row) points outside the shape \(shape.shown)")
            }
            result.values[place] = given.values[row]
        }
        return result
    }

    /// Whether all its numbers are known to be the same, where they lie in the model's own file.
    var isUniform: Bool { isUniform { _ in [] } }

    /// Whether all its numbers are the same, to the last bit.
    ///
    /// - Parameter data: the bytes of a file beside the model's.
    func isUniform(_ data: (String) throws -> [UInt8]) -> Bool {
        // Most tensors differ at once, and large ones are not made numbers for it.
        if case .raw(let bytes) = storage, let size = elementType?.size, bytes.count > size {
            return bytes.dropFirst(size).elementsEqual(bytes.dropLast(size))
        }
        guard let values = try? values(data).values else { return false }
        return values.allSatisfy { $0 == values[0] }
    }

    /// The product of the extents; nil where one is negative or it overflows.
    var count: Int? { NumericArray.byteCount(shape: shape, size: 1) }

    /// The tensor's numbers. `data` gives the bytes of a file beside the model's.
    func values(_ data: (String) throws -> [UInt8]) throws -> HostTensor {
        guard let type = elementType else {
            throw ONNXError.tensor(
                name: name, problem: "found data type \(dataType), expected real numbers, integers or bool")
        }
        guard let count, let size = NumericArray.byteCount(shape: shape, size: type.size) else {
            throw ONNXError.tensor(name: name, problem: "the shape \(shape.shown) is impossible")
        }
        let kind: HostTensor.Kind = type.isFloatingPoint ? .real : type == .bool ? .boolean : .integer
        func typed(_ bytes: ArraySlice<UInt8>) throws -> [Double] {
            guard bytes.count == size else {
                throw ONNXError.tensor(
                    name: name, problem: "found \(bytes.count) bytes, expected \(size) for shape \(shape.shown)")
            }
            return try NumericArray(shape: shape, type: type, bytes: Array(bytes)).doubles
        }
        let values: [Double]
        switch storage {
        case .raw(let bytes): values = try typed(bytes)
        case .external(let location, let offset, let length):
            let file = try data(location)
            let length = length ?? size
            guard length <= file.count, offset <= file.count - length else {
                throw ONNXError.externalData(
                    name: name,
                    problem: "it ends at byte \(offset) + \(length), but \(location.shown) has \(file.count)")
            }
            values = try typed(file[offset..<(offset + length)])
        case .sparse(let given, let indices): return try dense(given, indices, data)
        case .reals(let numbers): values = numbers
        case .integers(let numbers):
            if type == .float16 || type == .bfloat16 {
                let words = numbers.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
                guard words.count == size else {
                    throw ONNXError.tensor(name: name, problem: "found \(numbers.count) numbers, expected \(count)")
                }
                values = try typed(words[...])
            } else {
                values = numbers.map { Double(type == .uint64 ? Int(clamping: UInt64(bitPattern: Int64($0))) : $0) }
            }
        }
        guard values.count == count else {
            throw ONNXError.tensor(
                name: name, problem: "found \(values.count) numbers, expected \(count) for shape \(shape.shown)")
        }
        return HostTensor(shape: shape, kind: kind, values: kind == .boolean ? values.map { $0 == 0 ? 0 : 1 } : values)
    }
}
