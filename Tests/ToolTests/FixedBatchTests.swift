import Foundation
import TestSupport
import Testing

/// Losses of one number for a batch, in graphs that were exported for one size of batch.
@Suite struct FixedBatchTests {
    private static let source = Fixtures.path("networks/contrastive-fixed")

    private func imported(_ options: String = "") throws -> Folder {
        let folder = try Folder()
        for file in ["model.onnx", "data.npz"] {
            try FileManager.default.copyItem(
                atPath: "\(Self.source)/\(file)", toPath: folder.url.appending(path: file).path)
        }
        let run = try Tool.succeed(
            "import model.onnx --data npz:data.npz --loss output -o c.bin \(options)", in: folder)
        #expect(run.errors.contains("batches of 8 examples alone"))
        return folder
    }

    /// The graph's own batch is taken where none is named, and results say so.
    @Test func exportedBatchIsTaken() throws {
        let folder = try imported()
        let run = try Tool.succeed("evaluate c.bin --precision double", in: folder)
        #expect(run.output.contains("mean over batches of 8"))
    }

    /// Of another batch the graph is another function.
    @Test(arguments: [
        "import model.onnx --data npz:data.npz --loss output --batch-size 12 -o d.bin",
        "evaluate c.bin --batch-size 12",
        "train --start c.bin --steps 1 -o d.bin", "train --start c.bin --steps 1 --batch-size 4 -o d.bin",
        "train --start c.bin --steps 1 --batch-size 8 --optimizer sam --m 4 -o d.bin",
    ]) func otherBatchesAreRefused(_ command: String) throws {
        try Tool.refuse(command, in: try imported(), saying: "--batch-size 8", "dynamic_shapes")
    }

    /// Training leaves out what fills no batch, in a step of several batches, too.
    @Test(arguments: [("", 4), (" --accumulate 2", 2), (" --accumulate 4", 2)])
    func trainingDropsTheRest(_ options: String, _ steps: Int) throws {
        let folder = try imported()
        let command = "train --start c.bin --examples 20 --batch-size 8 --epochs 2 -o d.bin --key steps\(options)"
        #expect(try Tool.succeed(command, in: folder).output == "\(steps)\n")
    }

    /// A curve between networks trains on whole batches, too.
    @Test func curves() throws {
        let folder = try imported()
        try Tool.succeed("train --start c.bin --batch-size 8 --steps 2 -o d.bin", in: folder)
        try Tool.succeed(
            "interpolate c.bin d.bin --examples 20 --curve bezier --steps 3 --curve-batch-size 8", in: folder)
    }
}
