import Essentials
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
        try bytes(of: RandomAccessFile(path), limit: limit)
    }

    static func bytes(of file: RandomAccessFile, limit: Int) throws(FileError) -> [UInt8] {
        if file.size > limit { throw .tooLarge(path: file.path, bytes: file.size, limit: limit) }
        if file.size > 0 { return try file.bytes(0..<file.size) }
        let result = try drain(file.descriptor, min(limit, pipeLimit), file.path)
        if result.isEmpty { throw .empty(path: file.path) }
        return result
    }

    /// What `parse` makes of a file's bytes; its error gets the path.
    public static func parse<Value, Problem: DescribedError>(
        _ path: String, limit: Int = defaultLimit, _ parse: ([UInt8]) throws(Problem) -> Value
    ) throws(FileError) -> Value {
        let content = try bytes(of: path, limit: limit)
        return try FileError.in(path) { () throws(Problem) in try parse(content) }
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
