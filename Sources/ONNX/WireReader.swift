/// The fields of one Protocol Buffers message, one after another, out of bytes that nobody vouches for: every length is checked
/// against what is left, groups are refused, and a field's bytes are a slice of the file, never a copy.
/// Format: protobuf.dev/programming-guides/encoding.
struct WireReader {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(ArraySlice<UInt8>)
    }

    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field and its number; nil at the end.
    mutating func next() throws(ONNXError) -> (number: Int, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let key = try varint()
        let number = Int(truncatingIfNeeded: key >> 3)
        guard key >> 3 >= 1, key >> 3 < 1 << 29 else { throw .notProtobuf("a field numbered \(key >> 3)") }
        switch key & 7 {
        case 0: return (number, .varint(try varint()))
        case 1: return (number, .fixed64(try fixed(UInt64.self)))
        case 2:
            let length = try varint()
            guard length <= UInt64(rest.count) else {
                throw .notProtobuf("a field of \(length) bytes where \(rest.count) are left")
            }
            let content = rest.prefix(Int(length))
            rest = rest.dropFirst(Int(length))
            return (number, .bytes(content))
        case 5: return (number, .fixed32(try fixed(UInt32.self)))
        default: throw .notProtobuf("wire type \(key & 7)")
        }
    }

    mutating func varint() throws(ONNXError) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { throw .notProtobuf("an end within a number") }
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
        }
        throw .notProtobuf("a number of more than ten bytes")
    }

    mutating func fixed<Word: FixedWidthInteger>(_ type: Word.Type) throws(ONNXError) -> Word {
        let size = MemoryLayout<Word>.size
        guard rest.count >= size else { throw .notProtobuf("an end within a number") }
        let word = rest.withUnsafeBytes { $0.loadUnaligned(as: Word.self) }
        rest = rest.dropFirst(size)
        return Word(littleEndian: word)
    }
}

extension WireReader.Value {
    /// A string; bytes that are no UTF-8 are repaired.
    var text: String? { if case .bytes(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil } }
    var message: ArraySlice<UInt8>? { if case .bytes(let bytes) = self { bytes } else { nil } }
    var integer: Int? { if case .varint(let word) = self { Int(truncatingIfNeeded: word) } else { nil } }
    var float: Double? { if case .fixed32(let word) = self { Double(Float(bitPattern: word)) } else { nil } }

    /// Adds the integers of a repeated field, packed or not.
    func append(to list: inout [Int]) throws(ONNXError) {
        switch self {
        case .varint(let word): list.append(Int(truncatingIfNeeded: word))
        case .bytes(let bytes):
            var reader = WireReader(bytes)
            while !reader.rest.isEmpty { list.append(Int(truncatingIfNeeded: try reader.varint())) }
        default: throw .notProtobuf("a number of the wrong kind")
        }
    }

    /// Adds the Float32 or Float64 numbers of a repeated field, packed or not.
    func append(to list: inout [Double]) throws(ONNXError) {
        switch self {
        case .fixed32(let word): list.append(Double(Float(bitPattern: word)))
        case .fixed64(let word): list.append(Double(bitPattern: word))
        default: throw .notProtobuf("a number of the wrong kind")
        }
    }
}
