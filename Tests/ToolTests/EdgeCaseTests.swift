import ArrayFiles
import Foundation
import TestSupport
import Testing

/// Numbers, weights and requests at the ends of what there is.
@Suite struct EdgeCaseTests {
    /// PyTorch's losses of perceptrons with its norms (Tests/Fixtures/mlp_norms/make.py, PyTorch 2.15.0, Float64).
    @Test(arguments: [
        ("batch", "stored", 1.1129540629416321, 0.2649849950338406),
        ("batch", "batch", 1.2182214310175896, 0.47567824006481196),
        ("layer", "stored", 1.1532001163264534, 1.01687599797445),
    ])
    func normsOfPerceptrons(_ norm: String, _ mode: String, _ loss: Double, _ gradient: Double) throws {
        let folder = try Folder()
        let files = Fixtures.path("mlp_norms")
        try Tool.succeed(
            "import \(files)/\(norm).pt --model mlp:5-8-4-3 --norm \(norm) --activation tanh --precision double --data npy:\(files)/x.npy,\(files)/y.npy",
            in: folder)
        let found = try Tool.json("gradient --precision double --batchnorm \(mode) --batch-size 40", in: folder)
        // Some tens of roundings.
        #expect(abs(try #require(found["loss"] as? Double) - loss) < 1e-14)
        #expect(abs(try #require(found["gradient_norm"] as? Double) - gradient) < 1e-13)
        #expect(found["model"] as? String == "mlp:5-8-4-3;activation=tanh;norm=\(norm)")
    }

    /// Statistics of batches of one example are refused, and no batch is left with one by default.
    @Test func statisticsOfOneExample() throws {
        let folder = try Folder()
        try Tool.succeed(
            "train --model mlp:64-8-10 --norm batch --data digits --epochs 1 --examples 129 --batch-size 43 --quiet",
            in: folder)
        for (mode, size) in [("recalibrate", 1), ("recalibrate", 128), ("batch", 1), ("batch", 64), ("batch", 2)] {
            let line = "evaluate --batchnorm \(mode) --batch-size \(size)"
            try Tool.refuse(line, in: folder, saying: "one value a channel", "--batch-size")
        }
        for line in [
            "evaluate --batchnorm recalibrate", "evaluate --batchnorm batch --batch-size 43", "evaluate --batch-size 1",
        ] {
            try Tool.succeed(line + " --quiet", in: folder)
        }
        try Tool.succeed(
            "train --model mlp:64-8-10 --data digits --epochs 1 --examples 9 --quiet -o plain.bin", in: folder)
        try Tool.succeed("evaluate plain.bin --batchnorm recalibrate --batch-size 1 --quiet", in: folder)
    }

    /// Where outputs are NaN no class is chosen, and NaN has one form.
    @Test func notANumber() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let found = try Tool.json("slice --range 1e30 --points 5 --examples 50 -o n.csv", in: folder)
        let accuracies = try #require(found["accuracies"] as? [Any]), values = try #require(found["values"] as? [Any])
        #expect(values.count { $0 is NSNull } >= 2)
        for (accuracy, value) in zip(accuracies, values) { #expect(accuracy is NSNull == value is NSNull) }
        let table = try folder.text("n.csv")
        #expect(table.contains(",nan,nan") && !table.contains("-nan"))
    }

    /// A page is made of a network with no filters to scale directions to; what cannot be drawn is left out with its reason.
    @Test(arguments: [("linear", 3, 3), ("mlp:1-1", 1, 1), ("mlp:2-1", 2, 1)])
    func reportOfZeros(_ model: String, _ inputs: Int, _ outputs: Int) throws {
        let folder = try Folder()
        let random = (0..<30).map { Double($0 * 7 % 11) / 5 - 1 }
        try folder.write(
            NumericArray((0..<30 * inputs).map { random[$0 % 30] + Double($0 % 4) }, shape: [30, inputs]), to: "x.npy")
        try folder.write(
            outputs == 1 ? NumericArray(random) : NumericArray((0..<30).map { $0 % outputs } as [Int]), to: "y.npy")
        let name = model == "linear" ? "fc" : "fc1"
        try NPZ.write(
            [
                (
                    "\(name).weight",
                    .array(NumericArray([Double](repeating: 0, count: outputs * inputs), shape: [outputs, inputs]))
                ),
                ("\(name).bias", .array(NumericArray([Double](repeating: 0, count: outputs)))),
            ], to: folder.path("zero.npz"))
        try Tool.succeed("import zero.npz --model \(model) --data npy:x.npy,y.npy -o z.bin --quiet", in: folder)
        try Tool.refuse("slice z.bin --points 3", in: folder, saying: "zero", "--normalization")
        let refusal = try Tool.run(["compare", "z.bin", "z.bin"], in: folder)
        #expect(refusal.code == 2 && refusal.errors.contains("zero"))
        #expect(!refusal.errors.contains("--directions") && !refusal.errors.contains("--normalization"))
        for checkpoints in ["z.bin", "z.bin z.bin"] {
            let found = try Tool.json("report \(checkpoints) -o page --points 5", in: folder)
            let files = try #require(found["files"] as? [String])
            #expect(
                files.contains { $0.hasSuffix("z.sharpness.png") } && files.contains { $0.hasSuffix("z.hessian.png") })
            #expect(files.allSatisfy { folder.exists($0) })
            let page = try folder.text("page/index.html")
            #expect(page.contains("direction 1 is zero after filter normalisation"))
            #expect(page.contains("--normalization none") && files.contains { $0.hasSuffix("z.slice.png") })
            if checkpoints != "z.bin" { #expect(page.contains("Left out: z.bin")) }
        }
        // Where the work fails, a folder that it made does not stay.
        try FileManager.default.removeItem(atPath: folder.path("x.npy"))
        try Tool.refuse("report z.bin -o other --quiet", in: folder, saying: "x.npy")
    }

    /// Keys are refused before the work: here there is nothing to work on.
    @Test(arguments: [
        "evaluate", "gradient", "slice", "slice --points 5x5 --planes 2", "sharpness --measure all", "hessian --trace",
        "interpolate a.bin b.bin", "compare a.bin b.bin", "study .", "export -o w.npz", "merge a.npz -o b.npz",
        "report", "selftest", "plot a.npz", "import a.npz --model linear --data digits",
        "train --model linear --data digits",
    ])
    func unknownKeys(_ line: String) throws {
        let folder = try Folder()
        for key in ["nonsense", "los", "Loss", "", ".", "value.0"] {
            let outcome = try Tool.run(Tool.words(line) + ["--key", key], in: folder)
            #expect(
                outcome.code == 2 && outcome.errors.contains("--key \(key): the result has no such key"),
                "landscape \(line) --key '\(key)': \(outcome.errors)")
        }
        let nested = ["hessian --trace": "trace.valu", "slice": "surface.min", "sharpness --measure all": "keskar.x"]
        if let key = nested[line] {
            try Tool.refuse("\(line) --key \(key)", in: folder, saying: "no such key", "expected one of")
        }
        #expect(try folder.names().isEmpty)
    }

    /// Keys that depend on other options.
    @Test func keysOfOtherOptions() throws {
        let folder = try Folder()
        for (line, key) in [
            ("hessian", "trace.value"), ("hessian --top 0 --trace", "eigenvalues.0"), ("sharpness", "average_case"),
            ("sharpness --rho 0.1,0.2", "worst_case"), ("slice", "adaptive.coverage"), ("slice", "other_values"),
            ("sharpness --m 5", "worst_case.restarts"), ("sharpness", "worst_case.standard_error"),
        ] {
            try Tool.refuse("\(line) --key \(key)", in: folder, saying: "--key \(key)", "no such key")
        }
    }

    /// Every key that a result has is known before the work.
    @Test func keysOfResults() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try folder.makeFolder("run")
        for seed in 0..<3 {
            try Tool.succeed(
                "train --model mlp:64-4-10 --data digits --examples 60 --epochs \(seed + 1) --quiet -o run/\(seed).bin",
                in: folder)
        }
        try Tool.succeed("slice --examples 20 --points 5 --shard 1/2 -o 1.npz --quiet", in: folder)
        try Tool.succeed("slice --examples 20 --points 5 --shard 2/2 -o 2.npz --quiet", in: folder)
        for line in [
            "evaluate", "gradient", "slice --points 5 --both-splits", "slice --points 5x5 --adaptive 0.2",
            "slice --points 3x3 --planes 2", "sharpness --measure all --restarts 0 --steps 2 --samples 2 --scout 10",
            "sharpness --m 10 --restarts 0 --steps 1", "sharpness --measure one-step",
            "sharpness --rho 0.1,0.2 --restarts 0 --steps 1",
            "hessian --bottom 1 --trace --frobenius --density --layers --probes 6", "trajectory run --points 3",
            "interpolate run/0.bin run/1.bin --points 3 --curve bezier --steps 2",
            "interpolate run/0.bin run/1.bin run/2.bin --points 3 --adaptive 0.5",
            "compare run/0.bin run/1.bin --points 3",
            "study run --samples 2 --probes 6", "export -o w.npz", "merge 1.npz 2.npz -o 3.npz", "plot 3.npz",
            "topology 3.npz",
            "slice --dims 3 --points 3",
            "train --model linear --data digits --epochs 1 --track-sharpness 1 -o new.bin",
            "import w.npz --model mlp:64-32-10 --data digits -o imported.bin",
        ] {
            let takesExamples = !["study", "export", "merge", "plot", "topology", "import", "trajectory"].contains {
                line.hasPrefix($0)
            }
            let whole = line + (takesExamples ? " --examples 40" : "")
            let found = try Tool.json(whole, in: folder)
            let keys = found.flatMap { key, value in
                [key] + ((value as? [String: Any])?.keys.map { "\(key).\($0)" } ?? [])
            }
            try Tool.succeed(whole + " --quiet " + keys.map { "--key \($0)" }.joined(separator: " "), in: folder)
        }
    }

    /// Only the result is on standard output, and with --quiet nothing is elsewhere.
    @Test func quiet() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try folder.write(Array("a,b,c\n1,2,0\n3,4,1\n".utf8), to: "d.csv")
        for line in [
            "train --model mlp:2-2 --data csv:d.csv --epochs 1 -o d.bin", "evaluate d.bin --data csv:d.csv",
            "slice --points 3 --examples 9",
        ] {
            let loud = try Tool.succeed(line, in: folder), quiet = try Tool.succeed(line + " --quiet", in: folder)
            func lines(_ outcome: Tool.Outcome) -> [String] {
                outcome.output.split(separator: "\n").map { String($0).replacing(/[0-9.]+ s;/, with: "s;") }
            }
            #expect(quiet.errors.isEmpty && lines(quiet) == lines(loud) && !quiet.output.contains("names"))
            if line.contains("csv") { #expect(loud.errors.contains("the first line holds names: a, b, c")) }
        }
    }
}
