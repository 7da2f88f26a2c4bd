import ArrayFiles
import Foundation
import TestSupport
import Testing

/// What `slice` does beyond a plain grid.
@Suite struct SliceCommandTests {
    @Test func adaptive() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let line = "slice --dims 2 --points 41 --examples 300"
        let full = try Tool.json(line + " -o full.npz", in: folder)
        let found = try Tool.json(line + " --adaptive 0.02 -o a.npz -o a.png -o a.csv", in: folder)
        let adaptive = try #require(found["adaptive"] as? [String: Any])
        #expect(
            Set(adaptive.keys).isSuperset(of: [
                "tolerance", "estimated_error", "estimated_error_log", "held_out", "coverage",
            ]))
        #expect(adaptive["tolerance"] as? Double == 0.02 && adaptive["held_out"] as? Int == 59)
        #expect(try #require(adaptive["estimated_error"] as? Double) <= 0.02)
        let archive = try NPZ.read(folder.path("a.npz"))
        let isMeasured = try archive.array("evaluated").doubles.map { $0 != 0 }
        #expect(try archive.array("evaluated").shape == [41, 41])
        let count = isMeasured.count { $0 }
        #expect(found["evaluations"] as? Int == count && count * 4 < 41 * 41)
        #expect(full["evaluations"] as? Int == 41 * 41)
        let (truth, values) = (
            try NPZ.read(folder.path("full.npz")).array("loss").doubles, try archive.array("loss").doubles
        )
        let range = truth.max()! - truth.min()!
        for i in truth.indices {
            #expect(abs(values[i] - truth[i]) <= 0.02 * range)
            if isMeasured[i] { #expect(values[i] == truth[i]) }
        }
        #expect(found["center"] as? Double == full["center"] as? Double)
        #expect(found["curvature_grid"] as? Double == full["curvature_grid"] as? Double)
        #expect(try folder.text("a.csv").hasPrefix("alpha,beta,loss,accuracy,evaluated\n"))
    }

    @Test func planesAndSplits() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let line = "slice --points 9 --examples 200"
        let three = try Tool.json(line + " --planes 3 --seed 4 -o p.png -o p.npz", in: folder)
        let planes = try #require(three["planes"] as? [[String: Any]])
        #expect(planes.compactMap { $0["seed"] as? Int } == [4, 5, 6])
        // Each is the slice of its seed alone.
        let alone = try Tool.json(line + " --seed 5", in: folder)
        #expect(planes[1]["values"] as? [Double] == alone["values"] as? [Double])
        let band = try #require(three["band"] as? [String: [Double]])
        for i in 0..<9 {
            let values = planes.compactMap { ($0["values"] as? [Double])?[i] }
            #expect(band["lowest"]?[i] == values.min() && band["highest"]?[i] == values.max())
        }
        #expect(try NPZ.read(folder.path("p.npz")).array("planes").shape == [3, 9])
        try Tool.succeed("slice --points 5x4 --planes 2 --examples 100 --quiet -o map.png", in: folder)

        let both = try Tool.json(line + " --both-splits -o b.png", in: folder)
        #expect(both["other_split"] as? String == "test")
        let test = try Tool.json(line + " --split test", in: folder)
        #expect(both["other_values"] as? [Double] == test["values"] as? [Double])
        #expect(both["other_accuracies"] as? [Double] == test["accuracies"] as? [Double])
        // The test split has 355 examples: all of them, where more of the training split are taken.
        let more = try Tool.json("slice --points 3 --examples 400 --both-splits -o c.png", in: folder)
        let allTest = try Tool.json("slice --points 3 --split test -o c.png", in: folder)
        #expect(more["other_values"] as? [Double] == allTest["values"] as? [Double])
        try Tool.succeed("slice --points 5x4 --both-splits --examples 100 --quiet -o both.png", in: folder)
    }

    /// To where the loss has risen to a multiple, kept in the file; the same for all that are compared, and far enough for each.
    @Test func automaticRange() throws {
        let folder = try Folder()
        for (seed, epochs) in [1, 6].enumerated() {
            try Tool.succeed(
                "train --model mlp:64-8-10 --data digits --epochs \(epochs) --seed \(seed) --quiet -o \(seed).bin",
                in: folder)
        }
        let options = "--points 5 --examples 200 --range auto:4"
        var ends: [Double] = []
        for seed in 0..<2 {
            let found = try Tool.json("slice \(seed).bin \(options) -o s.npz", in: folder)
            let values = try #require(found["values"] as? [Double]), alpha = try #require(found["alpha"] as? [Double])
            #expect(max(values[0], values[4]) >= 4 * values[2] && alpha[0] == -alpha[4] && alpha[2] == 0)
            #expect((found["surface"] as? [String: Any])?["loss_multiple"] as? Double == 4)
            ends.append(alpha[4])
        }
        // By any number of threads, and drawn again.
        let again = try Tool.json("slice 1.bin \(options) --threads 1", in: folder)
        #expect((again["alpha"] as? [Double])?.last == ends[1])
        try Tool.succeed("plot s.npz -o again.png", in: folder)
        #expect(ends[0] != ends[1])
        // Shards keep it, and of several planes every one reaches.
        for part in 1...2 {
            try Tool.succeed("slice 1.bin \(options) --shard \(part)/2 --quiet -o part\(part).npz", in: folder)
        }
        try Tool.succeed("merge part1.npz part2.npz -o whole.npz", in: folder)
        let metadata = try NPZ.read(folder.path("whole.npz")).text("metadata")
        let whole = try #require(try JSONSerialization.jsonObject(with: Data(metadata.utf8)) as? [String: Any])
        #expect((whole["surface"] as? [String: Any])?["loss_multiple"] as? Double == 4)
        let planes = try #require(
            try Tool.json("slice 1.bin \(options) --planes 3", in: folder)["planes"] as? [[String: Any]])
        for plane in planes {
            let values = try #require(plane["values"] as? [Double])
            #expect(max(values[0], values[4]) >= 4 * values[2])
        }
        let compared = try Tool.json("compare 0.bin 1.bin \(options) --measures lambda_max", in: folder)
        for entry in try #require(compared["checkpoints"] as? [[String: Any]]) {
            let slice = try #require(entry["slice"] as? [String: Any])
            #expect((slice["alpha"] as? [Double])?.last == ends.max())
        }
        let plain = try Tool.json("slice 1.bin --points 5 --examples 200", in: folder)
        #expect((plain["surface"] as? [String: Any])?["loss_multiple"] is NSNull)
        try Tool.refuse("slice 0.bin --range auto --x-range -1:1", in: folder, saying: "--range auto and --x-range")
        try Tool.refuse("slice 0.bin --range auto:1", in: folder, saying: "--range auto:1", "above 1")
        try Tool.refuse("slice 0.bin --range far", in: folder, saying: "--range")
    }

    /// Along the plane of a training's checkpoints: its directions are the principal components of θ_t − θ_T, and the path reaches
    /// from the centre to 1 or −1 along each, its start to a positive coordinate.
    @Test func trajectoryDirections() throws {
        let folder = try Folder()
        try folder.makeFolder("runs")
        try Tool.succeed(
            "train --model linear --data digits --epochs 4 --save-every 1 --quiet -o runs/ckpt.bin", in: folder)
        let found = try Tool.json(
            "slice runs/ckpt.bin --directions pca:runs --points 5x3 --examples 200 -o s.npz", in: folder)
        let surface = try #require(found["surface"] as? [String: Any])
        #expect(surface["directions"] as? String == "pca" && surface["normalization"] as? String == "none")
        #expect(abs(try #require(found["cosine"] as? Double)) < 1e-10)
        let archive = try NPZ.read(folder.path("s.npz"))
        let axes = try (1...2).map { try archive.array("direction_\($0)").doubles }
        // θ_t − θ_T of the checkpoints on the way, the directions of slices towards them.
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("runs")).sorted().filter {
            $0.contains(".epoch") && $0.hasSuffix(".bin")
        }
        #expect(names.count == 5)  // the last of them is θ_T
        let path = try names.dropLast().map { name in
            try Tool.succeed(
                "slice runs/ckpt.bin --directions to:runs/\(name) --points 3 --examples 200 --quiet -o t.npz",
                in: folder)
            return try NPZ.read(folder.path("t.npz")).array("direction_1").doubles
        }
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        var variances: [Double] = []
        for axis in axes {
            let square = dot(axis, axis), coordinates = path.map { dot($0, axis) / square }
            #expect(abs(coordinates.map(abs).max()! - 1) < 1e-9 && coordinates[0] > 0, "\(coordinates)")
            // Σ w wᵀ d = λ d for w = θ_t − θ_T. Rounding is 1e-16 of ‖w‖²; 1e-9 is far above.
            var product = [Double](repeating: 0, count: axis.count)
            for (w, coordinate) in zip(path, coordinates) {
                for i in axis.indices { product[i] += coordinate * square * w[i] }
            }
            let variance = dot(axis, product) / square
            let residual = zip(product, axis).map { $0 - variance * $1 }
            #expect(dot(residual, residual).squareRoot() <= 1e-9 * dot(product, product).squareRoot())
            variances.append(variance)
        }
        // The two of most variance: what is left has less than the second, which has less than the first.
        let total = path.reduce(0) { $0 + dot($1, $1) }
        #expect(variances[0] > variances[1] && total - variances[0] - variances[1] < variances[1])
        try folder.makeFolder("empty")
        try Tool.refuse(
            "slice runs/ckpt.bin --directions pca:empty", in: folder, saying: "no checkpoints", "--save-every")
        try Tool.refuse("slice runs/ckpt.bin --directions pca:nowhere", in: folder, saying: "nowhere")
    }

    /// Eigenvectors stay what they are: the slice's curvature along them is the eigenvalue.
    @Test func eigenvectors() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let line = "--examples 200 --precision double"
        let slice = try Tool.json("slice --directions eigen --points 5x5 \(line) -o s.png", in: folder)
        let hessian = try Tool.json("hessian --top 2 --tolerance 1e-6 \(line) -o h.json", in: folder)
        let values = try #require(hessian["eigenvalues"] as? [Double])
        for (key, value) in zip(["curvature_hvp", "curvature_hvp_2"], values) {
            // The slice's eigenvectors are converged to 1e-3, their quotients to its square.
            #expect(abs(try #require(slice[key] as? Double) - value) < 1e-4 * value)
        }
        let given = try Tool.json(
            "slice --directions eigen --normalization filter --points 3 \(line) -o s.png", in: folder)
        #expect((given["surface"] as? [String: Any])?["normalization"] as? String == "filter")
    }

    /// What was kept of a slice of other settings is not deleted by one that finishes; what was kept of the same is.
    @Test func othersInterruptionsAreKept() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        func kept() throws -> [String] { try folder.names().filter { $0.hasSuffix(".unfinished") } }
        try Tool.interrupted("slice --dims 2 --points 201 --seed 3", by: SIGTERM, in: folder)
        let first = try kept()
        try Tool.succeed("slice --points 5 --examples 100 --quiet", in: folder)
        #expect(try first.count == 1 && kept() == first)
        // How a result is shown does not matter.
        try Tool.interrupted("slice --dims 2 --points 101 --quiet -o a.png", by: SIGXCPU, in: folder)
        #expect(try kept().count == 2)
        let again = try Tool.succeed("slice --dims 2 --points 101 --json -o b.png", in: folder)
        #expect(again.errors.contains("beginning anew") && again.errors.contains("--resume"))
        #expect(try kept() == first)
    }

    @Test(arguments: [
        ("slice --planes 0", ["--planes 0"]), ("slice --planes 2 --directions eigen", ["random"]),
        ("slice --planes 2 --both-splits", ["--both-splits"]), ("slice --adaptive 0", ["--adaptive", "0.01"]),
        ("slice --adaptive 2", ["--adaptive"]), ("slice --adaptive nan", ["--adaptive"]),
        ("slice --shard 0/3 -o a.npz", ["0/3"]), ("slice --shard 4/3 -o a.npz", ["4/3"]),
        ("slice --shard 1 -o a.npz", ["i/n"]), ("slice --shard 1/2", [".npz"]),
        ("slice --shard 1/2 -o a.png", [".npz"]),
        ("slice --shard 1/2 --adaptive 0.1 -o a.npz", ["--adaptive"]),
    ]) func refused(_ line: String, _ saying: [String]) throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try Tool.refuse(line, in: folder)
        let errors = try Tool.run(Tool.words(line), in: folder).errors
        for words in saying { #expect(errors.contains(words), "landscape \(line) does not say '\(words)': \(errors)") }
    }
}
