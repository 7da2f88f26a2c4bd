import Foundation
import Testing

@testable import Datasets

/// Paths of data as they are named from the folder of a checkpoint.
@Suite struct DataPlaceTests {
    static let here = FileManager.default.currentDirectoryPath

    @Test(arguments: [
        ("npz:a.npz", "c.bin", "npz:a.npz"), ("npz:d/a.npz", "c.bin", "npz:d/a.npz"),
        ("npz:a.npz", "runs/c.bin", "npz:../a.npz"), ("npz:runs/a.npz", "runs/c.bin", "npz:a.npz"),
        ("npz:runs/d/a.npz", "./runs/c.bin", "npz:d/a.npz"), ("npz:d/a.npz", "r/s/c.bin", "npz:../../d/a.npz"),
        ("npy:d/x.npy,r/y.npy", "r/c.bin", "npy:../d/x.npy,y.npy"), ("mnist:m", "r/c.bin", "mnist:../m"),
        ("npz:../a.npz", "../c.bin", "npz:a.npz"), ("npz:../d/a.npz", "../r/c.bin", "npz:../d/a.npz"),
        ("npz:\(here)/a.npz", "c.bin", "npz:a.npz"), ("npz:\(here)/d/a.npz", "\(here)/c.bin", "npz:d/a.npz"),
        ("npz:d/a.npz", "\(here)/c.bin", "npz:d/a.npz"), ("csv:a,b.csv", "r/c.bin", "csv:../a,b.csv"),
        // More would be said than was given.
        ("npz:a.npz", "../r/c.bin", nil), ("npz:a.npz", "/elsewhere/c.bin", nil),
        ("npz:/elsewhere/a.npz", "c.bin", nil),
        ("npz:~/a.npz", "c.bin", nil), ("npy:x.npy,/elsewhere/y.npy", "c.bin", nil), ("digits", "c.bin", nil),
        ("fashion-mnist", "c.bin", nil),
    ])
    func relative(_ data: String, _ checkpoint: String, _ expected: String?) throws {
        let found = try DataSpecification(data).relative(toFolderOf: checkpoint)
        #expect(found?.description == expected)
        guard let found else { return }
        // From the checkpoint's folder it is the same.
        let folder = checkpoint.contains("/") ? (checkpoint as NSString).deletingLastPathComponent : ""
        #expect(try found.named(from: folder).absolute == DataSpecification(data).absolute)
    }

    @Test func places() throws {
        let data = try DataSpecification("npy:d/x.npy,/e/y.npy")
        #expect(data.paths == ["d/x.npy", "/e/y.npy"])
        #expect(data.named(from: "runs").description == "npy:runs/d/x.npy,/e/y.npy")
        #expect(data.named(from: "").description == "npy:d/x.npy,/e/y.npy")
        #expect(data.beside("runs").description == "npy:runs/x.npy,runs/y.npy")
        #expect(data.beside("").description == "npy:x.npy,y.npy")
        #expect(!data.isThere && DataSpecification.digits.isThere && DataSpecification.digits.paths.isEmpty)
    }
}
