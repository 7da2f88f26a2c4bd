import ArrayFiles
import Foundation
import Testing

/// A temporary folder that goes with its owner.
final class Folder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "landscape-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    /// With a trained checkpoint in it.
    convenience init(checkpoint name: String) throws {
        try self.init()
        try write(Trained.checkpoint, to: name)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
    func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url.appending(path: name))) }
    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }
    func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: url.appending(path: name)) }
    func write(_ array: NumericArray, to name: String) throws { try NPY.write(array, to: path(name)) }
    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(at: url.appending(path: name), withIntermediateDirectories: true)
    }

    /// For a process to write to.
    func handle(_ name: String) throws -> FileHandle {
        try write([], to: name)
        return try FileHandle(forWritingTo: url.appending(path: name))
    }

    /// Names of everything inside.
    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }

    /// Everything inside with its bytes; folders count as empty.
    func snapshot() throws -> [String: [UInt8]] {
        Dictionary(uniqueKeysWithValues: try names().map { ($0, (try? bytes($0)) ?? []) })
    }
}

/// A small network that all tests share, trained once.
enum Trained {
    static let command = "train --model mlp:64-32-10 --data digits --epochs 3 --quiet"

    static let checkpoint: [UInt8] = {
        do {
            let folder = try Folder()
            try Tool.succeed(command, in: folder)
            return try folder.bytes("ckpt.bin")
        } catch {
            fatalError("no checkpoint to test with: \(error); is \(Tool.program.path) built?")
        }
    }()
}
