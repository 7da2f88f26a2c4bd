/// Numbers at given places of a byte sequence, nil where the place is out of range.
struct ByteReader {
    let bytes: [UInt8]

    func littleEndian<Word: FixedWidthInteger>(_ type: Word.Type, at offset: Int) -> Word? {
        let size = MemoryLayout<Word>.size
        guard offset >= 0, size <= bytes.count, offset <= bytes.count - size else { return nil }
        var value: Word = 0
        for index in 0..<size { value |= Word(bytes[offset + index]) << Word(8 * index) }
        return value
    }

    func bigEndian<Word: FixedWidthInteger>(_ type: Word.Type, at offset: Int) -> Word? {
        littleEndian(type, at: offset)?.byteSwapped
    }
}

extension [UInt8] {
    mutating func append<Word: FixedWidthInteger>(littleEndian value: Word) {
        for index in 0..<MemoryLayout<Word>.size { append(UInt8(truncatingIfNeeded: value >> Word(8 * index))) }
    }
}
