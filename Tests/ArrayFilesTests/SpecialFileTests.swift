import Foundation
import TestSupport
import Testing

@testable import ArrayFiles

@Suite(.timeLimit(.minutes(1))) struct SpecialFileTests {
    /// A device without an end is read to the limit.
    @Test func endlessDevice() {
        #expect(
            message { _ = try FileContent.bytes(of: "/dev/zero", limit: 1 << 20) }.contains("expected at most 1048576"))
    }

    /// What cannot be an array is not read to its end.
    @Test func endlessDeviceForAnArray() {
        #expect(message { _ = try NPY.read("/dev/zero", limit: 1 << 20) }.contains("the first six bytes are not"))
    }

    @Test func emptyDevice() {
        #expect(message { _ = try FileContent.bytes(of: "/dev/null") }.contains("empty"))
        #expect(message { try AtomicFile.write("x", to: "/dev/null") } == "none")
    }

    /// Bytes that come in parts, from a writer that opens the pipe late.
    @Test func slowWriter() throws {
        let folder = try Folder(), path = folder.path("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        Thread.detachNewThread {
            usleep(100_000)
            let handle = FileHandle(forWritingAtPath: path)
            for part in 1...3 {
                try? handle?.write(contentsOf: Data([UInt8](repeating: UInt8(part), count: 100_000)))
                usleep(50_000)
            }
            try? handle?.close()
        }
        let bytes = try FileContent.bytes(of: path)
        #expect(bytes.count == 300_000 && bytes[0] == 1 && bytes[299_999] == 3)
    }

    /// More than a pipe holds at once, for a reader that opens it late and reads slowly.
    @Test func slowReader() throws {
        let folder = try Folder(), path = folder.path("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let expected = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        final class Box: @unchecked Sendable { var data = Data(), done = DispatchSemaphore(value: 0) }
        let box = Box()
        Thread.detachNewThread {
            usleep(100_000)
            let handle = FileHandle(forReadingAtPath: path)
            while let part = try? handle?.read(upToCount: 50_000), !part.isEmpty {
                box.data += part
                usleep(10_000)
            }
            box.done.signal()
        }
        try AtomicFile.write(expected, to: path)
        box.done.wait()
        #expect(Array(box.data) == expected)
    }
}
