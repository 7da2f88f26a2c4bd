import Essentials
import Foundation
import Synchronization

/// Files that are written completely or not at all.
///
/// A file is written under a temporary name in the same folder, flushed to the disk, then renamed. An interrupted or
/// failed write leaves the former file as it was. Symbolic links are followed. A pipe or a device, which cannot be
/// replaced, is written to directly.
public enum AtomicFile {
    private static let serial = Atomic<Int>(0)

    /// Replaces the file at `path` by `bytes`.
    ///
    /// - Throws: `FileError` where the path is a folder or cannot be written, where its folder does not exist, and
    ///   where writing fails, such as on a full disk.
    public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        try write(to: path) { (sink) throws(FileError) in try sink.write(bytes) }
    }

    /// Replaces the file at `path` by text in UTF-8.
    ///
    /// - Throws: `FileError` where the path is a folder or cannot be written, where its folder does not exist, and
    ///   where writing fails, such as on a full disk.
    public static func write(_ text: String, to path: String) throws(FileError) {
        try write(Array(text.utf8), to: path)
    }

    /// Replaces the file at `path` by the pieces that `content` hands to the sink, for files that need not be in memory
    /// as a whole.
    ///
    /// - Throws: what `content` throws, which leaves the former file; `FileError` where the path is a folder or cannot
    ///   be written, where its folder does not exist, and where writing fails.
    public static func write(
        to path: String, _ content: (FileSink) throws(FileError) -> Void
    ) throws(FileError) {
        var information = stat()
        let exists = stat(path, &information) == 0
        let kind = information.st_mode & S_IFMT
        if path.isEmpty || path.hasSuffix("/") || (exists && kind == S_IFDIR) {
            throw .destinationIsDirectory(path: path)
        }
        if exists && kind != S_IFREG { return try writeToDevice(path, content) }

        let target = resolved(path)
        let folder = FilePath.folder(of: target)
        let number = serial.wrappingAdd(1, ordering: .relaxed).newValue
        // Short and independent of the name, which may itself be as long as the file system allows.
        let temporary = (folder as NSString).appendingPathComponent(".landscape-\(getpid())-\(number).tmp")
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            let reason = errno
            if reason == ENOENT || reason == ENOTDIR { throw .folderMissing(path: path, folder: folder) }
            throw .notWritable(path: path, reason: systemReason(reason))
        }
        var isOpen = true
        var isDone = false
        defer {
            if isOpen { close(descriptor) }
            if !isDone { unlink(temporary) }
        }
        if exists { fchmod(descriptor, information.st_mode & 0o7777) }
        try content(FileSink(descriptor: descriptor, path: path))
        guard fsync(descriptor) == 0 else { throw .writeFailed(path: path, reason: systemReason(errno)) }
        isOpen = false
        guard close(descriptor) == 0 else { throw .writeFailed(path: path, reason: systemReason(errno)) }
        guard rename(temporary, target) == 0 else { throw .writeFailed(path: path, reason: systemReason(errno)) }
        isDone = true
        flush(folder)
    }

    /// A pipe or a device such as standard output cannot be replaced, only written to.
    private static func writeToDevice(
        _ path: String, _ content: (FileSink) throws(FileError) -> Void
    ) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .notWritable(path: path, reason: systemReason(errno)) }
        defer { close(descriptor) }
        try content(FileSink(descriptor: descriptor, path: path))
    }

    /// The path with symbolic links followed, so that a link stays a link and its target is replaced.
    private static func resolved(_ path: String) -> String {
        guard let pointer = realpath(path, nil) else {
            return path.contains("/") ? path : "./" + path
        }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    /// Makes the rename itself durable. Some file systems do not offer this; the file's content is safe anyway.
    private static func flush(_ folder: String) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// The receiver of the pieces of an atomically written file.
public struct FileSink {
    let descriptor: Int32
    let path: String

    /// Appends bytes to the file.
    ///
    /// - Throws: `FileError.writeFailed`, such as on a full disk.
    public func write(_ bytes: [UInt8]) throws(FileError) {
        var failure: Int32 = 0
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            var done = 0
            while done < buffer.count {
                let put = Foundation.write(descriptor, base + done, min(buffer.count - done, 1 << 30))
                if put < 0 && errno == EINTR { continue }
                if put <= 0 {
                    failure = put < 0 ? errno : EIO
                    return
                }
                done += put
            }
        }
        if failure != 0 { throw .writeFailed(path: path, reason: systemReason(failure)) }
    }
}
