import Foundation

/// Whole files read into memory, never more than a stated bound.
///
/// Files are read rather than mapped: a mapped file that another program shortens meanwhile ends this program by
/// a signal, and no input may do that.
public enum FileContent {
    /// Half of the memory that there is, so that the file and what is made of it fit together; a quarter of the address space, where
    /// that is bounded, because threads and libraries take of it, too.
    public static let defaultLimit = min(MachineMemory.bytes / 2, (MachineMemory.addressSpace ?? .max) / 4)

    /// What is read from a pipe or a device, whose length is not known in advance.
    static let pipeLimit = 1 << 30

    /// The bytes of a file. An empty file is an error: no array format has one.
    public static func bytes(of path: String, limit: Int = defaultLimit) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let number = errno
            if number == ENOENT || number == ENOTDIR { throw .missing(path: path) }
            throw .unreadable(path: path, reason: systemReason(number))
        }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else {
            throw .unreadable(path: path, reason: systemReason(errno))
        }
        let kind = information.st_mode & S_IFMT
        if kind == S_IFDIR { throw .directory(path: path) }
        let size = Int(information.st_size)
        if kind == S_IFREG && size > limit { throw .tooLarge(path: path, bytes: size, limit: limit) }
        let result: [UInt8]
        if kind == S_IFREG && size > 0 {
            result = try fill(descriptor, size, path)
        } else {
            result = try drain(descriptor, min(limit, pipeLimit), path)
        }
        if result.isEmpty { throw .empty(path: path) }
        return result
    }

    /// What `parse` makes of a file's bytes; its error gets the path.
    public static func parse<Value, Problem: DescribedError>(
        _ path: String, limit: Int = defaultLimit, _ parse: ([UInt8]) throws(Problem) -> Value
    ) throws(FileError) -> Value {
        let content = try bytes(of: path, limit: limit)
        do {
            return try parse(content)
        } catch {
            throw .malformed(path: path, problem: error)
        }
    }

    private static func fill(_ descriptor: Int32, _ size: Int, _ path: String) throws(FileError) -> [UInt8] {
        var failure: Int32 = 0
        let result = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            while count < size {
                let got = read(descriptor, base + count, min(size - count, 1 << 30))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { return }
                count += got
            }
        }
        if failure != 0 { throw .unreadable(path: path, reason: systemReason(failure)) }
        return result
    }

    private static func drain(_ descriptor: Int32, _ limit: Int, _ path: String) throws(FileError) -> [UInt8] {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let got = read(descriptor, &chunk, chunk.count)
            if got < 0 && errno == EINTR { continue }
            if got < 0 { throw .unreadable(path: path, reason: systemReason(errno)) }
            if got == 0 { return result }
            result.append(contentsOf: chunk[..<got])
            if result.count > limit { throw .tooLarge(path: path, bytes: result.count, limit: limit) }
        }
    }
}
