/// Files compressed by gzip (RFC 1952).
public enum Gzip {
    /// Whether bytes begin as a gzip file does.
    public static func isGzip(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B
    }

    /// The content of all members of a gzip file. Zeros after the last member (padding of tapes and blocks) are
    /// allowed, as in gzip itself.
    ///
    /// - Parameter limit: the most bytes that the content may have.
    /// - Throws: `DeflateError` where the data are damaged or cut short, expand beyond the limit, or are followed by
    ///   other bytes.
    public static func inflate(
        _ bytes: [UInt8], limit: Int = FileContent.defaultLimit
    ) throws(DeflateError) -> [UInt8] {
        var result: [UInt8] = []
        var position = 0
        repeat {
            let left = bytes.count - position
            let (content, used) = try Deflate.inflated(
                bytes, from: position, count: left, wrapping: .gzip, expected: nil, limit: limit - result.count)
            if result.isEmpty { result = content } else { result += content }
            position += used
            if position < bytes.count && bytes[position] == 0 && bytes[position...].allSatisfy({ $0 == 0 }) { break }
            if position < bytes.count && bytes[position] != 0x1F {
                throw .trailingBytes(bytes.count - position)
            }
        } while position < bytes.count
        return result
    }

    /// The bytes as a gzip file. The same bytes always give the same file: it holds no name and no time.
    ///
    /// - Throws: `DeflateError.outOfMemory`.
    public static func deflate(_ bytes: [UInt8]) throws(DeflateError) -> [UInt8] {
        try Deflate.deflated(bytes, wrapping: .gzip)
    }
}
