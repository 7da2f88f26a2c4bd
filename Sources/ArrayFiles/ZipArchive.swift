import Essentials

/// The members of a ZIP file, found through its central directory and decompressed on demand (PKWARE APPNOTE.TXT 6.3).
///
/// Members may be stored or deflated, with or without the 64-bit extension. Before any memory is allocated, the size
/// that a member announces is checked against the most that its compressed bytes can expand to. So no small file takes
/// much memory.
public struct ZipArchive: Sendable {
    /// A file in the archive.
    public struct Member: Sendable, Equatable {
        /// Its path in the archive.
        public let name: String
        /// Bytes after decompression, as announced.
        public let size: Int
        let compressedSize: Int
        let isDeflated: Bool
        let checksum: UInt32
        let headerOffset: Int
    }

    /// All members, in the order of the central directory.
    public let members: [Member]
    private let places: [String: Int]
    private let source: ByteSource
    private let limit: Int

    /// The members' names, in the same order.
    public var names: [String] { members.map(\.name) }

    /// Whether there is a member of this name.
    public func contains(_ name: String) -> Bool { places[name] != nil }

    /// Reads the central directory of a ZIP file's bytes.
    ///
    /// - Parameter limit: the most bytes that any one member may expand to.
    /// - Throws: `ZipError` where the bytes are no ZIP file, its directory is damaged, or two members have one name.
    public init(_ bytes: [UInt8], limit: Int = FileContent.defaultLimit) throws(ZipError) {
        try self.init(.memory(bytes), limit: limit)
    }

    /// Reads the central directory of a ZIP file, which stays open. Members are read when they are asked for.
    ///
    /// - Throws: as for bytes; `ZipError.unreadable` where the file cannot be read.
    init(_ source: ByteSource, limit: Int) throws(ZipError) {
        self.source = source
        self.limit = limit
        let start = ByteReader(bytes: try Self.bytes(0..<min(2, source.count), of: source))
        guard start.littleEndian(UInt16.self, at: 0) == 0x4B50 else { throw .notZip }
        let (range, count) = try Self.directory(source)
        let reader = ByteReader(bytes: try Self.bytes(range, of: source))
        var members: [Member] = []
        var places: [String: Int] = [:]
        var position = 0
        for _ in 0..<count {
            let member = try Self.member(reader, &position)
            guard places.updateValue(members.count, forKey: member.name) == nil else {
                throw .duplicateMember(member.name)
            }
            members.append(member)
        }
        self.members = members
        self.places = places
    }

    /// The decompressed bytes of a member, with its checksum verified.
    ///
    /// - Throws: `ZipError` where there is no such member, or it is damaged, encrypted, compressed by another method or
    ///   larger than the limit.
    public func content(of name: String) throws(ZipError) -> [UInt8] {
        guard let place = places[name] else { throw .noSuchMember(name, found: names) }
        let member = members[place], range = try range(of: member)
        guard member.size <= limit else { throw .tooLarge(name, bytes: member.size, limit: limit) }
        let stored = try Self.bytes(range, of: source), content: [UInt8]
        if member.isDeflated {
            guard member.size / Deflate.maximalRatio <= member.compressedSize else {
                throw .damagedMember(name, "\(member.compressedSize) bytes cannot expand to \(member.size)")
            }
            do {
                content = try Deflate.inflated(
                    stored, from: 0, count: stored.count, wrapping: .none, expected: member.size, limit: member.size
                ).content
            } catch {
                throw .damagedMember(name, "\(error)")
            }
        } else {
            content = stored
        }
        guard content.count == member.size else {
            throw .damagedMember(name, "found \(content.count) bytes, expected \(member.size)")
        }
        guard Deflate.checksum(content) == member.checksum else { throw .checksumMismatch(name) }
        return content
    }

    /// The file that the archive is read from, and where in it a member lies that is stored as it is; nil for one that is deflated, and
    /// for an archive in memory. Its checksum is not verified.
    ///
    /// - Throws: `ZipError` where there is no such member, or it is not where the directory says.
    func stored(_ name: String) throws(ZipError) -> (file: RandomAccessFile, range: Range<Int>)? {
        guard let place = places[name] else { throw .noSuchMember(name, found: names) }
        guard case .file(let file) = source, !members[place].isDeflated else { return nil }
        return (file, try range(of: members[place]))
    }

    /// Where a member's bytes lie, behind its own header.
    private func range(of member: Member) throws(ZipError) -> Range<Int> {
        let offset = member.headerOffset, length = source.count
        guard offset <= length else { throw .truncated }
        let reader = ByteReader(bytes: try Self.bytes(offset..<min(offset + 30, length), of: source))
        guard reader.littleEndian(UInt32.self, at: 0) == 0x0403_4B50,
            let nameLength = reader.littleEndian(UInt16.self, at: 26),
            let extraLength = reader.littleEndian(UInt16.self, at: 28)
        else { throw .damagedMember(member.name, "its header is not where the directory says") }
        let start = offset + 30 + Int(nameLength) + Int(extraLength)
        guard start <= length, member.compressedSize <= length - start else { throw .truncated }
        return start..<(start + member.compressedSize)
    }

    private static func bytes(_ range: Range<Int>, of source: ByteSource) throws(ZipError) -> [UInt8] {
        do { return try source.bytes(range) } catch { throw .unreadable(error) }
    }

    /// Where the central directory is and how many members it lists.
    private static func directory(_ source: ByteSource) throws(ZipError) -> (place: Range<Int>, count: Int) {
        let length = source.count
        // The end record is 22 bytes and a comment of at most 65 535; 20 bytes before it may tell where its 64-bit form is.
        let first = max(0, length - 22 - 65_535 - 20)
        let reader = ByteReader(bytes: try bytes(first..<length, of: source))
        var end = length - 22 - first
        let last = max(0, length - 22 - 65_535) - first
        while end >= last, reader.littleEndian(UInt32.self, at: end) != 0x0605_4B50 { end -= 1 }
        guard end >= last, let shortCount = reader.littleEndian(UInt16.self, at: end + 10),
            let shortOffset = reader.littleEndian(UInt32.self, at: end + 16)
        else { throw .noDirectory }
        var count = Int(shortCount)
        var offset = Int(shortOffset)
        if reader.littleEndian(UInt32.self, at: end - 20) == 0x0706_4B50 {
            guard let place = reader.littleEndian(UInt64.self, at: end - 12), let at = Int(exactly: place), at <= length
            else { throw .noDirectory }
            let wide = ByteReader(bytes: try bytes(at..<(at + min(56, length - at)), of: source))
            guard wide.littleEndian(UInt32.self, at: 0) == 0x0606_4B50,
                let longCount = wide.littleEndian(UInt64.self, at: 32),
                let longOffset = wide.littleEndian(UInt64.self, at: 48),
                let wideCount = Int(exactly: longCount), let wideOffset = Int(exactly: longOffset)
            else { throw .noDirectory }
            (count, offset) = (wideCount, wideOffset)
        }
        // Every entry takes at least 46 bytes.
        guard offset <= length, count <= (length - offset) / 46 else { throw .noDirectory }
        return (offset..<max(offset, first + end), count)
    }

    private static func member(_ reader: ByteReader, _ position: inout Int) throws(ZipError) -> Member {
        let start = position
        guard reader.littleEndian(UInt32.self, at: start) == 0x0201_4B50,
            let flags = reader.littleEndian(UInt16.self, at: start + 8),
            let method = reader.littleEndian(UInt16.self, at: start + 10),
            let checksum = reader.littleEndian(UInt32.self, at: start + 16),
            let compressed = reader.littleEndian(UInt32.self, at: start + 20),
            let size = reader.littleEndian(UInt32.self, at: start + 24),
            let nameLength = reader.littleEndian(UInt16.self, at: start + 28),
            let extraLength = reader.littleEndian(UInt16.self, at: start + 30),
            let commentLength = reader.littleEndian(UInt16.self, at: start + 32),
            let offset = reader.littleEndian(UInt32.self, at: start + 42)
        else { throw .damagedDirectory }
        let nameEnd = start + 46 + Int(nameLength)
        let extraEnd = nameEnd + Int(extraLength)
        position = extraEnd + Int(commentLength)
        guard position <= reader.bytes.count,
            let name = String(validating: reader.bytes[(start + 46)..<nameEnd], as: UTF8.self)
        else { throw .damagedDirectory }
        if flags & 1 != 0 { throw .encrypted(name) }
        guard method == 0 || method == 8 else { throw .unknownMethod(name, method) }

        // The 64-bit extension holds, in this order, those fields that are all ones in the 32-bit entry.
        var wide = [UInt64(size), UInt64(compressed), UInt64(offset)]
        var at = nameEnd
        while wide.contains(0xFFFF_FFFF), at + 4 <= extraEnd,
            let tag = reader.littleEndian(UInt16.self, at: at),
            let length = reader.littleEndian(UInt16.self, at: at + 2)
        {
            at += 4
            if tag == 1 {
                var field = at
                for index in 0..<3 where wide[index] == 0xFFFF_FFFF && field + 8 <= extraEnd {
                    guard let value = reader.littleEndian(UInt64.self, at: field) else { throw .damagedDirectory }
                    wide[index] = value
                    field += 8
                }
                break
            }
            at += Int(length)
        }
        // Half of Int.max leaves room to add two of them.
        guard wide.allSatisfy({ $0 < UInt64(Int.max / 2) }) else { throw .damagedDirectory }
        guard method == 8 || wide[0] == wide[1] else {
            throw .damagedMember(name, "it is stored, but its two sizes differ")
        }
        return Member(
            name: name, size: Int(wide[0]), compressedSize: Int(wide[1]), isDeflated: method == 8,
            checksum: checksum, headerOffset: Int(wide[2]))
    }
}

extension ZipError {
    /// That a file cannot be read any more.
    static func unreadable(_ error: FileError) -> ZipError {
        if case .unreadable(_, let reason) = error {
            .unreadable(reason: reason)
        } else {
            .unreadable(reason: "\(error)")
        }
    }
}

/// Why a ZIP file or one of its members cannot be read.
public enum ZipError: DescribedError, Equatable {
    case notZip
    case noDirectory
    case damagedDirectory
    case truncated
    case unreadable(reason: String)
    case duplicateMember(String)
    case noSuchMember(String, found: [String])
    case damagedMember(String, String)
    case checksumMismatch(String)
    case encrypted(String)
    case unknownMethod(String, UInt16)
    case tooLarge(String, bytes: Int, limit: Int)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .notZip: "not a ZIP file: it does not begin with PK; write it with numpy.savez"
        case .noDirectory: "the ZIP file has no directory at its end: it is cut short; copy or download it again"
        case .damagedDirectory: "the ZIP file's directory is damaged; copy or download the file again"
        case .truncated: "a ZIP member reaches past the end of the file; copy or download the file again"
        case .unreadable(let reason): "it cannot be read (\(reason)); copy or download the file again"
        case .duplicateMember(let name):
            "the ZIP file lists '\(name.shown)' twice, expected every name once; write it again"
        case .noSuchMember(let name, let found):
            "no member '\(name.shown)'; the file holds \(found.shown)"
        case .damagedMember(let name, let what): "the ZIP member '\(name.shown)' is damaged: \(what)"
        case .checksumMismatch(let name):
            "the ZIP member '\(name.shown)' does not match its checksum; copy or download the file again"
        case .encrypted(let name): "the ZIP member '\(name.shown)' is encrypted; save it without a password"
        case .unknownMethod(let name, let method):
            "the ZIP member '\(name.shown)' is compressed by method \(method), expected 0 (stored) or 8 (deflated)"
        case .tooLarge(let name, let bytes, let limit):
            "the ZIP member '\(name.shown)' expands to \(bytes) bytes, expected at most \(limit) here; \(FileContent.advice(limit))"
        }
    }
}
