import Essentials
import Foundation

/// Whole files in memory, never more than a stated limit.
///
/// Files are read and not mapped. A mapped file that another program shortens ends this program by a signal, and no
/// input may do that.
public enum FileContent {
    /// The most bytes that are read unless a caller says otherwise: half of `memory`, or of the machine's or its control
    /// group's, so that a file and what is made of it fit together. Where `ulimit -v` bounds the address space, at most
    /// a quarter of it, because threads and libraries need some too.
    public static var defaultLimit: Int { min(machineLimit, (memory ?? .max) / 2) }
    private static let machineLimit = min(MachineMemory.bytes / 2, (MachineMemory.addressSpace ?? .max) / 4)

    /// Bytes that a user allows for what is read, half of which a file may have; nil for what the machine has.
    @TaskLocal public static var memory: Int?

    /// What to do about something that is larger than a limit.
    static func advice(_ limit: Int) -> String {
        limit < machineLimit ? "use a smaller file, or a larger --memory" : "use a smaller file"
    }

    /// The most bytes that are read from a pipe or a device, whose length is not known in advance.
    static let pipeLimit = 1 << 30

    /// The bytes of a file, or of a pipe up to 1 GiB.
    ///
    /// - Throws: `FileError` where there is no such file, it cannot be read, it is larger than `limit`, or it is empty,
    ///   which no array format allows; where nobody writes to a pipe, or the program is asked to stop while it waits for one.
    public static func bytes(of path: String, limit: Int = defaultLimit) throws(FileError) -> [UInt8] {
        try bytes(of: RandomAccessFile(path), limit: limit)
    }

    /// - Parameter beginning: how the content has to begin. A pipe or a device that begins otherwise is read no further.
    static func bytes(of file: RandomAccessFile, limit: Int, beginning: [UInt8] = []) throws(FileError) -> [UInt8] {
        if file.size > limit { throw .tooLarge(path: file.path, bytes: file.size, limit: limit) }
        if file.size > 0 { return try file.bytes(0..<file.size) }
        let result = try file.drain(min(limit, pipeLimit), beginning)
        if result.isEmpty { throw .empty(path: file.path) }
        return result
    }

    /// The result of `parse` on a file's bytes.
    ///
    /// - Parameter beginning: how the content has to begin. A pipe or a device that begins otherwise is read no further, for `parse` to refuse.
    /// - Throws: `FileError` where the file cannot be read; `FileError.malformed` with the path and the error that
    ///   `parse` throws.
    public static func parse<Value, Problem: DescribedError>(
        _ path: String, limit: Int = defaultLimit, beginning: [UInt8] = [],
        _ parse: ([UInt8]) throws(Problem) -> Value
    ) throws(FileError) -> Value {
        let content = try bytes(of: RandomAccessFile(path), limit: limit, beginning: beginning)
        return try FileError.in(path) { () throws(Problem) in try parse(content) }
    }
}
