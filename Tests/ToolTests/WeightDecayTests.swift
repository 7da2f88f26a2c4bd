import ArrayFiles
import Foundation
import TestSupport
import Testing

/// `--include-weight-decay`: analyses of L + ½λ‖θ‖² with the λ that the network was trained with.
@Suite struct WeightDecayTests {
    /// The default of SGD, with which `Trained` is trained.
    private let decay = 5e-4

    private func number(_ value: Any?) throws -> Double { try #require(value as? Double) }

    @Test func spectrum() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let line =
            "hessian --top 2 --bottom 2 --trace --tolerance 1e-9 --precision double --examples 200 --iterations 3000"
        let without = try Tool.json(line, in: folder),
            with = try Tool.json(line + " --include-weight-decay", in: folder)
        #expect(without["weight_decay_in_loss"] is NSNull && with["weight_decay_in_loss"] as? Double == decay)
        for key in ["eigenvalues", "eigenvalues_low"] {
            let a = try #require(with[key] as? [Double]), b = try #require(without[key] as? [Double])
            // Each is known to its residual squared by the gap, well within 1e-8.
            for (a, b) in zip(a, b) { #expect(abs(a - b - decay) < 1e-8) }
        }
        let (a, b) = (try #require(with["trace"] as? [String: Any]), try #require(without["trace"] as? [String: Any]))
        // λP, estimated with the same probes: exact for a multiple of the identity but for the range of the sketch.
        let (shifted, value) = try (number(a["value"]), number(b["value"]))
        #expect(abs(shifted - value - decay * 2410) < 1e-3 * value)
        let (loss, plain) = (try number(with["loss"]), try number(without["loss"]))
        let norm = try number(with["weight_norm"])
        #expect(abs(loss - plain - 0.5 * decay * norm * norm) < 1e-12)
    }

    @Test func otherAnalyses() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        func both(_ line: String, _ value: String = "") throws -> (with: [String: Any], without: [String: Any]) {
            let line = line + " --precision double --examples 100"
            return (
                try Tool.json(line + " --include-weight-decay" + value, in: folder), try Tool.json(line, in: folder)
            )
        }
        // ½λ‖θ + αd‖² is ½λ‖θ‖² at the centre, with second difference λ‖d‖², which the audit sees from the product.
        let slice = try both("slice --points 5 -o s.npz")
        let direction = try NPZ.read(folder.path("s.npz")).array("direction_1").doubles
        let length = direction.reduce(0) { $0 + $1 * $1 }
        for key in ["curvature_hvp", "curvature_grid"] {
            let (a, b) = try (
                #require(slice.with[key] as? Double), #require(slice.without[key] as? Double)
            )
            #expect(abs(a - b - decay * length) < 1e-9 * (1 + abs(a)))
        }
        // E ½λ(‖θ + ε‖² − ‖θ‖²) = ½λρ²P; antithetic pairs leave only ‖ε‖², of which 20 pairs know the mean to 1 %.
        let average = try both("sharpness --measure average --rho 0.05 --samples 20", " --weight-decay 0.1")
        let values = try [average.with, average.without].map {
            try number(try #require($0["average_case"] as? [String: Any])["value"])
        }
        let expected = 0.5 * 0.1 * 0.05 * 0.05 * 2410
        #expect(abs(values[0] - values[1] - expected) < 0.05 * expected)
        // λ = 1e6 drowns the data: the worst case is ½λ((‖θ‖ + ρ)² − ‖θ‖²).
        let worst = try both("sharpness --rho 0.05 --restarts 1", " --weight-decay 1e6").with
        let bound = try number(try #require(worst["worst_case"] as? [String: Any])["lower_bound"])
        let norm = try number(worst["weight_norm"])
        let highest = 0.5 * 1e6 * (2 * norm * 0.05 + 0.05 * 0.05)
        #expect(abs(bound - highest) < 1e-4 * highest)
        let printed = try Tool.succeed("evaluate --examples 100 --include-weight-decay", in: folder)
        #expect(printed.output.contains("+ ½·0.0005·‖θ‖²"))
    }

    /// Where λ is not known, or is not one number, that is said.
    @Test func refused() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try Tool.succeed("export ckpt.bin -o w.npz --quiet", in: folder)
        try Tool.succeed("import w.npz --model mlp:64-32-10 --data digits -o imported.bin --quiet", in: folder)
        let train = "train --model mlp:64-32-10 --data digits --steps 2 --quiet"
        try Tool.succeed(train + " --weight-decay 0.1 -o other.bin", in: folder)
        try Tool.succeed(train + " --optimizer adamw -o adamw.bin", in: folder)
        try Tool.refuse(
            "evaluate imported.bin --include-weight-decay", in: folder, saying: "imported.bin", "--weight-decay X")
        try Tool.refuse("evaluate adamw.bin --include-weight-decay", in: folder, saying: "adamw", "--weight-decay X")
        try Tool.refuse("evaluate --weight-decay 0.1", in: folder, saying: "--include-weight-decay")
        try Tool.refuse("evaluate --include-weight-decay --weight-decay -1", in: folder, saying: "--weight-decay")
        for command in ["interpolate", "compare"] {
            try Tool.refuse(
                "\(command) ckpt.bin other.bin --include-weight-decay", in: folder, saying: "0.0005", "0.1",
                "--weight-decay")
        }
        for matrix in ["fisher", "empirical-fisher"] {
            try Tool.refuse(
                "hessian --operator \(matrix) --include-weight-decay", in: folder, saying: "--operator \(matrix)")
        }
        try folder.makeFolder("runs")
        try Tool.refuse("study runs --include-weight-decay", in: folder, saying: "--include-weight-decay")
        let given = try Tool.json(
            "evaluate imported.bin --include-weight-decay --weight-decay 0.25 --precision double", in: folder)
        #expect(given["weight_decay_in_loss"] as? Double == 0.25)
        let line = try Tool.json(
            "interpolate ckpt.bin other.bin --include-weight-decay --weight-decay 0.01 --points 3 --examples 50",
            in: folder)
        let ends = try ["ckpt.bin", "other.bin"].map {
            try Tool.json("evaluate \($0) --include-weight-decay --weight-decay 0.01 --examples 50", in: folder)
        }
        let values = try #require(line["values"] as? [Double])
        #expect(values.first == ends[0]["loss"] as? Double && values.last == ends[1]["loss"] as? Double)
    }
}
