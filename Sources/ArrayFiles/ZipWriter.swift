/// Builds a ZIP file in memory. The same members give the same bytes: every member is dated 1 January 1980, the
/// earliest the format knows.
struct ZipWriter {
    private struct Entry {
        var name: [UInt8]
        var isDeflated: Bool
        var checksum: UInt32
        var compressedSize: Int
        var size: Int
        var offset: Int
    }

    private var entries: [Entry] = []
    private var bytes: [UInt8] = []
    private let date: UInt16 = 0x0021

    /// Adds a member. Deflating is skipped where it does not pay.
    mutating func append(_ name: String, _ content: [UInt8], deflated: Bool) throws(DeflateError) {
        let compressed = deflated ? try Deflate.deflated(content) : content
        let isSmaller = compressed.count < content.count
        let stored = isSmaller ? compressed : content
        let entry = Entry(
            name: Array(name.utf8), isDeflated: isSmaller, checksum: Deflate.checksum(content),
            compressedSize: stored.count, size: content.count, offset: bytes.count)
        entries.append(entry)
        let isWide = max(entry.size, entry.compressedSize) >= 0xFFFF_FFFF
        bytes.append(littleEndian: UInt32(0x0403_4B50))
        appendCommon(entry, isWide: isWide)
        bytes.append(littleEndian: UInt16(isWide ? 20 : 0))
        bytes += entry.name
        if isWide { appendExtension([entry.size, entry.compressedSize]) }
        bytes += stored
    }

    /// The finished file.
    consuming func finished() -> [UInt8] {
        let start = bytes.count
        for entry in entries {
            let isWide = max(entry.size, entry.compressedSize, entry.offset) >= 0xFFFF_FFFF
            bytes.append(littleEndian: UInt32(0x0201_4B50))
            bytes.append(littleEndian: UInt16(isWide ? 45 : 20))
            appendCommon(entry, isWide: isWide)
            bytes.append(littleEndian: UInt16(isWide ? 28 : 0))
            // Comment length, disk number, internal and external attributes.
            bytes += [UInt8](repeating: 0, count: 2 + 2 + 2 + 4)
            bytes.append(littleEndian: UInt32(isWide ? 0xFFFF_FFFF : entry.offset))
            bytes += entry.name
            if isWide { appendExtension([entry.size, entry.compressedSize, entry.offset]) }
        }
        let length = bytes.count - start
        if entries.count >= 0xFFFF || start >= 0xFFFF_FFFF || length >= 0xFFFF_FFFF {
            appendWideEnd(start: start, length: length)
        }
        bytes.append(littleEndian: UInt32(0x0605_4B50))
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: UInt16(min(entries.count, 0xFFFF)))
        bytes.append(littleEndian: UInt16(min(entries.count, 0xFFFF)))
        bytes.append(littleEndian: UInt32(min(length, 0xFFFF_FFFF)))
        bytes.append(littleEndian: UInt32(min(start, 0xFFFF_FFFF)))
        bytes.append(littleEndian: UInt16(0))
        return bytes
    }

    /// The fields from "version needed" to the name's length, which both kinds of header share.
    private mutating func appendCommon(_ entry: Entry, isWide: Bool) {
        bytes.append(littleEndian: UInt16(isWide ? 45 : 20))
        bytes.append(littleEndian: UInt16(0x0800))  // Names are UTF-8.
        bytes.append(littleEndian: UInt16(entry.isDeflated ? 8 : 0))
        bytes.append(littleEndian: UInt16(0))
        bytes.append(littleEndian: date)
        bytes.append(littleEndian: entry.checksum)
        bytes.append(littleEndian: UInt32(isWide ? 0xFFFF_FFFF : entry.compressedSize))
        bytes.append(littleEndian: UInt32(isWide ? 0xFFFF_FFFF : entry.size))
        bytes.append(littleEndian: UInt16(entry.name.count))
    }

    private mutating func appendExtension(_ values: [Int]) {
        bytes.append(littleEndian: UInt16(1))
        bytes.append(littleEndian: UInt16(8 * values.count))
        for value in values { bytes.append(littleEndian: UInt64(value)) }
    }

    private mutating func appendWideEnd(start: Int, length: Int) {
        let end = bytes.count
        bytes.append(littleEndian: UInt32(0x0606_4B50))
        bytes.append(littleEndian: UInt64(44))
        bytes.append(littleEndian: UInt16(45))
        bytes.append(littleEndian: UInt16(45))
        bytes.append(littleEndian: UInt64(0))
        bytes.append(littleEndian: UInt64(entries.count))
        bytes.append(littleEndian: UInt64(entries.count))
        bytes.append(littleEndian: UInt64(length))
        bytes.append(littleEndian: UInt64(start))
        bytes.append(littleEndian: UInt32(0x0706_4B50))
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: UInt64(end))
        bytes.append(littleEndian: UInt32(1))
    }
}
