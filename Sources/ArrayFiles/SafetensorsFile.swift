/// A safetensors file: its header, read and checked, and its numbers, read when they are asked for.
public struct SafetensorsFile: Sendable {
    /// The tensors' descriptions, in the order of their bytes in the file.
    public let entries: [Safetensors.Entry]
    /// The header's `__metadata__`: text by key.
    public let metadata: [String: String]
    private let numbers: Numbers

    private enum Numbers {
        case unread(RandomAccessFile, SafetensorsHeader)
        /// Out of a pipe, which gives its bytes once.
        case read(Safetensors)
    }

    /// Opens a file and checks its header.
    ///
    /// - Throws: `FileError` where the file cannot be read, or its header is damaged or does not fit the file's length.
    public init(_ path: String) throws(FileError) {
        let file = try RandomAccessFile(path)
        guard file.size > 0 else {
            let bytes = try FileContent.bytes(of: file, limit: FileContent.defaultLimit)
            let content = try FileError.in(path) { () throws(SafetensorsError) in try Safetensors(bytes) }
            (entries, metadata, numbers) = (content.entries, content.metadata, .read(content))
            return
        }
        let beginning = try file.bytes(0..<min(9, file.size))
        let length = try FileError.in(path) { () throws(SafetensorsError) in
            do throws(SafetensorsError) {
                return try SafetensorsHeader.length(beginning, size: file.size)
            } catch {
                guard case .notSafetensors(let kind) = error else { throw error }
                throw .notSafetensors(FileKind.of(path) ?? kind)
            }
        }
        let bytes = try file.bytes(0..<max(length, beginning.count))
        let header = try FileError.in(path) { () throws(SafetensorsError) in
            try SafetensorsHeader(bytes, size: file.size)
        }
        (entries, metadata, numbers) = (header.entries, header.metadata, .unread(file, header))
    }

    /// Bytes that are read at once.
    private static let piece = 1 << 20

    /// SHA-256 of the numbers' bytes, which are read in pieces and not kept.
    ///
    /// - Parameter visit: given each piece on the way, with the tensor that it is of and the number of its first element there.
    /// - Throws: `FileError` where the file can no longer be read.
    public func digest(
        _ visit: (_ entry: Safetensors.Entry, _ first: Int, _ piece: NumericArray) -> Void = { _, _, _ in }
    ) throws(FileError) -> String {
        switch numbers {
        case .read(let content):
            for (entry, tensor) in zip(entries, content.tensors) { visit(entry, 0, tensor.array) }
            return content.digest
        case .unread(let file, let header):
            var digest = SHA256()
            // Every byte belongs to one tensor, and they follow one another.
            for entry in entries {
                let place = header.place(entry)
                for begin in stride(from: place.lowerBound, to: place.upperBound, by: Self.piece) {
                    let bytes = try file.bytes(begin..<min(begin + Self.piece, place.upperBound))
                    digest.update(bytes)
                    let count = bytes.count / entry.type.size
                    visit(
                        entry, (begin - place.lowerBound) / entry.type.size,
                        NumericArray(checked: [count], entry.type, bytes))
                }
            }
            return digest.hexadecimal()
        }
    }

    /// The whole file.
    ///
    /// - Parameter limit: the most bytes that the file may have.
    /// - Throws: `FileError` where the file is larger or can no longer be read.
    public func content(limit: Int = FileContent.defaultLimit) throws(FileError) -> Safetensors {
        switch numbers {
        case .read(let content): return content
        case .unread(let file, let header):
            if file.size > limit { throw .tooLarge(path: file.path, bytes: file.size, limit: limit) }
            var tensors: [NamedArray] = []
            for entry in entries {
                let bytes = try file.bytes(header.place(entry))
                tensors.append(.init(name: entry.name, array: NumericArray(checked: entry.shape, entry.type, bytes)))
            }
            return Safetensors(parsed: tensors, metadata: metadata)
        }
    }
}
