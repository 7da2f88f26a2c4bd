import Foundation
import Landscape
import TestSupport
import Testing

/// Places that cannot be written to: said before the work where it can be known, and nothing half-written stays.
@Suite struct UnwritableTests {
    static let short = [
        "evaluate", "slice --points 3", "sharpness --restarts 0 --steps 1", "hessian", "gradient",
        "saddle --steps 1 --descent-steps 0",
    ]

    @Test(arguments: short) func folderAsOutput(_ line: String) throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try folder.makeFolder("results.json")
        try Tool.refuse(line + " -o results.json", in: folder, saying: "results.json", "folder")
        try Tool.refuse(line + " -o nowhere/result.json", in: folder, saying: "nowhere")
        try Tool.refuse(line + " -o ckpt.bin/result.json", in: folder, saying: "ckpt.bin")
    }

    @Test func training() throws {
        let folder = try Folder()
        try folder.makeFolder("runs")
        let line = "train --model linear --data digits --epochs 1 -o"
        try Tool.refuse(line + " runs", in: folder, saying: "runs", "folder")
        try Tool.refuse(line + " nowhere/ckpt.bin", in: folder, saying: "nowhere")
        try Tool.refuse(line + " ''", in: folder)
    }

    /// Files whose names are a single character.
    @Test func shortNames() throws {
        let folder = try Folder()
        try Tool.succeed("train --model linear --data digits --epochs 1 --quiet -o x", in: folder)
        try Tool.refuse("gradient x --examples 50 --quiet --save g", in: folder, saying: "--save g", ".npy")
        try Tool.refuse("import m --data digits", in: folder, saying: "m")
        #expect(try folder.names() == ["x"])
    }

    @Test func otherFiles() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try folder.makeFolder("v.npy")
        try Tool.refuse("gradient --save v.npy", in: folder, saying: "v.npy")
        try Tool.refuse("sharpness --save-epsilon v.npy", in: folder, saying: "v.npy")
        try Tool.refuse("hessian --save-vectors v.npy", in: folder, saying: "v.npy")
        try folder.makeFolder("ckpt.slice.png")
        try Tool.refuse("slice --points 3", in: folder, saying: "ckpt.slice.png")
    }

    @Test(.enabled(if: getuid() != 0, "root may write everywhere")) func readOnlyFolder() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        chmod(folder.url.path, 0o555)
        defer { chmod(folder.url.path, 0o755) }
        for line in Self.short.prefix(4) {
            try Tool.refuse(line + " -o result.json", in: folder, saying: "cannot be written")
        }
    }

    static let hasFullDevice = access("/dev/full", W_OK) == 0

    /// Every write to this device fails as on a full disk: the result is kept beside the checkpoint.
    @Test(.enabled(if: hasFullDevice, "there is no /dev/full"), arguments: ["json", "png", "npz", "csv", "svg"])
    func fullDevice(_ ending: String) throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("full.\(ending)"), withDestinationPath: "/dev/full")
        let outcome = try Tool.run(["slice", "--points", "3", "--quiet", "-o", "full.\(ending)"], in: folder)
        #expect(outcome.code == 1 && !outcome.isKilled)
        #expect(
            outcome.errorLines.count == 1 && outcome.errors.contains("full.\(ending)")
                && outcome.errors.contains("space") && outcome.errors.contains("It is in ./full-1.\(ending)"))
        #expect(try folder.bytes("full-1.\(ending)").count > 50)
        #expect(outcome.output.contains("curvature along d1"))
    }

    /// Files come before what is printed, and one that cannot be written does not keep the others from being written.
    @Test(.enabled(if: hasFullDevice, "there is no /dev/full")) func filesFirst() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        for name in ["full.npz", "full.npy"] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path(name), withDestinationPath: "/dev/full")
        }
        let line =
            "exec '\(Tool.program.path)' hessian --top 1 --save-vectors full.npy -o full.npz -o h.json --quiet >/dev/full"
        let outcome = try Tool.Run(["-c", line], in: folder, program: URL(filePath: "/bin/sh")).finish()
        #expect(outcome.code == 1 && !outcome.isKilled)
        #expect(outcome.errorLines.count == 3, "\(outcome.errors)")
        for name in ["full-1.npy", "full-1.npz", "h.json"] {
            #expect(try folder.bytes(name).count > 100, "\(name)")
        }
    }

    /// A folder that goes while the work goes on: the training is kept, and can be resumed.
    @Test func folderGone() throws {
        let folder = try Folder()
        try folder.makeFolder("runs")
        let line = "train --model mlp:64-16-10 --data digits --epochs 100000 --quiet -o runs/ckpt.bin"
        let run = try Tool.Run(Tool.words(line), in: folder)
        Thread.sleep(forTimeInterval: 1)
        try FileManager.default.removeItem(atPath: folder.path("runs"))
        run.process.interrupt()
        let outcome = try run.finish()
        #expect(outcome.code == 1 && outcome.errors.contains("there is no folder"))
        let found = try #require(outcome.errors.firstMatch(of: /It is in (.*) instead/)?.1)
        let kept = try Safetensors.read(String(found))
        #expect(kept.metadata["step"].flatMap { Int($0) } ?? 0 > 0)
        try FileManager.default.removeItem(atPath: String(found))
    }

    @Test(.enabled(if: hasFullDevice, "there is no /dev/full")) func fullStandardOutput() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        for arguments in [["evaluate"], ["info"], ["slice", "--points", "3", "--json"]] {
            let line = (["exec", "'\(Tool.program.path)'"] + arguments + ["> /dev/full"]).joined(separator: " ")
            let outcome = try Tool.Run(["-c", line], in: folder, program: URL(filePath: "/bin/sh")).finish()
            #expect(outcome.code == 1 && !outcome.isKilled, "\(arguments): \(outcome.code) \(outcome.errors)")
            #expect(outcome.errors.contains("landscape: error: "))
        }
    }

    /// A disk of 64 KiB: the former checkpoint stays whole.
    @Test(.enabled(if: SmallDisk.isAvailable, "mounting a small disk needs root")) func fullDisk() throws {
        let folder = try Folder()
        try folder.makeFolder("disk")
        let disk = try SmallDisk(at: folder.path("disk"))
        defer { disk.remove() }
        try Tool.succeed("train --model linear --data digits --epochs 1 --quiet -o disk/ckpt.bin", in: folder)
        let former = try folder.bytes("disk/ckpt.bin")
        let large = try Tool.run(
            Tool.words("train --model mlp:64-128-10 --data digits --epochs 1 --quiet -o disk/ckpt.bin"), in: folder)
        #expect(large.code == 1 && !large.isKilled)
        #expect(large.errorLines.count == 1 && large.errors.contains("space"))
        let found = try #require(large.errors.firstMatch(of: /It is in (.*) instead/)?.1)
        #expect(try Checkpoint.read(String(found)).theta.count == 65 * 128 + 129 * 10)
        try FileManager.default.removeItem(atPath: String(found))
        try Tool.refuse(
            "train --model mlp:64-512-10 --data digits --epochs 1 -o disk/other.bin", in: folder,
            saying: "needs 153640 bytes")
        let picture = try Tool.run(
            Tool.words("slice disk/ckpt.bin --dims 2 --points 41 --quiet -o disk/a.svg -o disk/b.npz"), in: folder)
        #expect(picture.code == 1 && !picture.isKilled && picture.errors.contains("space"))
        #expect(try folder.bytes("disk/ckpt.bin") == former)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path("disk"))
        #expect(left.allSatisfy { $0 == "ckpt.bin" || $0 == "a.svg" }, "left behind: \(left)")
    }
}

/// A mounted file system of 64 KiB in memory.
struct SmallDisk {
    let path: String

    /// Tried once: not every machine lets root mount.
    static let isAvailable: Bool = {
        guard getuid() == 0, let folder = try? Folder(), let disk = try? SmallDisk(at: folder.url.path) else {
            return false
        }
        disk.remove()
        return true
    }()

    init(at path: String) throws {
        self.path = path
        guard try Self.run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path) == 0 else {
            throw CocoaError(.fileWriteUnknown)
        }
    }

    func remove() { _ = try? Self.run("umount", path) }

    private static func run(_ words: String...) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
