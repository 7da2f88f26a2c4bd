import CKernels
import Foundation

/// Memory for one or more tensors, aligned to 64 bytes and zeroed.
///
/// 128 bytes past the end are readable, because vector loads of a matrix's last column read a whole vector.
public final class Buffer {
    /// The first byte; the memory lives as long as this object.
    public let address: UnsafeMutableRawPointer
    /// Bytes that were asked for, without the readable ones past the end.
    public let byteCount: Int
    /// Of memory that is the system's pages, in a file or not.
    private let mappedSize: Int?
    private let isInFile: Bool

    /// Zeroed memory of the process. From 256 KiB on it comes as fresh pages from the system, which take up memory only
    /// once they are touched.
    public init(byteCount: Int) {
        (self.byteCount, isInFile) = (byteCount, false)
        let size = byteCount + Int(LS_SLACK)
        // Pages from the system are zero already, and are there only once they are touched.
        let mapped =
            size < Self.leastMapped
            ? MAP_FAILED : mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        if let mapped, mapped != MAP_FAILED {
            address = mapped
            mappedSize = size
            Self.preferHugePages(mapped, size)
        } else {
            address = .allocate(byteCount: size, alignment: 64)
            memset(address, 0, size)
            mappedSize = nil
        }
    }

    private static let leastMapped = 1 << 18, leastHuge = 1 << 22
    /// Linux: MADV_HUGEPAGE.
    private static let hugePages: Int32 = 14

    /// Whether the system (Linux) gives free blocks of 2 MiB back to the machine it is a guest of.
    ///
    /// Pages of 2 MiB are then just the blocks that the host has to find again, which can take seconds per GB; small pages come first from
    /// memory that the guest still has.
    private static let givesBlocksBack: Bool = {
        // -1 where nothing is given back, else the logarithm of the least block in pages.
        let order = try? String(
            contentsOfFile: "/sys/module/page_reporting/parameters/page_reporting_order", encoding: .utf8)
        let pages = order.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) } ?? -1
        return 0...9 ~= pages
    }()

    /// Asks the system (Linux) for pages of 2 MiB where memory is large: it fills them with zeros in half the time of small ones. Not
    /// where it gives such blocks back to a host.
    ///
    /// - Parameter address: memory that has not been touched yet.
    static func preferHugePages(_ address: UnsafeMutableRawPointer, _ byteCount: Int) {
        #if os(Linux)
            guard byteCount >= leastHuge, !givesBlocksBack else { return }
            let page = Int(getpagesize()), begin = (UInt(bitPattern: address) + UInt(page) - 1) & ~UInt(page - 1)
            let length = (UInt(bitPattern: address) + UInt(byteCount) - begin) & ~UInt(page - 1)
            madvise(UnsafeMutableRawPointer(bitPattern: begin), Int(length), hugePages)
        #endif
    }

    /// Zeroed memory that the system may move out to an unnamed file, for data larger than memory.
    ///
    /// The file lies in the folder of temporary files (`TMPDIR`) and its room is reserved at once. `nil` where the
    /// folder has no room for `byteCount` bytes or cannot be written.
    public init?(inTemporaryFileOf byteCount: Int) {
        let size = byteCount + Int(LS_SLACK)
        var name = Array((NSTemporaryDirectory() + "landscape-XXXXXX").utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        unlink(name)
        // Room is made now: a disk that is full later would end the program.
        guard posix_fallocate(descriptor, 0, off_t(size)) == 0,
            let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
        else { return nil }
        (self.byteCount, isInFile) = (byteCount, true)
        address = memory
        mappedSize = size
    }

    /// Takes memory in a file out of the process: what it holds is read again when it is looked at.
    ///
    /// - Precondition: it was made in a temporary file. Fresh memory of the process would be zeroed.
    public func rest() {
        precondition(isInFile, "memory that is in no file cannot rest there")
        if let mappedSize { madvise(address, mappedSize, MADV_DONTNEED) }
    }

    deinit {
        if let mappedSize { munmap(address, mappedSize) } else { address.deallocate() }
    }

    /// Stores numbers from element `start` on, rounded to the given precision.
    ///
    /// - Precondition: they fit in the buffer.
    public func store(_ values: some Collection<Double>, from start: Int = 0, as precision: Precision) {
        precondition(
            (start + values.count) * precision.size <= byteCount, "store: \(values.count) elements at \(start)")
        switch precision {
        case .float:
            let to = address.assumingMemoryBound(to: Float.self) + start
            for (i, value) in values.enumerated() { to[i] = Float(value) }
        case .double:
            let to = address.assumingMemoryBound(to: Double.self) + start
            for (i, value) in values.enumerated() { to[i] = value }
        }
    }

    /// Stores a vector from the first element on: the fast form of `store(_:from:as:)`.
    ///
    /// - Precondition: it fits in the buffer.
    public func store(_ values: [Double], as precision: Precision) {
        precondition(values.count * precision.size <= byteCount, "store: \(values.count) elements")
        values.withUnsafeBufferPointer { values in
            nonisolated(unsafe) let (from, to) = (values, address)  // each part is one thread's
            Vectors.forEachPart(of: values.count, each: Vectors.part) { start, length in
                let range = start..<start + Int(length)
                switch precision {
                case .float:
                    let to = to.assumingMemoryBound(to: Float.self)
                    for i in range { to[i] = Float(from[i]) }
                case .double:
                    let to = to.assumingMemoryBound(to: Double.self)
                    for i in range { to[i] = from[i] }
                }
            }
        }
    }

    /// Stores numbers in Float32 from element `start` on.
    ///
    /// - Precondition: they fit in the buffer.
    package func store(_ values: [Float], from start: Int) {
        values.withUnsafeBytes { if let first = $0.baseAddress { store(first, values.count, from: start, as: .float) } }
    }

    /// Copies numbers that lie in memory in the buffer's precision to element `start` and those after it.
    ///
    /// - Precondition: they fit in the buffer.
    package func store(_ numbers: UnsafeRawPointer, _ count: Int, from start: Int, as precision: Precision) {
        precondition((start + count) * precision.size <= byteCount, "store: \(count) elements at \(start)")
        nonisolated(unsafe) let (from, to) = (numbers, address + start * precision.size)
        Vectors.forEachPart(of: count, each: Vectors.part) { first, length in
            let offset = first * precision.size
            (to + offset).copyMemory(from: from + offset, byteCount: Int(length) * precision.size)
        }
    }

    /// `count` numbers from element `start` on, which the buffer holds in the given precision.
    ///
    /// - Precondition: they lie in the buffer.
    public func load(_ count: Int, from start: Int = 0, as precision: Precision) -> [Double] {
        precondition((start + count) * precision.size <= byteCount, "load: \(count) elements at \(start)")
        return Buffer.load(UnsafeRawPointer(address) + start * precision.size, count, as: precision)
    }

    /// `count` numbers that lie one after another from an address on.
    ///
    /// - Precondition: the memory is readable and holds numbers of this precision.
    public static func load(_ address: UnsafeRawPointer, _ count: Int, as precision: Precision) -> [Double] {
        nonisolated(unsafe) let address = address
        return Vectors.filled(count) { to, start, length in
            switch precision {
            case .float:
                let from = address.assumingMemoryBound(to: Float.self)
                for i in start..<start + Int(length) { to[i] = Double(from[i]) }
            case .double:
                let from = address.assumingMemoryBound(to: Double.self)
                (to + start).update(from: from + start, count: Int(length))
            }
        }
    }
}
