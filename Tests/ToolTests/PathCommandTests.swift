import ArrayFiles
import Foundation
import TestSupport
import Testing

/// `trajectory`, `interpolate` and `compare`.
@Suite struct PathCommandTests {
    @Test func trajectory() throws {
        let folder = try Folder()
        try folder.makeFolder("runs")
        try Tool.succeed(
            "train --model mlp:64-8-10 --data digits --epochs 4 --save-every 1 --quiet -o runs/ckpt.bin", in: folder)
        let found = try Tool.json(
            "trajectory runs --points 7x5 --examples 200 -o t.png -o t.npz -o t.csv -o t.vtr", in: folder)
        let points = try #require(found["points"] as? [[String: Any]])
        #expect(points.count == 5)
        #expect(points.compactMap { $0["epoch"] as? Int } == [0, 1, 2, 3, 4])
        #expect(
            points.allSatisfy {
                Set($0.keys).isSuperset(of: [
                    "checkpoint", "coordinates", "distance", "distance_to_plane", "loss", "plane_loss",
                ])
            })
        let variance = try #require(found["explained_variance"] as? [Double])
        #expect(abs(variance.reduce(0, +) - 1) < 1e-9 && zip(variance, variance.dropFirst()).allSatisfy { $0 >= $1 })
        // The end lies in the plane, with its own loss; every true loss is the checkpoint's.
        let last = try #require(points.last)
        #expect(last["distance"] as? Double == 0 && last["distance_to_plane"] as? Double == 0)
        #expect(last["loss"] as? Double == found["loss"] as? Double)
        #expect(last["plane_loss"] as? Double == found["loss"] as? Double)
        let first = try Tool.json("evaluate runs/ckpt.epoch000.bin --examples 200", in: folder)
        #expect(points[0]["loss"] as? Double == first["loss"] as? Double)
        let archive = try NPZ.read(folder.path("t.npz"))
        #expect(try archive.array("loss").shape == [5, 7] && archive.array("path").shape == [5, 2])
        #expect(try folder.text("t.csv").split(separator: "\n").count == 6)
        // Beside the checkpoint without -o; of the current folder without a name.
        let words = ["trajectory", "--points", "3", "--examples", "100"]
        let here = try Tool.Run(
            ["-c", "cd runs && exec '\(Tool.program.path)' \(words.joined(separator: " "))"], in: folder,
            program: URL(filePath: "/bin/sh")
        ).finish()
        #expect(here.code == 0 && here.errors.contains("ckpt.trajectory.png"), "\(here.errors)")

        try folder.makeFolder("empty")
        try Tool.refuse("trajectory empty", in: folder, saying: "no checkpoints", "--save-every")
        try Tool.refuse("trajectory nowhere", in: folder, saying: "nowhere")
        try Tool.refuse("trajectory t.csv", in: folder, saying: "is a file")
        try folder.makeFolder("one")
        try folder.write(try folder.bytes("runs/ckpt.bin"), to: "one/ckpt.bin")
        try Tool.refuse("trajectory one", in: folder, saying: "--save-every")
    }

    /// Two trainings in one plane: around the end of the first, with the losses that each has alone; drawn again from the saved file.
    @Test func company() throws {
        let folder = try Folder()
        for (number, rule) in ["adam --lr 0.003", "sgd --lr 0.1"].enumerated() {
            try folder.makeFolder("run\(number)")
            try Tool.succeed(
                "train --model mlp:64-8-10 --data digits --epochs 3 --save-every 1 --seed \(number) --optimizer \(rule) --quiet -o run\(number)/ckpt.bin",
                in: folder)
        }
        let options = "--points 5 --examples 100 --precision double"
        let found = try Tool.json("trajectory run0 run1 \(options) -o t.png -o t.npz -o t.csv", in: folder)
        let points = try #require(found["points"] as? [[String: Any]])
        #expect(
            points.compactMap { $0["folder"] as? String } == Array(repeating: "run0", count: 4)
                + Array(repeating: "run1", count: 4))
        #expect(found["loss"] as? Double == points[3]["loss"] as? Double && points[3]["distance"] as? Double == 0)
        for number in 0..<2 {
            let alone = try #require(
                try Tool.json("trajectory run\(number) \(options)", in: folder)["points"] as? [[String: Any]])
            #expect(
                alone.map { $0["loss"] as? Double } == points[4 * number..<4 * number + 4].map { $0["loss"] as? Double }
            )
        }
        // No plane of three holds two trainings from other seeds.
        #expect(points[4...].allSatisfy { ($0["distance"] as? Double ?? 0) > 1 })
        let archive = try NPZ.read(folder.path("t.npz"))
        #expect(try archive.array("training").doubles == [0, 0, 0, 0, 1, 1, 1, 1])
        try Tool.succeed("plot t.npz -o again.svg", in: folder)
        #expect(try folder.text("again.svg").contains("run1"))

        let scaled = try Tool.json("trajectory run0 run1 --scaled-by adam \(options)", in: folder)
        #expect(scaled["scaled_by"] as? String == "adam" && found["scaled_by"] is NSNull)
        let far = try #require(scaled["points"] as? [[String: Any]])
        #expect(far.map { $0["loss"] as? Double } == points.map { $0["loss"] as? Double })
        #expect(far[0]["distance"] as? Double != points[0]["distance"] as? Double)
        try Tool.refuse(
            "trajectory run1 --scaled-by adam", in: folder, saying: "--scaled-by adam", "expected adam or adamw")
        try Tool.refuse("trajectory run0 run0", in: folder, saying: "given twice")
        try folder.makeFolder("other")
        try Tool.succeed("train --model linear --data digits --epochs 1 --quiet -o other/ckpt.bin", in: folder)
        try Tool.refuse("trajectory run0 other", in: folder, saying: "other", "other tensors")
    }

    /// The same tensors in a graph of another activation are no network of the same family; three networks on one line span no plane.
    @Test func otherGraphs() throws {
        let folder = try Folder()
        for (number, model) in ["mlp:64-8-10", "mlp:64-8-10;activation=tanh", "mlp:64-8-10"].enumerated() {
            try Tool.succeed(
                "train --model \(model) --data digits --epochs 1 --seed \(number) --quiet -o \(number).bin", in: folder)
        }
        let words = ["1.bin", "computes something else", "one graph"]
        for line in [
            "interpolate 0.bin 1.bin --points 3", "align 0.bin 1.bin -o a.bin", "average 0.bin 1.bin -o m.bin",
        ] {
            let refused = try Tool.run(Tool.words(line + " --quiet"), in: folder)
            #expect(refused.code == 2 && words.allSatisfy(refused.errors.contains), "\(line): \(refused.errors)")
        }
        #expect(try !folder.names().contains("a.bin") && !folder.names().contains("m.bin"))
        try Tool.succeed("average 0.bin 2.bin -o mid.bin --quiet", in: folder)
        try Tool.refuse("interpolate 0.bin 2.bin mid.bin --points 3", in: folder, saying: "lie on one line")
    }

    /// No analysis writes over what it reads: a checkpoint, by another name, too, or its data.
    @Test func inputsStay() throws {
        let folder = try Folder()
        try Tool.succeed("train --model linear --data digits --epochs 1 --quiet -o k.json", in: folder)
        try FileManager.default.createSymbolicLink(atPath: folder.path("l.json"), withDestinationPath: "k.json")
        let x = NumericArray((0..<24).map { Double($0 % 7) }, shape: [12, 2])
        let y = NumericArray((0..<12).map { $0 % 2 })
        try NPZ.write([("x", .array(x)), ("y", .array(y))], to: folder.path("d.npz"))
        try Tool.succeed("train --model mlp:2-3-2 --data npz:d.npz --epochs 1 --quiet -o c.bin", in: folder)
        let before = try (folder.bytes("k.json"), folder.bytes("d.npz"))
        for line in [
            "evaluate k.json -o k.json", "hessian k.json -o l.json", "interpolate k.json l.json -o k.json",
            "slice c.bin --points 3 -o d.npz",
        ] {
            let refused = try Tool.run(Tool.words(line + " --quiet"), in: folder)
            #expect(refused.code == 2 && refused.errors.contains("which is read here"), "\(line): \(refused.errors)")
        }
        #expect(try folder.bytes("k.json") == before.0 && folder.bytes("d.npz") == before.1)
    }

    /// The plane's loss beside a checkpoint's own is the surface's at the checkpoint's coordinates: a surface with a corner there has it.
    @Test func lossInThePlane() throws {
        let folder = try Folder()
        try folder.makeFolder("runs")
        try Tool.succeed(
            "train --model mlp:64-8-10 --data digits --epochs 4 --save-every 1 --quiet -o runs/ckpt.bin", in: folder)
        let line = "trajectory runs --examples 100 --precision double"
        let points = try #require(
            try Tool.json(line + " --points 2 -o t.npz", in: folder)["points"] as? [[String: Any]])
        for point in points.dropLast() {
            let place = try #require(point["coordinates"] as? [Double])
            // From the coordinate outwards, so that no point of the axis is moved to 0.
            let ranges = place.map { $0 > 0 ? "\($0):\($0 + 1)" : "\($0 - 1):\($0)" }
            try Tool.succeed(
                line + " --points 2 --x-range=\(ranges[0]) --y-range=\(ranges[1]) --quiet -o corner.npz", in: folder)
            let corner = (place[0] > 0 ? 0 : 1) + 2 * (place[1] > 0 ? 0 : 1)
            let surface = try NPZ.read(folder.path("corner.npz")).array("loss").doubles[corner]
            let (own, plane) = (
                try #require(point["loss"] as? Double), try #require(point["plane_loss"] as? Double)
            )
            #expect(abs(plane - surface) < 1e-12 * surface)
            #expect(abs(own - plane) > 1e-6 * own, "the checkpoint is not in the plane")
        }
    }

    @Test func interpolation() throws {
        let folder = try Folder()
        for (seed, name) in ["a", "b", "c"].enumerated() {
            try Tool.succeed(
                "train --model mlp:64-8-10 --data digits --epochs 2 --seed \(seed) --quiet -o \(name).bin", in: folder)
        }
        let line = try Tool.json("interpolate a.bin b.bin --points 9 --examples 300 -o l.png -o l.npz", in: folder)
        let values = try #require(line["values"] as? [Double])
        #expect(values.count == 9 && (line["alpha"] as? [Double])?.last == 1)
        for (name, value) in [("a.bin", values[0]), ("b.bin", values[8])] {
            let alone = try Tool.json("evaluate \(name) --examples 300", in: folder)
            #expect(alone["loss"] as? Double == value)
        }
        let rise = values.enumerated().map { $1 - (values[0] * (8 - Double($0)) + values[8] * Double($0)) / 8 }.max()!
        #expect(abs(try #require(line["barrier"] as? Double) - rise) < 1e-9)

        let command = "interpolate a.bin b.bin --points 9 --examples 300 --curve bezier --steps 150"
        let curved = try Tool.json(command + " -o c.png -o c.npz", in: folder)
        let curve = try #require(curved["curve"] as? [String: Any])
        #expect(curved["barrier"] as? Double == line["barrier"] as? Double)
        #expect(try #require(curve["barrier"] as? Double) < rise / 2)
        #expect(try NPZ.read(folder.path("c.npz")).array("curve_points").shape == [3, 64 * 8 + 8 + 80 + 10])
        let again = try Tool.json(command + " --threads 1 -o d.npz", in: folder)
        #expect((again["curve"] as? [String: Any])?["values"] as? [Double] == curve["values"] as? [Double])

        let plane = try Tool.json(
            "interpolate a.bin b.bin c.bin --points 5 --examples 100 -o p.png -o p.npz", in: folder)
        #expect((plane["checkpoints"] as? [[String: Any]])?.count == 3)
        #expect((plane["values"] as? [[Double]])?.count == 5)
        #expect(Set((plane["barriers"] as? [String: Double] ?? [:]).keys) == ["ab", "ac", "bc"])

        try Tool.refuse("interpolate a.bin", in: folder, saying: "two")
        try Tool.refuse("interpolate a.bin a.bin", in: folder, saying: "same weights")
        try Tool.refuse("interpolate a.bin b.bin b.bin", in: folder, saying: "one line")
        try Tool.refuse("interpolate a.bin b.bin c.bin --curve bezier", in: folder, saying: "--curve")
        try Tool.refuse("interpolate a.bin nothing.bin", in: folder, saying: "nothing.bin")
        try Tool.refuse("interpolate a.bin b.bin --bends 0 --curve bezier", in: folder, saying: "--bends")
        try Tool.refuse(
            "interpolate a.bin b.bin --points 3 --curve bezier --lr 1e200 --steps 20 -o e.png", in: folder,
            saying: "diverged", "--lr")
        try Tool.succeed("train --model linear --data digits --epochs 1 --quiet -o other.bin", in: folder)
        try Tool.refuse("interpolate a.bin other.bin", in: folder, saying: "expected the tensors of")
    }

    /// With batch normalisation, every checkpoint's loss is with its own statistics, and with those of the data on request.
    @Test func trajectoryWithStatistics() throws {
        let folder = try Folder()
        try folder.makeFolder("runs")
        try Tool.succeed(
            "train --model resnet20 --data digits --examples 64 --batch-size 32 --epochs 2 --save-every 1 --quiet -o runs/ckpt.bin",
            in: folder)
        for mode in ["stored", "recalibrate"] {
            let found = try Tool.json(
                "trajectory runs --points 3 --examples 64 --batchnorm \(mode) -o t.npz", in: folder)
            let points = try #require(found["points"] as? [[String: Any]])
            #expect(points.count == 3 && found["batchnorm"] as? String == mode)
            for point in points {
                let path = try #require(point["checkpoint"] as? String)
                let alone = try Tool.json("evaluate \(path) --examples 64 --batchnorm \(mode)", in: folder)
                #expect(point["loss"] as? Double == alone["loss"] as? Double)
            }
            #expect(points[2]["plane_loss"] as? Double == points[2]["loss"] as? Double)
        }
        // A saved surface keeps its path.
        try Tool.succeed("plot t.npz --quiet -o p.svg", in: folder)
        #expect(try folder.text("p.svg").contains("checkpoints"))
    }

    /// With batch normalisation: statistics are measured anew along a curve, and the result says so.
    @Test func recalibration() throws {
        let folder = try Folder()
        for (seed, name) in ["a", "b"].enumerated() {
            try Tool.succeed(
                "train --model resnet20 --data digits --examples 64 --batch-size 32 --epochs 1 --seed \(seed) --quiet -o \(name).bin",
                in: folder)
        }
        let line = "interpolate a.bin b.bin --points 4 --examples 64"
        let stored = try Tool.json(line + " -o a.png", in: folder)
        let measured = try Tool.json(line + " --batchnorm recalibrate -o b.png", in: folder)
        #expect(stored["batchnorm"] as? String == "stored" && measured["batchnorm"] as? String == "recalibrate")
        #expect(stored["values"] as? [Double] != measured["values"] as? [Double])
        let curved = try Tool.json(line + " --curve bezier --steps 3 -o c.png", in: folder)
        #expect(curved["batchnorm"] as? String == "recalibrate")
        #expect(curved["values"] as? [Double] == measured["values"] as? [Double])
    }

    @Test func comparison() throws {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("train --model mlp:64-8-10 --data digits --epochs 1 --quiet -o b.bin", in: folder)
        let line = "compare a.bin b.bin --points 5 --examples 200"
        let found = try Tool.json(line + " -o c.png -o c.csv -o c.npz", in: folder)
        let rows = try #require(found["checkpoints"] as? [[String: Any]])
        #expect(rows.count == 2 && rows.compactMap { $0["checkpoint"] as? String } == ["a.bin", "b.bin"])
        for (row, name) in zip(rows, ["a.bin", "b.bin"]) {
            let alone = try Tool.json("evaluate \(name) --examples 200", in: folder)
            #expect(row["train_loss"] as? Double == alone["loss"] as? Double)
            let test = try Tool.json("evaluate \(name) --examples 200 --split test", in: folder)
            #expect(row["test_loss"] as? Double == test["loss"] as? Double)
            let slice = try Tool.json("slice \(name) --points 5 --examples 200 -o s.npz", in: folder)
            #expect((row["slice"] as? [String: Any])?["values"] as? [Double] == slice["values"] as? [Double])
            let hessian = try Tool.json("hessian \(name) --examples 200 --tolerance 1e-3 -o h.json", in: folder)
            let top = try #require((hessian["eigenvalues"] as? [Double])?.first)
            #expect(abs(try #require(row["lambda_max"] as? Double) - top) < 1e-4 * top)
            // The residual of the vector that was found, products in Float32 and all.
            #expect(try #require(row["lambda_max_residual"] as? Double) > 1e-10 * top)
        }
        #expect(try folder.text("c.csv").split(separator: "\n").count == 3)
        let printed = try Tool.succeed(line + " --quiet -o c.png", in: folder).output
        #expect(printed.split(separator: "\n").contains { $0.contains("mlp:64-32-10") && $0.contains("mlp:64-8-10") })
        try Tool.succeed("compare a.bin b.bin --points 5x4 --examples 100 --quiet -o maps.png", in: folder)
        try Tool.refuse("compare a.bin", in: folder, saying: "two")
        try Tool.refuse("compare a.bin nothing.bin", in: folder, saying: "nothing.bin")
    }

    /// `hessian` and `sharpness` of many checkpoints: each as it is measured alone, in the order of the steps.
    @Test func measuresOverSteps() throws {
        let folder = try Folder()
        try folder.makeFolder("runs")
        try Tool.succeed(
            "train --model mlp:64-4-10 --data digits --epochs 2 --save-every 1 --quiet -o runs/ckpt.bin", in: folder)
        let files = ["runs/ckpt.epoch002.bin", "runs/ckpt.epoch000.bin", "runs/ckpt.epoch001.bin"]
        let found = try Tool.json(
            "hessian \(files.joined(separator: " ")) --top 2 --trace --examples 100 -o h.csv -o h.png -o h.npz",
            in: folder)
        let rows = try #require(found["checkpoints"] as? [[String: Any]])
        #expect(rows.compactMap { $0["checkpoint"] as? String } == files.sorted())
        let steps = rows.compactMap { $0["step"] as? Int }
        #expect(steps.count == 3 && steps[0] == 0 && steps == steps.sorted())
        for row in rows {
            let path = try #require(row["checkpoint"] as? String)
            let alone = try Tool.json("hessian \(path) --top 2 --trace --examples 100", in: folder)
            #expect(row["eigenvalues"] as? [Double] == alone["eigenvalues"] as? [Double])
            #expect(row["loss"] as? Double == alone["loss"] as? Double)
        }
        let lines = try folder.text("h.csv").split(separator: "\n")
        #expect(lines.count == 4 && lines[0] == "checkpoint,step,loss,accuracy,eigenvalue_1,eigenvalue_2,trace")
        #expect(try NPZ.read(folder.path("h.npz")).array("eigenvalue_1").shape == [3])
        #expect(try folder.bytes("h.png").starts(with: [0x89, 0x50]))

        let sharpness = try Tool.json(
            "sharpness runs --rho 0.01,0.05 --measure average --samples 2 --examples 50", in: folder)
        #expect((sharpness["checkpoints"] as? [[String: Any]])?.count == 4)
        // A quiet run draws what is asked for alone.
        #expect(!folder.exists("runs/sharpness.png"))
        try Tool.succeed("sharpness runs --rho 0.01,0.05 --measure average --samples 2 --examples 50", in: folder)
        #expect(folder.exists("runs/sharpness.png"))
        for (line, words) in [
            ("hessian \(files.joined(separator: " ")) --along v.npy", "are for one checkpoint; found 3"),
            ("sharpness runs --save-epsilon e.npy", "is for one checkpoint; found 4"),
        ] {
            let outcome = try Tool.run(Tool.words(line), in: folder)
            #expect(outcome.code == 2 && outcome.errors.contains(words), "\(outcome.errors)")
        }
        try folder.write([1, 2, 3], to: "runs/broken.bin")
        try Tool.refuse("hessian runs --top 1", in: folder, saying: "broken.bin")
    }
}
