import Essentials
import Foundation

/// Files that are written completely or not at all.
///
/// A file is written under a temporary name in the same folder, flushed to the disk, then renamed. An interrupted or
/// failed write leaves the former file as it was. Symbolic links are followed. A pipe or a device, which cannot be
/// replaced, is written to directly; a pipe is given five seconds to find a reader.
public enum AtomicFile {
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
        guard !FileWriting.isStopped else { return }
        guard let replaced = try replaceable(path) else { return try writeToDevice(path, content) }
        let file = try temporary(for: path, replaced)
        var isDone = false
        // Closing ends the lock, by which others know that the file is in use.
        defer {
            if !isDone { unlink(FilePath.system(file.path)) }
            close(file.descriptor)
        }
        if let mode = replaced.mode { fchmod(file.descriptor, mode) }
        try content(FileSink(descriptor: file.descriptor, path: path))
        guard retrying({ fsync(file.descriptor) }) == 0,
            retrying({ rename(FilePath.system(file.path), FilePath.system(replaced.target)) }) == 0
        else {
            throw .writeFailed(path: path, reason: systemReason(errno))
        }
        isDone = true
        flush(FilePath.folder(of: replaced.target))
    }

    /// Finds out whether a file could be written, by making the temporary file that it would be written to.
    ///
    /// - Parameter bytes: how many there will be, where that is known; the disk must have room for them.
    /// - Throws: what `write` would throw.
    public static func check(_ path: String, bytes: Int = 0) throws(FileError) {
        guard !FileWriting.isStopped else { return }
        guard let replaced = try replaceable(path) else {
            // Whether a pipe has a reader is seen when there is something to write: a reader that has seen a writer go is at its end.
            guard access(FilePath.system(path), W_OK) == 0 else {
                throw .notWritable(path: path, reason: systemReason(errno))
            }
            return
        }
        let file = try temporary(for: path, replaced)
        defer {
            unlink(FilePath.system(file.path))
            close(file.descriptor)
        }
        var space = statvfs()
        guard bytes > 0, fstatvfs(file.descriptor, &space) == 0 else { return }
        let (free, isMore) = Int(clamping: space.f_bavail).multipliedReportingOverflow(
            by: Int(clamping: space.f_frsize))
        guard isMore || bytes <= free else { throw .noSpace(path: path, bytes: bytes, free: free) }
    }

    /// What is replaced by a file of this path: the place behind symbolic links, and the mode of the file there; nil for a pipe or a device,
    /// which cannot be replaced.
    private static func replaceable(_ path: String) throws(FileError) -> (target: String, mode: mode_t?)? {
        if path.isEmpty || path.hasSuffix("/") { throw .destinationIsDirectory(path: path) }
        var information = stat()
        guard stat(FilePath.system(path), &information) == 0 else {
            // The temporary file's name is short, and that of the file may be too long. Links may lead round in a circle.
            let number = errno
            if number == ENAMETOOLONG || number == ELOOP {
                throw .notWritable(path: path, reason: systemReason(number))
            }
            return (destination(path), nil)
        }
        switch information.st_mode & S_IFMT {
        case S_IFDIR: throw .destinationIsDirectory(path: path)
        case S_IFREG: return (resolved(path), information.st_mode & 0o7777)
        case S_IFSOCK: throw .special(path: path, kind: .socket)
        case S_IFBLK: throw .special(path: path, kind: .disk)
        default: return nil
        }
    }

    private static func temporary(
        for path: String, _ replaced: (target: String, mode: mode_t?)
    ) throws(FileError) -> TemporaryFile {
        let folder = FilePath.folder(of: replaced.target)
        do {
            return try TemporaryFile(in: folder)
        } catch {
            if error.number == ENOENT || error.number == ENOTDIR { throw .folderMissing(path: path, folder: folder) }
            throw .notWritable(path: path, reason: systemReason(error.number))
        }
    }

    /// A pipe or a device such as standard output cannot be replaced, only written to.
    private static func writeToDevice(
        _ path: String, _ content: (FileSink) throws(FileError) -> Void
    ) throws(FileError) {
        let end = Date().addingTimeInterval(SpecialFile.patience)
        var descriptor = open(FilePath.system(path), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        // A pipe that nobody reads yet.
        while descriptor < 0, errno == ENXIO || errno == EINTR {
            if StopRequest.isMade { throw .interrupted(path: path) }
            if Date() >= end { throw .special(path: path, kind: .unreadPipe) }
            usleep(20_000)
            descriptor = open(FilePath.system(path), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        }
        guard descriptor >= 0 else { throw .notWritable(path: path, reason: systemReason(errno)) }
        defer { close(descriptor) }
        try content(FileSink(descriptor: descriptor, path: path))
    }

    /// Where a new file comes to lie: a link that leads to no file yet stays a link, and the file is made where it leads.
    private static func destination(_ path: String) -> String {
        var path = path
        while let link = FilePath.link(path) {
            let folder = FilePath.folder(of: path)
            path = link.hasPrefix("/") || folder.isEmpty ? link : folder + "/" + link
        }
        return path.contains("/") ? path : "./" + path
    }

    /// The path with symbolic links followed, so that a link stays a link and its target is replaced.
    private static func resolved(_ path: String) -> String {
        FilePath.resolved(path) ?? (path.contains("/") ? path : "./" + path)
    }

    /// Makes the rename itself durable. Some file systems do not offer this; the file's content is safe anyway.
    private static func flush(_ folder: String) {
        let descriptor = open(FilePath.system(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
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
        var failure: Int32 = 0, isStopped = false
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            var done = 0
            while done < buffer.count {
                let put = Foundation.write(descriptor, base + done, min(buffer.count - done, 1 << 30))
                if put < 0 && errno == EINTR { continue }
                // A pipe that is full.
                if put < 0, errno == EAGAIN {
                    if case .stopped = StopRequest.wait(for: descriptor, POLLOUT) {
                        isStopped = true
                        return
                    }
                    continue
                }
                if put <= 0 {
                    failure = put < 0 ? errno : EIO
                    return
                }
                done += put
            }
        }
        if isStopped { throw .interrupted(path: path) }
        if failure != 0 { throw .writeFailed(path: path, reason: systemReason(failure)) }
    }
}
