import CKernels
import Essentials
import Foundation
import Synchronization

/// A journal in a file: what a run has computed, for the run that goes on after it was ended.
///
/// Results are appended one by one, so a killed process loses none but the one under way; the file is flushed to the disk every
/// `interval` seconds. It is not begun before the work has lasted that long, so short work leaves no trace. It is locked as long as
/// the process lives.
///
/// Long vectors are written at a bounded rate and up to a bounded size; what is left out is computed again.
public final class JournalFile: Journal {
    /// Where it is.
    public let path: String
    /// Seconds before the file is begun, and between flushes to the disk.
    public let interval: Double
    private let title: String
    private let onRemark: @Sendable (String) -> Void
    private let started = ContinuousClock.now
    private let state: Mutex<State>

    /// What is worth keeping.
    struct Limits: Sendable {
        /// Bytes of vectors a second that are written in the long run. 20 MB, ours: a fifth of what a slow disk takes.
        var rate = 20e6
        /// Bytes that the file has at most, and of the free space at its beginning. 8 GiB and a quarter, ours.
        var mostBytes = 8 << 30, shareOfSpace = 4
        /// Share of the time that results took within which their key must be digested. 0.03, ours.
        var digestShare = 0.03
    }

    private let limits: Limits
    /// Numbers of 8 bytes that are digested in a second, as measured: 10 GB/s.
    private static let digestRate = 1.25e9
    /// Bytes of results that are held in memory until the file is begun.
    private static let mostHeld = 8 << 20
    private static let magic = Array("landscape journal 1\n".utf8)

    private struct Place { var offset: Int, count: Int, checksum: UInt32, isEarlier: Bool }

    private struct State {
        var descriptor: Int32 = -1
        /// Where the numbers lie of each result of an earlier run, of states, and of what the work is on.
        var places: [JournalKey: Place] = [:]
        /// What the work of this run is on.
        var confirmed: [JournalKey: [Double]] = [:]
        var end = 0, limit = 0
        /// Results of an earlier run that were not asked for yet; how many of them there were, and the seconds that they took.
        var unasked = 0, earlier = 0, earlierSeconds = 0.0
        /// Results until the file is begun.
        var held: [(key: JournalKey, numbers: [Double], seconds: Double)] = []
        var heldBytes = 0
        /// Whether there is more than names of what the work is on.
        var hasWork = false
        /// Bytes that may be written at once.
        var allowance = 0.0, allowed = ContinuousClock.now
        var flushed = ContinuousClock.now, stateKept: ContinuousClock.Instant?
        var isOver = false
    }

    /// - Parameters:
    ///   - path: of the file.
    ///   - title: what the work is, one line: only work of the same title goes on from it.
    ///   - interval: seconds before the file is begun, and between flushes.
    ///   - resumes: whether results of an earlier run are taken.
    ///   - onRemark: told where the work is kept, and where it goes on from.
    /// - Throws: `FileError` where the file to go on from cannot be read or is no journal; `JournalError` where it is of other work, or
    ///   in use.
    public convenience init(
        _ path: String, title: String, interval: Double = 30, resumes: Bool,
        onRemark: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        try self.init(path, title: title, interval: interval, resumes: resumes, Limits(), onRemark: onRemark)
    }

    init(
        _ path: String, title: String, interval: Double, resumes: Bool, _ limits: Limits,
        onRemark: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        (self.path, self.title, self.interval, self.onRemark) = (path, title, interval, onRemark)
        self.limits = limits
        var state = State()
        state.allowance = limits.rate * max(1, interval)
        if resumes {
            try Self.load(path, title, &state)
            state.limit = max(state.end, limits.mostBytes)
        }
        self.state = Mutex(state)
    }

    deinit { state.withLock { if $0.descriptor >= 0 { close($0.descriptor) } } }

    // MARK: Journal

    /// Whether results of an earlier run are left that were not asked for yet.
    public var hasEarlier: Bool { state.withLock { $0.unasked > 0 } }

    /// The numbers that an earlier run kept, or the last state; nil where there are none, or they are damaged.
    public func numbers(of key: JournalKey) -> [Double]? {
        let numbers = found(key)
        if numbers != nil { tellOnce() }
        return numbers
    }

    private func found(_ key: JournalKey) -> [Double]? {
        state.withLock { state in
            guard let place = state.places[key], state.descriptor >= 0 else { return nil }
            if place.isEarlier {
                state.places[key]?.isEarlier = false
                state.unasked -= 1
            }
            return Self.numbers(at: place, state.descriptor)
        }
    }

    /// Whether numbers took longer to compute than it takes to digest their key, and there is room and time to write them.
    public func isWorthKeeping(_ count: Int, digested: Int, seconds: Double) -> Bool {
        state.withLock { state in
            guard !state.isOver, Double(digested) / Self.digestRate <= limits.digestShare * seconds else {
                return false
            }
            let bytes = Self.headBytes + 8 * count
            // A few numbers are kept in memory until the file is begun; vectors are not.
            if state.descriptor < 0, begins() == false {
                return count <= Self.few && state.heldBytes + bytes <= Self.mostHeld
            }
            guard count > Self.few else { return true }
            let now = ContinuousClock.now
            state.allowance = min(
                limits.rate * max(1, interval), state.allowance + limits.rate * ((now - state.allowed) / .seconds(1)))
            state.allowed = now
            guard Double(bytes) <= state.allowance || state.allowance >= limits.rate * max(1, interval) else {
                return false
            }
            guard state.descriptor < 0 || state.end + bytes <= state.limit else { return false }
            state.allowance -= Double(bytes)
            return true
        }
    }

    /// Appends numbers to the file; until it is begun they are held in memory.
    public func keep(_ numbers: [Double], under key: JournalKey, seconds: Double) {
        state.withLock { state in
            guard !state.isOver, state.places[key] == nil else { return }
            if seconds > 0 { state.hasWork = true }
            if state.descriptor < 0 {
                guard begins() else {
                    state.held.append((key, numbers, seconds))
                    state.heldBytes += Self.headBytes + 8 * numbers.count
                    return
                }
                begin(&state)
            }
            append(numbers, key, seconds, &state)
            flushIfDue(&state)
        }
    }

    /// Computes a part of the work, or takes what an earlier run kept of it; then forgets what was kept meanwhile.
    public func part(_ key: JournalKey, compute: () throws -> [Double]) throws -> [Double] {
        if hasEarlier, let known = numbers(of: key) { return known }
        let beginning = key ^ JournalKey(repeating: 1)
        let (mark, held) = state.withLock { state -> (Int?, Int) in
            // The part may have begun in an earlier run.
            let place = state.places[beginning] ?? append([], beginning, 0, &state)
            return (place.map { $0.offset - Self.headBytes }, state.held.count)
        }
        let start = ContinuousClock.now
        let numbers = try compute()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        state.withLock { state in
            guard state.descriptor < 0, state.held.count > held else { return }
            state.heldBytes -= state.held[held...].reduce(0) { $0 + Self.headBytes + 8 * $1.numbers.count }
            state.held.removeSubrange(held...)
        }
        guard isWorthKeeping(numbers.count, digested: 0, seconds: seconds) else { return numbers }
        keep(numbers, under: key, seconds: seconds)
        let last = Self.headBytes + 8 * numbers.count
        if let mark { state.withLock { state in forget(from: mark, below: last, &state) } }
        return numbers
    }

    /// Makes what lies between a place and the last result, of so many bytes, one part that is skipped, and gives the disk back what
    /// it takes.
    private func forget(from mark: Int, below last: Int, _ state: inout State) {
        let bytes = state.end - last - mark - Self.headBytes
        guard state.descriptor >= 0, !state.isOver, bytes > 0 else { return }
        let head = Head(key: .zero, count: bytes / 8, seconds: 0, checksum: 0)
        guard Self.write(head.bytes, state.descriptor, at: mark) else { return }
        Self.forget(
            Place(offset: mark + Self.headBytes, count: bytes / 8, checksum: 0, isEarlier: false), state.descriptor)
    }

    /// Appends a state every `interval` seconds, and where it is the last; the one before is forgotten.
    public func keepState(_ numbers: @autoclosure () -> [Double], under key: JournalKey, isLast: Bool) {
        let isDue = state.withLock { state in
            !state.isOver
                && (isLast
                    || begins() && state.stateKept.map { ContinuousClock.now - $0 >= .seconds(interval) } ?? true)
        }
        guard isDue else { return }
        let numbers = numbers()
        state.withLock { state in
            if state.descriptor < 0 { begin(&state) }
            let former = state.places[key]
            let place = append(numbers, key, 0, &state)
            (state.stateKept, state.hasWork) = (.now, true)
            if !state.isOver {
                if let former { Self.forget(former, state.descriptor) }
                state.places[key] = place
            }
            flushIfDue(&state)
        }
    }

    /// Notes what the work is on, or compares it with what an earlier run has noted.
    ///
    /// - Throws: `JournalError.changed` where it is another.
    public func confirm(_ name: String, _ digest: JournalKey) throws {
        let key = ContentKey("what is called " + name).journal
        let words = (0..<4).map { Double(bitPattern: digest[$0]) }
        guard let found = state.withLock({ $0.confirmed[key] }) ?? found(key) else {
            state.withLock { $0.confirmed[key] = words }
            return keep(words, under: key, seconds: 0)
        }
        guard found.map(\.bitPattern) == words.map(\.bitPattern) else {
            throw JournalError.changed(path: path, name: name)
        }
    }

    /// What the work of a file is, one line; nil for another file.
    public static func title(of path: String) -> String? {
        guard let file = try? RandomAccessFile(path), let start = try? file.bytes(0..<min(file.size, 1 << 16)),
            let line = titleLine(start)
        else { return nil }
        return String(decoding: line, as: UTF8.self)
    }

    /// The line of the title in the first bytes of a file; nil where they are no journal's, or it is not whole.
    private static func titleLine(_ start: [UInt8]) -> ArraySlice<UInt8>? {
        guard start.starts(with: magic) else { return nil }
        let rest = start[magic.count...]
        return rest.firstIndex(of: UInt8(ascii: "\n")).map { rest[..<$0] }
    }

    /// Says where the work goes on from, once something of it was found.
    private func tellOnce() {
        let found = state.withLock { state in
            defer { state.earlier = 0 }
            return (count: state.earlier, seconds: state.earlierSeconds)
        }
        guard found.count > 0 else { return }
        onRemark("going on from \(path): \(found.count) results, \(Format.duration(found.seconds)) of work")
    }

    // MARK: The end

    /// Writes what is held, as where work was interrupted; a file without work is removed.
    ///
    /// - Returns: whether there is work to go on from.
    public func save() -> Bool {
        state.withLock { state in
            guard state.hasWork else {
                if state.descriptor >= 0 { unlink(FilePath.system(path)) }
                return false
            }
            if state.descriptor < 0 { begin(&state) }
            guard state.descriptor >= 0 else { return false }
            fsync(state.descriptor)
            return true
        }
    }

    /// Removes the file, once the work's result is written: also one that an earlier run of the same work left.
    public func remove() {
        state.withLock { state in
            state.isOver = true
            state.held = []
            if state.descriptor >= 0 {
                unlink(FilePath.system(path))
                close(state.descriptor)
                state.descriptor = -1
            } else if let descriptor = Self.locked(path, O_RDONLY) {
                unlink(FilePath.system(path))
                close(descriptor)
            }
        }
    }

    // MARK: The file

    private func begins() -> Bool { ContinuousClock.now - started >= .seconds(interval) }

    /// Begins the file with what is held; where that is impossible the work goes on without.
    private func begin(_ state: inout State) {
        defer { (state.held, state.heldBytes) = ([], 0) }
        guard let descriptor = Self.locked(path, O_RDWR | O_CREAT) else {
            state.isOver = true
            onRemark(
                errno == EWOULDBLOCK
                    ? "another run of this command keeps its work in \(path); this one's is not kept"
                    : "work is not kept: \(path) cannot be written (\(systemReason(errno)))")
            return
        }
        guard let end = Self.writeHead(title, descriptor) else {
            state.isOver = true
            onRemark("work is not kept: \(path) cannot be written (\(systemReason(errno)))")
            unlink(FilePath.system(path))
            close(descriptor)
            return
        }
        var space = statvfs()
        let free = fstatvfs(descriptor, &space) == 0 ? Int(clamping: space.f_bavail) : 0
        let (bytes, isMore) = free.multipliedReportingOverflow(by: Int(clamping: space.f_frsize))
        state.limit = min(limits.mostBytes, isMore ? .max : bytes / limits.shareOfSpace)
        (state.descriptor, state.end) = (descriptor, end)
        onRemark("work is kept in \(path); after an interruption repeat the command with --resume")
        for one in state.held { append(one.numbers, one.key, one.seconds, &state) }
    }

    @discardableResult
    private func append(
        _ numbers: [Double], _ key: JournalKey, _ seconds: Double, _ state: inout State
    ) -> Place? {
        guard state.descriptor >= 0 else { return nil }
        let checksum = numbers.withUnsafeBytes { Deflate.checksum($0) }
        let head = Head(key: key, count: numbers.count, seconds: seconds, checksum: checksum)
        let isWritten =
            Self.write(head.bytes, state.descriptor, at: state.end)
            && numbers.withUnsafeBytes { Self.write($0, state.descriptor, at: state.end + Self.headBytes) }
        guard isWritten else {
            let reason = systemReason(errno)
            ftruncate(state.descriptor, off_t(state.end))
            state.isOver = true
            onRemark("work is no longer kept in \(path): writing failed (\(reason))")
            return nil
        }
        defer { state.end += Self.headBytes + 8 * numbers.count }
        return Place(offset: state.end + Self.headBytes, count: numbers.count, checksum: checksum, isEarlier: false)
    }

    private func flushIfDue(_ state: inout State) {
        guard state.descriptor >= 0, ContinuousClock.now - state.flushed >= .seconds(interval) else { return }
        fsync(state.descriptor)
        state.flushed = .now
    }

    /// Numbers that are few: results of a point or of a part, and not vectors of θ's length.
    private static let few = 1024

    private static let headBytes = 56
    /// How often a lock is tried, 10 ms apart.
    private static let mostTries = 20

    /// What precedes the numbers of a result.
    private struct Head {
        let key: JournalKey, count: Int, seconds: Double, checksum: UInt32

        init(key: JournalKey, count: Int, seconds: Double, checksum: UInt32) {
            (self.key, self.count, self.seconds, self.checksum) = (key, count, seconds, checksum)
        }

        /// Nil for bytes that are no intact head.
        init?(_ bytes: ArraySlice<UInt8>) {
            func word(_ place: Int, _ size: Int) -> UInt64 {
                (0..<size).reduce(0) { $0 | UInt64(bytes[bytes.startIndex + place + $1]) << UInt64(8 * $1) }
            }
            guard bytes.count == headBytes, word(52, 4) == UInt64(Deflate.checksum(Array(bytes.dropLast(4)))),
                let count = Int(exactly: word(32, 8)), count < 1 << 48
            else { return nil }
            let seconds = Double(bitPattern: word(40, 8))
            guard seconds >= 0, seconds < 1e12 else { return nil }
            let key = JournalKey((0..<4).map { word(8 * $0, 8) })
            self.init(key: key, count: count, seconds: seconds, checksum: UInt32(word(48, 4)))
        }

        var bytes: [UInt8] {
            func bytes(_ word: UInt64, _ size: Int) -> [UInt8] {
                (0..<size).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
            }
            let words = (0..<4).flatMap { bytes(self.key[$0], 8) }
            let head =
                words + bytes(UInt64(count), 8) + bytes(seconds.bitPattern, 8) + bytes(UInt64(checksum), 4)
            return head + bytes(UInt64(Deflate.checksum(head)), 4)
        }
    }

    /// What the file begins with.
    private static func head(_ title: String) -> [UInt8] { magic + Array((title + "\n").utf8) }

    /// Makes a file an empty journal.
    ///
    /// - Returns: where results come; nil, with `errno` set, where it cannot be written.
    private static func writeHead(_ title: String, _ descriptor: Int32) -> Int? {
        let head = head(title)
        return retrying({ ftruncate(descriptor, 0) }) == 0 && write(head, descriptor, at: 0) ? head.count : nil
    }

    /// Finds the results of an earlier run; what was cut off by its end is cut off here, too.
    private static func load(_ path: String, _ title: String, _ state: inout State) throws {
        guard let descriptor = locked(path, O_RDWR) else {
            switch errno {
            case ENOENT, ENOTDIR: throw FileError.missing(path: path)
            case EWOULDBLOCK: throw JournalError.inUse(path: path)
            default: throw FileError.unreadable(path: path, reason: systemReason(errno))
            }
        }
        var isDone = false
        defer { if !isDone { close(descriptor) } }
        let file = try RandomAccessFile(path)
        let start = try file.bytes(0..<min(file.size, 1 << 16))
        // A process that was ended as it began the file has kept nothing.
        let head = head(title)
        if start.count < head.count, head.starts(with: start) {
            guard let end = writeHead(title, descriptor) else { return }
            (state.descriptor, state.end) = (descriptor, end)
            isDone = true
            return
        }
        guard let line = titleLine(start) else { throw JournalError.damaged(path: path) }
        let found = String(decoding: line, as: UTF8.self)
        guard found == title else { throw JournalError.ofOtherWork(path: path, found: found, expected: title) }
        var offset = line.endIndex + 1
        var piece: (offset: Int, bytes: [UInt8]) = (0, start)
        while offset <= file.size - headBytes {
            if offset + headBytes > piece.offset + piece.bytes.count {
                piece = (offset, try file.bytes(offset..<min(file.size, offset + 1 << 20)))
            }
            let first = offset - piece.offset
            guard let head = Head(piece.bytes[first..<first + headBytes]),
                head.count <= (file.size - offset - headBytes) / 8
            else { break }
            // What was forgotten has no key, and where a part begins there are no numbers.
            if head.key != .zero {
                let isResult = head.count > 0
                if isResult, state.places[head.key] == nil { state.unasked += 1 }
                state.places[head.key] = Place(
                    offset: offset + headBytes, count: head.count, checksum: head.checksum, isEarlier: isResult)
            }
            state.earlierSeconds += head.seconds
            offset += headBytes + 8 * head.count
        }
        ftruncate(descriptor, off_t(offset))
        (state.earlier, state.hasWork) = (state.unasked, state.unasked > 0)
        (state.descriptor, state.end) = (descriptor, offset)
        isDone = true
    }

    /// Opens and locks a file; nil, with `errno` set, where that cannot be or another process has it.
    private static func locked(_ path: String, _ flags: Int32) -> Int32? {
        let descriptor = retrying {
            open(FilePath.system(path), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
        }
        guard descriptor >= 0 else { return nil }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            errno = EINVAL
            return nil
        }
        var tries = 0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            let number = errno
            // A process that is ending, or one that is just being started by another thread, lets go soon.
            if number == EWOULDBLOCK, tries < mostTries {
                tries += 1
                usleep(10_000)
                continue
            }
            close(descriptor)
            errno = number
            return nil
        }
        // Its former owner may have finished and removed it just now.
        guard fstat(descriptor, &information) == 0, information.st_nlink > 0 else {
            close(descriptor)
            guard flags & O_CREAT != 0 else {
                errno = ENOENT
                return nil
            }
            return locked(path, flags)
        }
        return descriptor
    }

    private static func numbers(at place: Place, _ descriptor: Int32) -> [Double]? {
        var isRead = true
        let numbers = [Double](unsafeUninitializedCapacity: place.count) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            var done = 0
            while done < 8 * place.count {
                let got = pread(
                    descriptor, bytes.baseAddress! + done, min(8 * place.count - done, 1 << 30),
                    off_t(place.offset + done))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else {
                    isRead = false
                    return
                }
                done += got
            }
            count = place.count
        }
        guard isRead, numbers.withUnsafeBytes({ Deflate.checksum($0) }) == place.checksum else { return nil }
        return numbers
    }

    /// Gives the disk back what a superseded result takes, where its file system can.
    private static func forget(_ place: Place, _ descriptor: Int32) {
        _ = ls_punch_hole(descriptor, Int64(place.offset), Int64(8 * place.count))
    }

    private static func write(_ bytes: [UInt8], _ descriptor: Int32, at offset: Int) -> Bool {
        bytes.withUnsafeBytes { write($0, descriptor, at: offset) }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32, at offset: Int) -> Bool {
        var done = 0
        while done < bytes.count {
            let put = pwrite(
                descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 30), off_t(offset + done))
            if put < 0, errno == EINTR { continue }
            if put == 0 { errno = EIO }
            guard put > 0 else { return false }
            done += put
        }
        return true
    }
}
