import CZlib
import Essentials
import Foundation

/// Deflate streams (RFC 1951), bare as in ZIP or wrapped as in gzip (RFC 1952), always with a bound on what comes out.
enum Deflate {
    enum Wrapping: Int32 {
        case none = -15
        case gzip = 31
    }

    /// Deflate cannot shrink data by more than this factor (zlib's technical notes: 1032), so an output bound
    /// follows from the input's length and no announced length has to be believed.
    static let maximalRatio = 1032

    /// The inflated bytes of one stream and how much of the input it took.
    static func inflated(
        _ bytes: [UInt8], from start: Int, count: Int, wrapping: Wrapping, expected: Int?, limit: Int
    ) throws(DeflateError) -> (content: [UInt8], used: Int) {
        var stream = z_stream()
        guard inflateInit2_(&stream, wrapping.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw .outOfMemory }
        defer { inflateEnd(&stream) }
        var result: [UInt8] = []
        let (bound, overflow) = count.multipliedReportingOverflow(by: maximalRatio)
        result.reserveCapacity(min(expected ?? 4 * min(count, 1 << 40), overflow ? limit : bound, limit))
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        var used = 0
        var status = Z_OK
        while status != Z_STREAM_END {
            let offered = min(count - used, 1 << 30)
            let produced = bytes.withUnsafeBufferPointer { input in
                chunk.withUnsafeMutableBufferPointer { output in
                    stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { $0 + start + used })
                    stream.avail_in = UInt32(offered)
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(output.count)
                    status = inflate(&stream, Z_NO_FLUSH)
                    return output.count - Int(stream.avail_out)
                }
            }
            let taken = offered - Int(stream.avail_in)
            used += taken
            guard result.count + produced <= limit else { throw .tooLarge(limit: limit) }
            result.append(contentsOf: chunk[..<produced])
            if status == Z_STREAM_END { break }
            // Z_BUF_ERROR: no progress was possible, which with room in the output means the input has ended.
            if status == Z_BUF_ERROR || (status == Z_OK && taken == 0 && produced == 0) { throw .truncated }
            guard status == Z_OK else { throw .corrupt }
        }
        return (result, used)
    }

    /// The bytes as one deflate stream at zlib's default level.
    static func deflated(_ bytes: [UInt8], wrapping: Wrapping = .none) throws(DeflateError) -> [UInt8] {
        var stream = z_stream()
        guard
            deflateInit2_(
                &stream, 6, Z_DEFLATED, wrapping.rawValue, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw .outOfMemory }
        defer { deflateEnd(&stream) }
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        var used = 0
        var status = Z_OK
        while status != Z_STREAM_END {
            let offered = min(bytes.count - used, 1 << 30)
            let isLast = used + offered == bytes.count
            let produced = bytes.withUnsafeBufferPointer { input in
                chunk.withUnsafeMutableBufferPointer { output in
                    stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { $0 + used })
                    stream.avail_in = UInt32(offered)
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(output.count)
                    status = deflate(&stream, isLast ? Z_FINISH : Z_NO_FLUSH)
                    return output.count - Int(stream.avail_out)
                }
            }
            used += offered - Int(stream.avail_in)
            result.append(contentsOf: chunk[..<produced])
            guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { throw .corrupt }
        }
        return result
    }

    /// The checksum of ZIP members.
    static func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { checksum($0) } }

    /// The same of bytes in memory.
    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var value = crc32(0, nil, 0)
        for start in stride(from: 0, to: bytes.count, by: 1 << 30) {
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + 1 << 30, bytes.count)])
            value = crc32(value, piece.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(piece.count))
        }
        return UInt32(truncatingIfNeeded: value)
    }
}

/// Why a compressed stream cannot be expanded.
public enum DeflateError: DescribedError, Equatable {
    case truncated
    case corrupt
    case tooLarge(limit: Int)
    case trailingBytes(Int)
    case outOfMemory

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .truncated: "the compressed data ends too early; copy or download the file again"
        case .corrupt: "the compressed data is damaged (zlib refuses it); copy or download the file again"
        case .tooLarge(let limit): "the compressed data expands to more than \(limit) bytes, the most that is accepted"
        case .trailingBytes(let count):
            "found \(count) bytes behind the compressed data, expected none; copy or download the file again"
        case .outOfMemory: "no memory to decompress; close other programs"
        }
    }
}
