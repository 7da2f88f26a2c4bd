import ArrayFiles
import Foundation
import TestSupport
import Testing

/// A checkpoint and its data are found again when both move, and a checkpoint says no more of a path than was given.
@Suite struct DataPlaceTests {
    /// A folder with `data/x.npy`, `data/y.npy`, `x.npy`, `y.npy`, and folders `runs` and `elsewhere`.
    private func folder() throws -> Folder {
        let folder = try Folder()
        for name in ["data", "runs", "elsewhere"] { try folder.makeFolder(name) }
        try write(folder, "data/", 1)
        try write(folder, "", 1)
        return folder
    }

    private func write(_ folder: Folder, _ place: String, _ factor: Double) throws {
        let numbers = (0..<60).map { Double($0 * 17 % 23) * factor }
        try folder.write(NumericArray(numbers, shape: [20, 3]), to: place + "x.npy")
        try folder.write(NumericArray((0..<20).map { $0 % 3 } as [Int]), to: place + "y.npy")
    }

    private func train(_ data: String, _ output: String, in folder: Folder) throws {
        try Tool.succeed("train --model mlp:3-3 --data \(data) --steps 2 --quiet -o \(output)", in: folder)
    }

    private func loss(_ checkpoint: String, in place: String, of folder: Folder, saying: String? = nil) throws -> String
    {
        let process = Process(), output = Pipe(), errors = Pipe()
        process.executableURL = Tool.program
        process.arguments = ["evaluate", checkpoint, "--key", "loss"]
        process.currentDirectoryURL = folder.url.appending(path: place)
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        process.waitUntilExit()
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(process.terminationStatus == 0, "\(checkpoint) in \(place): \(said)")
        #expect(saying.map { said.contains($0) } ?? said.isEmpty, "\(checkpoint) in \(place): \(said)")
        return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }

    @Test(arguments: [
        ("npy:x.npy,y.npy", "c.bin"), ("npy:data/x.npy,data/y.npy", "c.bin"),
        ("npy:data/x.npy,data/y.npy", "runs/c.bin"),
        ("npy:data/x.npy,y.npy", "runs/c.bin"), ("npy:./data/../x.npy,./y.npy", "runs/c.bin"),
    ])
    func moved(_ data: String, _ output: String) throws {
        let folder = try folder()
        try train(data, output, in: folder)
        let before = try loss(output, in: ".", of: folder)
        // From other folders, also where other data have the name.
        #expect(try loss("../" + output, in: "elsewhere", of: folder) == before)
        try write(folder, "elsewhere/", 5)
        try folder.makeFolder("elsewhere/data")
        try write(folder, "elsewhere/data/", 7)
        #expect(try loss("../" + output, in: "elsewhere", of: folder, saying: "are others") == before)
        // As on another machine.
        let other = try Folder()
        for name in ["data", "runs", "x.npy", "y.npy", output] where !other.exists(name) {
            try FileManager.default.copyItem(at: folder.url.appending(path: name), to: other.url.appending(path: name))
        }
        try FileManager.default.removeItem(at: folder.url)
        #expect(try loss(output, in: ".", of: other) == before)
        #expect(
            try loss(other.path(output), in: "data", of: other, saying: data.contains("data/") ? nil : "are others")
                == before)
        // No path of the first machine is in the file.
        #expect(!String(decoding: try other.bytes(output), as: UTF8.self).contains(folder.url.lastPathComponent))
        #expect(try Tool.json("info \(output)", in: other)["data"] as? String == data)
    }

    /// Named by an absolute path, or elsewhere: found beside the checkpoint, with a word.
    @Test func beside() throws {
        let folder = try folder()
        try train("npy:\(folder.path("data/x.npy")),\(folder.path("data/y.npy"))", "runs/c.bin", in: folder)
        let before = try loss("runs/c.bin", in: ".", of: folder)
        for name in ["x.npy", "y.npy"] {
            try FileManager.default.moveItem(atPath: folder.path("data/" + name), toPath: folder.path("runs/" + name))
        }
        #expect(try loss("runs/c.bin", in: ".", of: folder, saying: "found as npy:runs/x.npy,runs/y.npy") == before)
        #expect(try loss("../runs/c.bin", in: "elsewhere", of: folder, saying: "found as npy:../runs/x.npy") == before)
        try FileManager.default.removeItem(atPath: folder.path("runs/x.npy"))
        try Tool.refuse("evaluate runs/c.bin", in: folder, saying: "x.npy", "no such file", "runs", "--data")
        try Tool.succeed("evaluate runs/c.bin --data npy:x.npy,y.npy --quiet", in: folder)
    }

    /// Training goes on from another folder.
    @Test func resumed() throws {
        let folder = try folder()
        try train("npy:data/x.npy,data/y.npy", "runs/c.bin", in: folder)
        let place = try Folder()
        try FileManager.default.moveItem(at: folder.url, to: place.url.appending(path: "inner"))
        try Tool.succeed(
            "train --model mlp:3-3 --data npy:inner/data/x.npy,inner/data/y.npy --steps 4 --quiet -o inner/runs/c.bin --resume",
            in: place)
        try Tool.refuse(
            "train --model mlp:3-3 --data npy:inner/x.npy,inner/y.npy --steps 6 --quiet -o inner/runs/c.bin --resume",
            in: place, saying: "data was")
        try Tool.succeed("train --start inner/runs/c.bin --steps 1 --quiet -o next.bin", in: place)
        try Tool.succeed("evaluate next.bin --quiet", in: place)
    }
}
