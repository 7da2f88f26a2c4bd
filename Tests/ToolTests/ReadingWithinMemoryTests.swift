import Foundation
import Landscape
import TestSupport
import Testing

/// Data are read within `--memory`: a file that expands to more is refused before it is expanded.
@Suite struct ReadingWithinMemoryTests {
    /// 16 MB of zeros, in a hundredth of that.
    private func bomb(_ folder: Folder) throws {
        let x = NumericArray([Double](repeating: 0, count: 2_000_000), shape: [2000, 1000])
        let y = NumericArray([Int](repeating: 0, count: 2000))
        try NPZ.write([("x", .array(x)), ("y", .array(y))], deflated: true, to: folder.path("bomb.npz"))
        #expect(try folder.bytes("bomb.npz").count < 1 << 18)
    }

    @Test func compressedArchive() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try bomb(folder)
        try Tool.refuse(
            "evaluate --data npz:bomb.npz --memory 16M", in: folder, saying: "expands to 16000128 bytes", "--memory")
        // It is of another shape, which is found out where there is memory to read it.
        try Tool.refuse("evaluate --data npz:bomb.npz --memory 1G", in: folder, saying: "[1000]")
        try Tool.refuse("evaluate --data npz:bomb.npz", in: folder, saying: "[1000]")
    }

    /// Lines of a table, too.
    @Test func table() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let row = Array((String(repeating: "0.25,", count: 64) + "1\n").utf8)
        try folder.write((0..<20_000).flatMap { _ in row }, to: "t.csv")
        try Tool.refuse("evaluate --data csv:t.csv --memory 8M", in: folder, saying: "bytes", "--memory")
    }
}
