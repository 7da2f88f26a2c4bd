import Essentials

/// NumPy's archives: a ZIP file whose members are NPY files.
public struct NPZ: Sendable {
    private let archive: ZipArchive

    /// Opens the archive that bytes hold; members are decompressed when they are asked for.
    ///
    /// - Parameter limit: the most bytes that any one member may expand to.
    /// - Throws: `NPZError.archive` where the bytes are no intact ZIP file.
    public init(_ bytes: [UInt8], limit: Int = FileContent.defaultLimit) throws(NPZError) {
        try self.init(.memory(bytes), limit: limit)
    }

    /// Opens the archive of a file. The file stays open, and members are read when they are asked for.
    ///
    /// - Parameter limit: the most bytes that any one member may expand to, and that are read of a pipe.
    /// - Throws: `FileError` where the file cannot be read or is no intact ZIP file.
    public static func read(_ path: String, limit: Int = FileContent.defaultLimit) throws(FileError) -> NPZ {
        let file = try RandomAccessFile(path)
        let source: ByteSource =
            file.size > 0 ? .file(file) : .memory(try FileContent.bytes(of: file, limit: limit))
        return try FileError.in(path) { () throws(NPZError) in try NPZ(source, limit: limit) }
    }

    private init(_ source: ByteSource, limit: Int) throws(NPZError) {
        do { archive = try ZipArchive(source, limit: limit) } catch { throw .archive(error) }
    }

    /// The members' names without `.npy`, in the order of the file.
    public var names: [String] {
        archive.names.map { $0.hasSuffix(".npy") ? String($0.dropLast(4)) : $0 }
    }

    /// Whether there is a member of this name, given without `.npy`.
    public func contains(_ name: String) -> Bool { archive.contains(name + ".npy") || archive.contains(name) }

    /// The numbers of a member, decompressed at each call.
    ///
    /// - Throws: `NPZError` where there is no such member, or it is damaged or holds no numbers.
    public func array(_ name: String) throws(NPZError) -> NumericArray {
        let content = try content(name)
        do {
            return try NPY.parse(content)
        } catch {
            throw .array(name, error)
        }
    }

    /// The text of a member, such as the JSON in `metadata`, decompressed at each call.
    ///
    /// - Throws: `NPZError` where there is no such member, or it is damaged or holds no text.
    public func text(_ name: String) throws(NPZError) -> String {
        let content = try content(name)
        do {
            return try NPY.parseText(content)
        } catch {
            throw .array(name, error)
        }
    }

    /// A member of which parts are read when they are needed; nil where it is compressed, or the archive is in memory. Its checksum is
    /// not verified.
    ///
    /// - Throws: `NPZError` where there is no such member, or it is damaged or holds no numbers.
    public func streamed(_ name: String) throws(NPZError) -> StreamedArray? {
        let stored: (file: RandomAccessFile, range: Range<Int>)?
        do { stored = try archive.stored(member(name)) } catch { throw .archive(error) }
        guard let stored else { return nil }
        do {
            return try StreamedArray(npy: stored.file, stored.range)
        } catch .malformed(_, let problem as NPYError) {
            throw .array(name, problem)
        } catch {
            throw .archive(.unreadable(error))
        }
    }

    /// The name that the archive has for an array.
    private func member(_ name: String) -> String {
        archive.contains(name) && !archive.contains(name + ".npy") ? name : name + ".npy"
    }

    private func content(_ name: String) throws(NPZError) -> [UInt8] {
        do {
            return try archive.content(of: member(name))
        } catch {
            throw .archive(error)
        }
    }
}

extension NPZ {
    /// The content of a member.
    public enum Value: Sendable, Equatable {
        /// Numbers.
        case array(NumericArray)
        /// A text as an array of no dimensions: `str(archive['name'])` in Python.
        case text(String)
    }

    /// The bytes of an archive with these members, in this order. The same members give the same bytes.
    ///
    /// - Parameter deflated: whether members are compressed where that makes them smaller.
    /// - Throws: `DeflateError.outOfMemory`.
    public static func encode(
        _ members: [(name: String, value: Value)], deflated: Bool = false
    ) throws(DeflateError) -> [UInt8] {
        var writer = ZipWriter()
        for (name, value) in members {
            let content: [UInt8]
            switch value {
            case .array(let array): content = NPY.encode(array)
            case .text(let text): content = NPY.encode(text: text)
            }
            try writer.append(name + ".npy", content, deflated: deflated)
        }
        return writer.finished()
    }

    /// Replaces the file at `path` by an archive with these members, in this order, atomically.
    ///
    /// - Parameter deflated: whether members are compressed where that makes them smaller.
    /// - Throws: `FileError` where the file cannot be written.
    public static func write(
        _ members: [(name: String, value: Value)], deflated: Bool = false, to path: String
    ) throws(FileError) {
        let bytes: [UInt8]
        do {
            bytes = try encode(members, deflated: deflated)
        } catch {
            throw .writeFailed(path: path, reason: "\(error)")
        }
        try AtomicFile.write(bytes, to: path)
    }
}

/// Why an NPZ file cannot be used: its archive, or one of its arrays.
public enum NPZError: DescribedError, Equatable {
    case archive(ZipError)
    case array(String, NPYError)

    /// One line: what was found, what was expected, what to do.
    public var description: String {
        switch self {
        case .archive(let problem): "\(problem)"
        case .array(let name, let problem): "array '\(name.shown)': \(problem)"
        }
    }
}
