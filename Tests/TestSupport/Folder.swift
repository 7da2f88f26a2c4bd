import ArrayFiles
import Foundation

/// A temporary folder that goes with its owner.
public final class Folder {
    public let url: URL

    public init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "landscape-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Calls `body` with the path of a folder that is there as long as the call lasts.
    public static func with<Value>(_ body: (String) throws -> Value) throws -> Value {
        let folder = try Folder()
        return try withExtendedLifetime(folder) { try body(folder.url.path) }
    }

    public func path(_ name: String) -> String { url.appending(path: name).path }
    public func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
    public func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url.appending(path: name))) }
    public func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }
    public func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: url.appending(path: name)) }
    public func write(_ array: NumericArray, to name: String) throws { try NPY.write(array, to: path(name)) }
    public func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(at: url.appending(path: name), withIntermediateDirectories: true)
    }

    /// For a process to write to.
    public func handle(_ name: String) throws -> FileHandle {
        try write([], to: name)
        return try FileHandle(forWritingTo: url.appending(path: name))
    }

    /// Names of everything inside.
    public func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }

    /// Everything inside with its bytes; folders count as empty.
    public func snapshot() throws -> [String: [UInt8]] {
        Dictionary(uniqueKeysWithValues: try names().map { ($0, (try? bytes($0)) ?? []) })
    }
}
