/// Bytes in memory, or in a file of which parts are read when they are needed.
enum ByteSource {
    case memory([UInt8])
    case file(RandomAccessFile)

    /// How many there are.
    var count: Int {
        switch self {
        case .memory(let bytes): bytes.count
        case .file(let file): file.size
        }
    }

    /// The bytes of a range that lies within.
    ///
    /// - Throws: `FileError.unreadable` where the file has become shorter, or cannot be read.
    func bytes(_ range: Range<Int>) throws(FileError) -> [UInt8] {
        switch self {
        case .memory(let bytes): Array(bytes[range])
        case .file(let file): try file.bytes(range)
        }
    }
}
