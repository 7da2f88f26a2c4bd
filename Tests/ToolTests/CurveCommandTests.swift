import ArrayFiles
import Foundation
import Landscape
import TestSupport
import Testing

/// `interpolate --curve`, and networks along a curve as checkpoints.
@Suite struct CurveCommandTests {
    private func folder(_ model: String = "mlp:64-8-10", _ options: String = "") throws -> Folder {
        let folder = try Folder()
        for (seed, name) in ["a", "b"].enumerated() {
            try Tool.succeed(
                "train --model \(model) --data digits --examples 200 --epochs 30 --batch-size 32 \(options) --seed \(seed) --quiet -o \(name).bin",
                in: folder)
        }
        return folder
    }

    /// Each kind passes below the line; its highest loss is at least that of the profile; any number of threads gives the same bits.
    @Test(arguments: ["bezier", "polygon", "neb"]) func kinds(_ kind: String) throws {
        let folder = try folder()
        let words =
            "interpolate a.bin b.bin --points 11 --curve \(kind) --steps 120" + (kind == "neb" ? " --cycles 3" : "")
        let found = try Tool.json(words + " --threads 1 -o c.npz -o c.png", in: folder)
        let curve = try #require(found["curve"] as? [String: Any])
        let highest = try #require(curve["highest"] as? [String: Any])
        let values = try #require(curve["values"] as? [Double])
        let loss = try #require(highest["loss"] as? Double)
        #expect(curve["kind"] as? String == kind && values.count == 11)
        #expect(try #require(curve["barrier"] as? Double) < 0.7 * (found["barrier"] as? Double ?? 0))
        #expect(loss >= values.max()! && loss < 1.1 * values.max()!)
        #expect(try #require(highest["error"] as? Double) < 0.05 * loss)
        #expect(try #require(highest["standard_error"] as? Double) > 0)
        let bends = try #require(curve["bends"] as? Int), gradients = try #require(curve["gradients"] as? Int)
        #expect(kind == "neb" ? bends >= 3 && bends <= 7 && gradients >= 360 : bends == 1 && gradients == 120)
        let archive = try NPZ.read(folder.path("c.npz"))
        #expect(try archive.array("curve_t").shape == [bends + 2])
        let again = try Tool.json(words + " --threads 2 -o d.npz", in: folder)
        let other = try #require(again["curve"] as? [String: Any])
        #expect(NSDictionary(dictionary: other) == NSDictionary(dictionary: curve))
        #expect(
            try NPZ.read(folder.path("d.npz")).array("curve_points").doubles
                == archive.array("curve_points").doubles)
    }

    /// The standard error is that of the examples' own losses, each evaluated alone.
    @Test func standardError() throws {
        let folder = try folder()
        let loss = try ModelLoss(Model.open(folder.path("a.bin")), name: "a.bin")
        let losses = try (0..<loss.examples).map { try loss.restricted(to: [$0]).evaluate(at: loss.theta).loss }
        let count = Double(losses.count), mean = losses.reduce(0, +) / count
        let variance: Double = losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let expected = (variance / count).squareRoot()
        let found = try #require(try loss.standardError(at: loss.theta))
        #expect(abs(found - expected) < 1e-5 * expected, "\(found), \(expected)")
        var settings = ModelLoss.Settings()
        settings.weightDecay = .coefficient(0.1)
        let penalized = try ModelLoss(Model.open(folder.path("a.bin")), name: "a.bin", settings)
        #expect(try penalized.standardError(at: loss.theta) == found)
    }

    /// The files are in order, load, have the profile's losses, and serve `trajectory`; batch normalisation with its measured statistics.
    @Test(arguments: ["", "--norm batch"]) func saved(_ norm: String) throws {
        let folder = try folder("mlp:64-8-10", norm)
        let command = "interpolate a.bin b.bin --points 5 --curve polygon --steps 60 --save-curve path"
        let found = try Tool.json(command, in: folder)
        let curve = try #require(found["curve"] as? [String: Any])
        let values = try #require(curve["values"] as? [Double])
        let highest = try #require(curve["highest"] as? [String: Any])
        let saved = try #require(curve["saved"] as? [String: Any])
        let count = try #require(saved["checkpoints"] as? Int)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("path")).sorted()
        #expect(names == (0..<count).map { "curve.00\($0).bin" } && (5...6).contains(count))
        let losses = try names.map {
            try #require(try Tool.json("evaluate path/\($0)", in: folder)["loss"] as? Double)
        }
        // Statistics are kept in Float32.
        let tolerance = norm.isEmpty ? 0 : 1e-5
        let top = try #require(highest["loss"] as? Double)
        let file = try #require(saved["highest"] as? String)
        let expected = count == 5 ? values : (values + [top]).sorted()
        #expect(count == 6 || values.contains(top))
        #expect(
            zip(losses.sorted(), expected.sorted()).allSatisfy { abs($0 - $1) <= tolerance * $1 },
            "\(losses), \(expected)")
        #expect(abs(losses[names.firstIndex { file.hasSuffix($0) }!] - top) <= tolerance * top)
        #expect(try Model.open(folder.path("path/curve.000.bin")).theta == Model.open(folder.path("a.bin")).theta)
        #expect(
            try Model.open(folder.path("path/\(names.last!)")).theta == Model.open(folder.path("b.bin")).theta)
        let record = try Model.open(folder.path("path/curve.002.bin")).metadata
        #expect(record.step == 2 && record.training?.derivation?.hasPrefix("polygon curve at t = ") == true)
        let path = try Tool.json("trajectory path --points 3", in: folder)
        #expect((path["points"] as? [[String: Any]])?.count == count)
        // No training goes on from them.
        let resumed = try Tool.run(
            Tool.words("train --model mlp:64-8-10 --data digits --resume -o path/curve.001.bin"), in: folder)
        #expect(resumed.code != 0)
        // Once more into the same folder, and not over it from another network.
        _ = try Tool.json(command, in: folder)
        try Tool.refuse(
            command.replacing("a.bin b.bin", with: "b.bin a.bin"), in: folder,
            saying: "curve.000.bin, which is of no curve from b.bin", "a new folder or an empty one")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("path")).sorted() == names)
    }

    @Test func refused() throws {
        let folder = try folder()
        let line = "interpolate a.bin b.bin --points 3 --curve bezier --steps 2"
        try folder.makeFolder("other")
        try folder.write(try folder.bytes("a.bin"), to: "other/x.bin")
        try folder.makeFolder("own")
        for (name, copy) in [("a.bin", "curve.000.bin"), ("b.bin", "curve.001.bin")] {
            try folder.write(try folder.bytes(name), to: "own/\(copy)")
        }
        try Tool.refuse(line + " --save-curve other", in: folder, saying: "it holds x.bin")
        try Tool.refuse(line + " --save-curve a.bin", in: folder, saying: "it is a file")
        try Tool.refuse(
            "interpolate own/curve.000.bin own/curve.001.bin --points 3 --curve bezier --steps 2 --save-curve own",
            in: folder, saying: "it holds curve.000.bin")
        #expect(try folder.bytes("own/curve.001.bin") == folder.bytes("b.bin"))
        for (words, text) in [
            ("interpolate a.bin b.bin --save-curve path", "no effect without --curve"),
            (line + " --cycles 2", "no effect without --curve neb"),
            ("interpolate a.bin b.bin --curve neb --cycles 0", "--cycles 0"),
            ("interpolate a.bin b.bin --curve neb --cycles 101", "--cycles 101"),
            ("interpolate a.bin b.bin --curve spline", "neb"),
        ] {
            let outcome = try Tool.run(Tool.words(words), in: folder)
            #expect(outcome.code == 2 && outcome.errors.contains(text), "\(words): \(outcome.errors)")
        }
        try Tool.refuse(
            "interpolate a.bin b.bin --points 3 --curve neb --lr 1e200 --steps 20 -o e.png", in: folder,
            saying: "diverged", "--lr")
        #expect(!folder.exists("path"))
    }
}
