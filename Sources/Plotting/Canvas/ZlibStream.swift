import CZlib

/// Compressed data (RFC 1950), as PDF, PostScript and PNG hold them.
enum ZlibStream {
    static func compressed(_ bytes: [UInt8]) -> [UInt8] {
        var count = compressBound(uLong(bytes.count))
        var result = [UInt8](repeating: 0, count: Int(count))
        let status = compress2(&result, &count, bytes, uLong(bytes.count), 9)
        // The room is what zlib asks for, so only memory can be missing.
        precondition(status == Z_OK, "zlib found no memory for \(bytes.count) bytes")
        return Array(result[..<Int(count)])
    }
}
