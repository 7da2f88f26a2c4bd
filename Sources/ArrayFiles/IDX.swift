import Essentials

/// The IDX files of MNIST and its successors, plain or compressed by gzip.
///
/// A file is two zero bytes, a type, the number of dimensions, the extents as big-endian 32-bit numbers, and the
/// numbers in big-endian order.
public enum IDX {
    /// Reads the array of a file.
    ///
    /// - Parameter limit: the most bytes that are read, and that compressed bytes may expand to.
    /// - Throws: `FileError` where the file cannot be read or is no intact IDX file.
    public static func read(_ path: String, limit: Int = FileContent.defaultLimit) throws(FileError) -> NumericArray {
        try FileContent.parse(path, limit: limit) { (bytes) throws(IDXError) in try parse(bytes, limit: limit) }
    }

    /// The array that bytes hold.
    ///
    /// - Parameter limit: the most bytes that compressed bytes may expand to.
    /// - Throws: `IDXError` where the bytes are no intact IDX file.
    public static func parse(
        _ bytes: [UInt8], limit: Int = FileContent.defaultLimit
    ) throws(IDXError) -> NumericArray {
        if Gzip.isGzip(bytes) {
            let plain: [UInt8]
            do {
                plain = try Gzip.inflate(bytes, limit: limit)
            } catch {
                throw .compression(error)
            }
            return try parsePlain(plain)
        }
        return try parsePlain(bytes)
    }

    private static func parsePlain(_ bytes: [UInt8]) throws(IDXError) -> NumericArray {
        guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0 else { throw .notIDX }
        let type: ElementType
        switch bytes[2] {
        case 0x08: type = .uint8
        case 0x09: type = .int8
        case 0x0B: type = .int16
        case 0x0C: type = .int32
        case 0x0D: type = .float32
        case 0x0E: type = .float64
        default: throw .unknownType(bytes[2])
        }
        let rank = Int(bytes[3])
        guard rank >= 1 && rank <= NumericArray.maximalRank else { throw .badRank(rank) }
        let start = 4 + 4 * rank
        guard bytes.count >= start else { throw .truncated(expected: start, found: bytes.count) }
        let reader = ByteReader(bytes: bytes)
        let shape = (0..<rank).map { Int(reader.bigEndian(UInt32.self, at: 4 + 4 * $0) ?? 0) }
        guard let needed = NumericArray.byteCount(shape: shape, size: type.size) else { throw .shapeOverflows(shape) }
        let found = bytes.count - start
        if found < needed { throw .truncated(expected: needed, found: found) }
        if found > needed { throw .trailingBytes(found - needed) }
        var content = Array(bytes[start...])
        swapBytes(&content, size: type.size)
        return NumericArray(checked: shape, type, content)
    }
}

/// Why bytes are no intact IDX file.
public enum IDXError: DescribedError, Equatable {
    case notIDX
    case unknownType(UInt8)
    case badRank(Int)
    case shapeOverflows([Int])
    case truncated(expected: Int, found: Int)
    case trailingBytes(Int)
    case compression(DeflateError)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .notIDX: "not an IDX file: it does not begin with two zero bytes; download the original file again"
        case .unknownType(let code):
            "found IDX element type \(code), expected 8, 9, 11, 12, 13 or 14; the file is damaged"
        case .badRank(let rank): "found an IDX file of \(rank) dimensions, expected 1 to 64; the file is damaged"
        case .shapeOverflows(let shape):
            "the IDX shape \(shape.shown) holds more numbers than a computer can address; the file is damaged"
        case .truncated(let expected, let found):
            "the IDX file is cut short: found \(found) bytes, expected \(expected); copy or download it again"
        case .trailingBytes(let count):
            "found \(count) bytes behind the IDX array, expected none; copy or download the file again"
        case .compression(let problem): "\(problem)"
        }
    }
}
