import Foundation
import TestSupport
import Testing

/// Pipes, devices, sockets and terminals where files are meant: what has a writer is read, all else is answered, and a request to stop
/// works while the program waits.
@Suite(.timeLimit(.minutes(5))) struct SpecialFileTests {
    private static func pipe(_ name: String, in folder: Folder) -> String {
        let path = folder.path(name)
        #expect(mkfifo(path, 0o600) == 0)
        return path
    }

    /// A socket with a name.
    private static func socket(_ name: String, in folder: Folder) throws -> Int32 {
        let descriptor = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = folder.path(name)
        try #require(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        return descriptor
    }

    @Test func inputsThatHoldNothing() throws {
        let folder = try Folder()
        _ = Self.pipe("pipe.bin", in: folder)
        try Tool.refuse("evaluate pipe.bin", in: folder, saying: "no program writes to")
        let socket = try Self.socket("s.bin", in: folder)
        defer { close(socket) }
        try Tool.refuse("evaluate s.bin", in: folder, saying: "found a socket")
        try Tool.refuse("evaluate /dev/null", in: folder, saying: "empty")
        try Tool.refuse("evaluate .", in: folder, saying: "folder")
    }

    /// Nobody types a checkpoint.
    @Test(.enabled(if: access("/dev/ptmx", R_OK | W_OK) == 0, "there are no terminals")) func terminal() throws {
        let main = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        defer { close(main) }
        var lock: Int32 = 0, number: Int32 = 0
        // TIOCSPTLCK unlocks the other end, TIOCGPTN gives its number.
        try #require(main >= 0 && ioctl(main, 0x4004_5431, &lock) == 0 && ioctl(main, 0x8004_5430, &number) == 0)
        try Tool.refuse("evaluate /dev/pts/\(number)", in: try Folder(), saying: "found a terminal")
    }

    /// A pipe that a program writes to is read like a file.
    @Test func writtenPipe() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let expected = try Tool.json("evaluate --examples 50", in: folder)["loss"] as? Double
        let path = Self.pipe("pipe.bin", in: folder)
        let bytes = Trained.checkpoint
        Thread.detachNewThread {
            // Later than the program has begun to wait.
            usleep(300_000)
            guard let handle = FileHandle(forWritingAtPath: path) else { return }
            try? handle.write(contentsOf: Data(bytes))
            try? handle.close()
        }
        let found = try Tool.json("evaluate pipe.bin --examples 50", in: folder)["loss"] as? Double
        #expect(expected != nil && found == expected)
    }

    /// The first request works, whether the program waits for somebody to write to a pipe or for a writer that writes nothing.
    @Test(arguments: [SIGINT, SIGTERM], [false, true]) func stopWhileReading(_ signal: Int32, _ hasWriter: Bool) throws
    {
        let folder = try Folder()
        let path = Self.pipe("pipe.bin", in: folder)
        // Keeps the pipe open on both sides.
        let writer = hasWriter ? open(path, O_RDWR | O_NONBLOCK) : -1
        defer { if hasWriter { close(writer) } }
        let run = try Tool.Run(["evaluate", "pipe.bin"], in: folder)
        run.wait { Self.isOpen(path, by: run.process.processIdentifier) }
        kill(run.process.processIdentifier, signal)
        let outcome = try run.finish()
        #expect(!outcome.isKilled && outcome.code == 130 && outcome.errors == "landscape: interrupted\n")
    }

    /// Whether a process has a file open.
    private static func isOpen(_ path: String, by process: Int32) -> Bool {
        let folder = "/proc/\(process)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.contains {
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + $0)
            return target.map { $0.hasSuffix((path as NSString).lastPathComponent) } ?? false
        }
    }

    @Test func outputsThatTakeNothing() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let socket = try Self.socket("s.json", in: folder)
        defer { close(socket) }
        try Tool.refuse("evaluate -o s.json", in: folder, saying: "found a socket")
        _ = Self.pipe("pipe.json", in: folder)
        // Told after the work, and the result is kept.
        let outcome = try Tool.run(Tool.words("evaluate --examples 50 --quiet -o pipe.json"), in: folder)
        #expect(outcome.code == 1 && outcome.errors.contains("no program reads"))
        #expect(outcome.errors.contains("pipe-1.json") && folder.exists("pipe-1.json"))
    }

    /// A result that waits for a full pipe, in a file of the user's or on standard output, does not keep the program.
    @Test(arguments: [true, false]) func stopWhileWriting(_ isOption: Bool) throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let path = Self.pipe("pipe.json", in: folder)
        let reader = open(path, O_RDWR | O_NONBLOCK)
        defer { close(reader) }
        let words = Tool.words("slice --points 81x81 --adaptive 0.9 --examples 8 --quiet")
        let process = Process()
        process.executableURL = Tool.program
        process.currentDirectoryURL = folder.url
        process.arguments = words + (isOption ? ["-o", "pipe.json"] : ["--json", "-o", "slice.npz"])
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = isOption ? FileHandle.nullDevice : FileHandle(forWritingAtPath: path)
        process.standardError = try folder.handle("errors")
        try process.run()
        // Until nothing more goes into the pipe.
        var bytes: Int32 = 0, last: Int32 = -1
        while process.isRunning, bytes == 0 || bytes != last {
            last = bytes
            usleep(200_000)
            ioctl(reader, UInt(FIONREAD), &bytes)
        }
        try #require(process.isRunning)
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        if isOption { #expect(folder.exists("pipe-1.json")) }
    }
}
