import Foundation
import TestSupport
import Testing

/// What results say of the numbers that they were computed with: batches that are normalised together, and precision.
@Suite struct BatchStatisticsTests {
    static let train = "train --norm batch --model mlp:64-8-10 --data digits --examples 200 --epochs 1 --quiet"

    /// The batches of the training are those whose statistics are measured; the shards of m-SAM are normalised each on its own.
    @Test(arguments: [("--batch-size 50", 50), ("--batch-size 50 --optimizer sam --m 25", 25), ("", 128)])
    func recalibratedAsTrained(_ options: String, _ size: Int) throws {
        let folder = try Folder()
        try Tool.succeed("\(Self.train) \(options)", in: folder)
        let own = try Tool.json("evaluate --batchnorm recalibrate", in: folder)
        #expect(own["batchnorm_batch_size"] as? Int == size)
        func loss(_ size: Int) throws -> Double {
            try #require(
                try Tool.json("evaluate --batchnorm recalibrate --batch-size \(size)", in: folder)["loss"] as? Double)
        }
        #expect(try own["loss"] as? Double == loss(size))
        #expect(try loss(size) != loss(40))
    }

    @Test func sizesAreStated() throws {
        let folder = try Folder()
        try Tool.succeed(Self.train, in: folder)
        #expect(try Tool.json("evaluate", in: folder)["batchnorm_batch_size"] == nil)
        let line = "evaluate --batchnorm batch"
        #expect(try Tool.json(line, in: folder)["batchnorm_batch_size"] as? Int == 200)
        #expect(try Tool.json("\(line) --batch-size 30", in: folder)["batchnorm_batch_size"] as? Int == 30)
        #expect(try Tool.succeed("\(line) --batch-size 30 --quiet", in: folder).output.contains("batches of 30"))
        try Tool.succeed("\(line) --batch-size 30 --quiet --key batchnorm_batch_size", in: folder)
        // Without batch normalisation there is nothing to state.
        try Tool.succeed("train --model linear --data digits --epochs 1 --quiet -o plain.bin", in: folder)
        #expect(try Tool.json("evaluate plain.bin --batchnorm batch", in: folder)["batchnorm_batch_size"] == nil)
    }

    @Test func roundedWeightsAreSaid() throws {
        let folder = try Folder()
        for precision in ["double", "float"] {
            try Tool.succeed("\(Self.train) --precision \(precision) -o \(precision).bin", in: folder)
        }
        let rounded = try Tool.succeed("evaluate double.bin", in: folder).errors
        #expect(rounded.contains("Float64") && rounded.contains("--precision double"))
        // Once, for however many checkpoints.
        let several = try Tool.succeed("compare double.bin double.bin --points 3 --examples 20", in: folder).errors
        #expect(several.components(separatedBy: "Float64").count == 2, "\(several)")
        for line in [
            "double.bin --precision double", "float.bin", "float.bin --precision double", "double.bin --quiet",
        ] {
            #expect(!(try Tool.succeed("evaluate \(line)", in: folder).errors.contains("Float64")), "\(line)")
        }
    }
}
