import Essentials
import Foundation

/// A file of which parts are read when they are needed, for data larger than memory. It is open as long as this object
/// lives.
///
/// Parts are read and not mapped. A mapped file that another program shortens ends this program by a signal.
public final class RandomAccessFile: Sendable {
    /// The path as it was given.
    public let path: String
    /// Bytes, when it was opened; 0 where the end is not known, as for a pipe.
    public let size: Int
    let descriptor: Int32

    /// Opens a file for reading.
    ///
    /// - Throws: `FileError` where there is no such file, it is a folder, a socket or a terminal, or it cannot be read.
    public init(_ path: String) throws(FileError) {
        // Without O_NONBLOCK a pipe that nobody writes to would hold the program here.
        descriptor = retrying { open(FilePath.system(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
        guard descriptor >= 0 else {
            let number = errno
            if number == ENOENT || number == ENOTDIR { throw .missing(path: path) }
            if let kind = SpecialFile(path), kind == .socket { throw .special(path: path, kind: kind) }
            throw .unreadable(path: path, reason: systemReason(number))
        }
        self.path = path
        var information = stat()
        let isKnown = fstat(descriptor, &information) == 0
        let kind = information.st_mode & S_IFMT
        size = kind == S_IFREG ? Int(information.st_size) : 0
        if !isKnown { throw .unreadable(path: path, reason: systemReason(errno)) }
        if kind == S_IFDIR { throw .directory(path: path) }
        if kind == S_IFCHR, isatty(descriptor) != 0 { throw .special(path: path, kind: .terminal) }
    }

    /// Whether a path is that of a folder.
    public static func isFolder(_ path: String) -> Bool {
        var information = stat()
        return stat(FilePath.system(path), &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether a path is that of a file on a disk, which can be opened again and again; false for a pipe.
    public static func isRegular(_ path: String) -> Bool {
        var information = stat()
        return stat(FilePath.system(path), &information) == 0 && information.st_mode & S_IFMT == S_IFREG
    }

    deinit { close(descriptor) }

    /// All bytes of a pipe or device, at most `limit` of them; only the first ones where these are not `beginning`.
    ///
    /// - Throws: `FileError` where nobody writes to the pipe, there are more bytes, or the program is asked to stop.
    func drain(_ limit: Int, _ beginning: [UInt8] = []) throws(FileError) -> [UInt8] {
        var result: [UInt8] = [], chunk = [UInt8](repeating: 0, count: 1 << 16)
        // Whether a pipe is known to have a writer.
        var isBegun = false
        while true {
            let waited = StopRequest.wait(for: descriptor, POLLIN, seconds: isBegun ? nil : SpecialFile.patience)
            if case .stopped = waited { throw .interrupted(path: path) }
            let got = Foundation.read(descriptor, &chunk, chunk.count)
            if got < 0, errno == EAGAIN { isBegun = true }
            if got < 0, errno == EAGAIN || errno == EINTR { continue }
            if got < 0 { throw .unreadable(path: path, reason: systemReason(errno)) }
            if got == 0 {
                // Before somebody has opened it for writing, a pipe looks as at its end.
                if case .timeout = waited { throw .special(path: path, kind: .unwrittenPipe) }
                return result
            }
            isBegun = true
            result.append(contentsOf: chunk[..<got])
            if result.count >= beginning.count, !result.starts(with: beginning) { return result }
            if result.count > limit { throw .tooLarge(path: path, bytes: result.count, limit: limit) }
        }
    }

    /// Fills a buffer with the bytes from `offset` on.
    ///
    /// - Throws: `FileError.unreadable` where the file ends before, or cannot be read.
    public func read(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) {
        var done = 0
        while done < buffer.count, let base = buffer.baseAddress {
            let got = pread(descriptor, base + done, min(buffer.count - done, 1 << 30), off_t(offset + done))
            if got < 0 && errno == EINTR { continue }
            if got <= 0 {
                throw .unreadable(path: path, reason: got < 0 ? systemReason(errno) : "it has become shorter")
            }
            done += got
        }
    }

    /// The bytes of a range.
    ///
    /// - Throws: `FileError.unreadable` where the file ends before, or cannot be read.
    public func bytes(_ range: Range<Int>) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let result = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            let wanted = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<range.count])
            do throws(FileError) {
                try read(from: range.lowerBound, into: wanted)
                count = range.count
            } catch { failure = error }
        }
        if let failure { throw failure }
        return result
    }
}

/// An array in an NPY file, of which parts are read when they are needed.
public struct StreamedArray: Sendable {
    /// How each number is stored.
    public let type: ElementType
    /// Extents, outermost first.
    public let shape: [Int]
    let file: RandomAccessFile
    let offset: Int
    let isBigEndian: Bool

    /// Opens a file, checks its header, and checks that all numbers are there.
    ///
    /// - Throws: `FileError` where the file cannot be read or is no intact NPY file, and where an array of several
    ///   dimensions is in Fortran order, whose rows lie scattered.
    public init(npy path: String) throws(FileError) {
        let file = try RandomAccessFile(path)
        try self.init(npy: file, 0..<file.size)
    }

    /// The same in a part of a file.
    init(npy file: RandomAccessFile, _ place: Range<Int>) throws(FileError) {
        let head = try file.bytes(place.prefix(NPYHeader.maximalLength + 12))
        (type, shape, offset, isBigEndian) = try FileError.in(file.path) { () throws(NPYError) in
            let header = try NPYHeader(head)
            guard let type = NPY.type(of: header.code) else { throw NPYError.unsupportedType(header.code) }
            guard let needed = NumericArray.byteCount(shape: header.shape, size: type.size) else {
                throw NPYError.shapeOverflows(header.shape)
            }
            let found = place.count - header.offset
            if found < needed { throw NPYError.truncated(expected: needed, found: found) }
            if found > needed { throw NPYError.trailingBytes(found - needed) }
            guard !header.isFortranOrder || header.shape.count < 2 else { throw NPYError.scatteredRows }
            return (type, header.shape, place.lowerBound + header.offset, header.isBigEndian)
        }
        self.file = file
    }

    /// The file's path as it was given.
    public var path: String { file.path }
    /// Bytes of all numbers.
    public var byteCount: Int { shape.reduce(type.size, *) }
    /// Which file it is and what is read of it, with the time of its last change.
    package var stamp: String {
        var information = stat()
        guard fstat(file.descriptor, &information) == 0 else { return "" }
        let changed = information.st_mtim
        return
            "\(information.st_dev) \(information.st_ino) \(information.st_size) \(changed.tv_sec) \(changed.tv_nsec) \(offset) \(type) \(shape)"
    }

    /// Whether both are the same place of the same file.
    public func isSame(as other: StreamedArray) -> Bool { path == other.path && offset == other.offset }

    /// The numbers of a range of elements, counted row-major, as an array of one dimension.
    ///
    /// - Throws: `FileError.unreadable` where the file has become shorter, or cannot be read.
    public func numbers(_ range: Range<Int>) throws(FileError) -> NumericArray {
        let start = offset + range.lowerBound * type.size
        var bytes = try file.bytes(start..<(start + range.count * type.size))
        if isBigEndian { swapBytes(&bytes, size: type.size) }
        return NumericArray(checked: [range.count], type, bytes)
    }
}
