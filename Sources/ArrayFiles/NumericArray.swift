import Essentials

/// An array of numbers as a file holds it: shape, element type, and the numbers in row-major (C) order.
///
/// The bytes stay as stored, so an array that is written again has the same bits, NaN payloads included. `doubles`,
/// `floats` and `integers()` convert.
public struct NumericArray: Sendable, Equatable {
    /// Extents, outermost first; empty for a single number.
    public let shape: [Int]
    /// How each number is stored.
    public let type: ElementType
    /// The numbers: count × type.size bytes, little-endian, row-major.
    public let bytes: [UInt8]

    /// The most dimensions an array may have: 64, as in NumPy 2.
    public static let maximalRank = 64

    /// An array of stored bytes, little-endian and row-major.
    ///
    /// - Throws: `NumericArrayError` where the shape is impossible or needs another number of bytes.
    public init(shape: [Int], type: ElementType, bytes: [UInt8]) throws(NumericArrayError) {
        guard let needed = Self.byteCount(shape: shape, size: type.size) else {
            throw .shapeOverflows(shape)
        }
        guard needed == bytes.count else {
            throw .lengthMismatch(shape: shape, type: type, expected: needed, found: bytes.count)
        }
        self.init(checked: shape, type, bytes)
    }

    init(checked shape: [Int], _ type: ElementType, _ bytes: [UInt8]) {
        self.shape = shape
        self.type = type
        self.bytes = bytes
    }

    /// An array of Float64.
    ///
    /// - Parameter shape: one dimension where it is `nil`.
    /// - Precondition: `shape` has as many elements as there are numbers.
    public init(_ values: [Double], shape: [Int]? = nil) { self.init(values, .float64, shape) }
    /// An array of Float32, of one dimension where `shape` is `nil`.
    ///
    /// - Precondition: `shape` has as many elements as there are values.
    public init(_ values: [Float], shape: [Int]? = nil) { self.init(values, .float32, shape) }
    /// An array of Int64, of one dimension where `shape` is `nil`.
    ///
    /// - Precondition: `shape` has as many elements as there are values.
    public init(_ values: [Int], shape: [Int]? = nil) { self.init(values.map(Int64.init), .int64, shape) }
    /// An array of Int64, of one dimension where `shape` is `nil`.
    ///
    /// - Precondition: `shape` has as many elements as there are values.
    public init(_ values: [Int64], shape: [Int]? = nil) { self.init(values, .int64, shape) }
    /// An array of Int32, of one dimension where `shape` is `nil`.
    ///
    /// - Precondition: `shape` has as many elements as there are values.
    public init(_ values: [Int32], shape: [Int]? = nil) { self.init(values, .int32, shape) }
    /// An array of UInt8, of one dimension where `shape` is `nil`.
    ///
    /// - Precondition: `shape` has as many elements as there are values.
    public init(_ values: [UInt8], shape: [Int]? = nil) { self.init(values, .uint8, shape) }
    /// An array of true and false, a byte each, of one dimension where `shape` is `nil`.
    ///
    /// - Precondition: `shape` has as many elements as there are values.
    public init(_ values: [Bool], shape: [Int]? = nil) {
        self.init(values.map { $0 ? UInt8(1) : 0 }, .bool, shape)
    }

    private init<Element: BitwiseCopyable>(_ values: [Element], _ type: ElementType, _ shape: [Int]?) {
        let shape = shape ?? [values.count]
        precondition(
            Self.byteCount(shape: shape, size: 1) == values.count, "shape \(shape) of \(values.count) numbers")
        self.init(checked: shape, type, values.withUnsafeBytes { Array($0) })
    }

    /// Number of elements.
    public var count: Int { bytes.count / type.size }

    /// Bytes of an array of this shape with `size` bytes a number.
    ///
    /// `nil` where an extent is negative, there are more than `maximalRank` dimensions, or the product exceeds what an
    /// `Int` holds.
    public static func byteCount(shape: [Int], size: Int) -> Int? {
        guard shape.count <= maximalRank else { return nil }
        // A zero anywhere makes the whole product zero, but the other extents must still be sane.
        var product = size
        for extent in shape where extent != 0 {
            if extent < 0 { return nil }
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            product = next
        }
        return shape.contains(0) ? 0 : product
    }

    /// The array with its first axis at another place and the others in their order; `nil` where there is no such
    /// place.
    public func movingFirstAxis(to axis: Int) -> NumericArray? {
        guard shape.indices.contains(axis) else { return nil }
        let before = shape[1..<(axis + 1)].reduce(1, *), inner = shape[(axis + 1)...].reduce(type.size, *)
        var moved: [UInt8] = []
        moved.reserveCapacity(bytes.count)
        for row in 0..<before {
            for place in 0..<shape[0] {
                let start = (place * before + row) * inner
                moved += bytes[start..<(start + inner)]
            }
        }
        return NumericArray(checked: Array(shape[1..<(axis + 1)] + [shape[0]] + shape[(axis + 1)...]), type, moved)
    }

    /// The same numbers under another shape; `nil` where that has another number of elements.
    public func reshaped(_ shape: [Int]) -> NumericArray? {
        guard Self.byteCount(shape: shape, size: type.size) == bytes.count else { return nil }
        return NumericArray(checked: shape, type, bytes)
    }
}

/// Why bytes are not an array of the stated shape, or numbers not integers.
public enum NumericArrayError: DescribedError, Equatable {
    case shapeOverflows([Int])
    case lengthMismatch(shape: [Int], type: ElementType, expected: Int, found: Int)
    case notIntegral(index: Int, value: Double)
    case integerTooLarge(index: Int, value: UInt64)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .shapeOverflows(let shape):
            "the shape \(shape.shown) is negative, has too many dimensions or holds more numbers than a computer can address"
        case .lengthMismatch(let shape, let type, let expected, let found):
            "found \(found) bytes of numbers, expected \(expected) for shape \(shape.shown) of \(type.rawValue)"
        case .notIntegral(let index, let value):
            "found \(value) at position \(index) where a whole number was expected; convert the array to integers"
        case .integerTooLarge(let index, let value):
            "found \(value) at position \(index), expected at most \(Int.max); store smaller integers"
        }
    }
}
