import ArrayFiles
import Essentials
import Foundation

/// Where a result comes from: what its files say beside the numbers, and `landscape info` reads back.
public struct Origin: Sendable {
    /// The command line that gives the result again; nil for a result of a program of one's own.
    public var commandLine: String?
    /// SHA-256 of the checkpoints' files; nil for what is no regular file.
    public var checkpoints: [(path: String, digest: String?)]
    /// Path and SHA-256 of the file whose weights took the place of the checkpoint's; nil for its own.
    public var weights: (path: String, digest: String?)?
    private let machine = Machine()

    /// Of a result that is computed now.
    ///
    /// - Parameters:
    ///   - words: of the command line, without the program's name.
    ///   - checkpoints: the files that it is about; folders are left out.
    ///   - weights: the file whose weights took the place of the checkpoint's; nil for its own.
    /// - Throws: `FileError` where one cannot be read.
    public init(words: [String]?, checkpoints: [String] = [], weights: String? = nil) throws {
        commandLine = words.map(Self.commandLine)
        self.checkpoints = try checkpoints.filter { !RandomAccessFile.isFolder($0) }.map {
            ($0, try Self.digest(of: $0))
        }
        self.weights = try weights.map { ($0, try Self.digest(of: $0)) }
    }

    /// SHA-256 of a file, hexadecimal; nil for what is no regular file.
    static func digest(of path: String) throws -> String? {
        guard RandomAccessFile.isRegular(path) else { return nil }
        let file = try RandomAccessFile(path)
        var digest = SHA256()
        for begin in stride(from: 0, to: file.size, by: 1 << 18) {
            digest.update(try file.bytes(begin..<min(begin + (1 << 18), file.size)))
        }
        return digest.hexadecimal()
    }

    /// Words that are the options of no number: where results go, and how fast they are computed.
    private static let silent: Set = ["--json", "--quiet", "--resume", "--show"]
    private static let valued = ["-o", "--key", "--threads", "--memory", "--progress"]

    /// A command line as a shell reads it, without what changes no number of the result.
    public static func commandLine(_ words: [String]) -> String {
        (["landscape"] + essential(words)).map(\.printable.quotedForShell).joined(separator: " ")
    }

    /// The words of a command line without what changes no number of the result.
    public static func essential(_ words: [String]) -> [String] {
        var result: [String] = [], skipsNext = false
        for word in words {
            if skipsNext {
                skipsNext = false
            } else if valued.contains(word) {
                skipsNext = true
            } else if !silent.contains(word), !valued.contains(where: { word.hasPrefix($0 + "=") }) {
                result.append(word)
            }
        }
        return result
    }

    /// What a file says of it.
    var json: JSONValue {
        func entry(_ key: String, _ file: (path: String, digest: String?)) -> JSONValue {
            .object([(key, .string(file.path)), ("sha256", file.digest.map { .string($0) } ?? .null)])
        }
        return .object(
            [
                ("command_line", commandLine.map { .string($0) } ?? .null), ("version", .string(Software.version)),
                ("date", .string(machine.date)), ("machine", .string(machine.kind)),
                ("checkpoints", .array(checkpoints.map { entry("checkpoint", $0) })),
            ] + (weights.map { [(RunContext.weightsKey, entry("path", $0))] } ?? []))
    }
}

extension String {
    /// The word as a shell takes it, in quotes where it needs them.
    var quotedForShell: String {
        let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"
        guard isEmpty || contains(where: { !plain.contains($0) }) else { return self }
        return "'" + replacing("'", with: "'\\''") + "'"
    }
}
