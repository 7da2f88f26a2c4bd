import ArrayFiles
import Foundation
import TestSupport
import Testing

/// What the commands print and write.
@Suite struct ResultTests {
    /// The keys of every analysis.
    static let context: Set = [
        "command", "checkpoint", "model", "data", "split", "examples", "seed", "precision", "batchnorm", "loss",
        "accuracy",
        "weight_norm", "seconds",
    ]

    static let keys: [(line: String, keys: Set<String>)] = [
        ("evaluate", []),
        ("gradient", ["gradient_norm", "layers"]),
        (
            "slice --points 11",
            [
                "alpha", "beta", "values", "center", "cosine", "curvature_hvp", "curvature_grid", "nonfinite",
                "evaluations", "surface",
            ]
        ),
        (
            "slice --points 7x5",
            [
                "alpha", "beta", "values", "center", "cosine", "curvature_hvp", "curvature_grid", "nonfinite",
                "evaluations", "surface",
            ]
        ),
        (
            "sharpness --rho 0.05 --measure all --restarts 1 --steps 5 --samples 4",
            ["rho", "norm", "scaling", "gradient_norm", "worst_case", "average_case", "keskar"]
        ),
        (
            "hessian --top 2 --bottom 1 --trace --frobenius --density --probes 12",
            [
                "eigenvalues", "residuals", "eigenvalues_low", "residuals_low", "converged", "products", "trace",
                "frobenius", "density",
            ]
        ),
    ]

    @Test(arguments: keys) func jsonHasItsKeys(_ line: String, _ keys: Set<String>) throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let result = try Tool.json(line + " --examples 200", in: folder)
        let expected = Self.context.union(keys)
        // One direction has no cosine.
        let missing = expected.subtracting(result.keys).subtracting(line == "slice --points 11" ? ["cosine"] : [])
        #expect(missing.isEmpty, "landscape \(line) lacks \(missing.sorted())")
        #expect(result["command"] as? String == Tool.words(line)[0])
        #expect(result["examples"] as? Int == 200)
        #expect(result["model"] as? String == "mlp:64-32-10")
    }

    /// No analysis writes to the checkpoint, and all say of what and how they are: loss by its name, split, mode, norm of the weights.
    @Test func resultsStateTheirConditions() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let before = try folder.bytes("ckpt.bin")
        for line in ["evaluate", "slice --points 3", "sharpness --measure all --restarts 0 --steps 2", "hessian"] {
            let result = try Tool.json(
                "\(line) --examples 50 --split test --batchnorm batch --precision double --seed 7", in: folder)
            #expect(result["loss_function"] as? String == "cross-entropy" && result["split"] as? String == "test")
            #expect(result["batchnorm"] as? String == "batch" && result["precision"] as? String == "double")
            #expect(result["seed"] as? Int == 7 && result["examples"] as? Int == 50)
        }
        #expect(try folder.bytes("ckpt.bin") == before)
        try Tool.succeed("export ckpt.bin -o w.npz", in: folder)
        let weights = try NPZ.read(folder.path("w.npz"))
        let square = try weights.names.reduce(0.0) { sum, name in
            try weights.array(name).doubles.reduce(sum) { $0 + $1 * $1 }
        }
        let norm = try #require(try Tool.json("evaluate", in: folder)["weight_norm"] as? Double)
        #expect(abs(norm - square.squareRoot()) < 1e-12 * norm)
    }

    @Test func innerKeys() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let sharpness = try Tool.json(Self.keys[4].line + " --examples 200", in: folder)
        let worst = try #require(sharpness["worst_case"] as? [String: Any])
        #expect(Set(worst.keys).isSuperset(of: ["lower_bound", "one_step", "estimate", "epsilon_norm", "restarts"]))
        let average = try #require(sharpness["average_case"] as? [String: Any])
        #expect(Set(average.keys).isSuperset(of: ["value", "standard_error", "interval95", "samples"]))
        let bound = try #require(worst["lower_bound"] as? Double)
        #expect(bound >= (worst["one_step"] as? Double ?? .infinity))
        #expect((worst["epsilon_norm"] as? Double ?? 1) <= 0.05 * (1 + 1e-6))

        let hessian = try Tool.json(Self.keys[5].line + " --examples 200", in: folder)
        let trace = try #require(hessian["trace"] as? [String: Any])
        #expect(Set(trace.keys).isSuperset(of: ["value", "standard_error", "interval95", "probes"]))
        let density = try #require(hessian["density"] as? [String: Any])
        #expect(Set(density.keys).isSuperset(of: ["x", "y", "nodes", "weights"]))
        let (x, band) = (density["x"] as? [Double], density["interval95"] as? [[Double]])
        #expect(band?.count == 2 && band?.allSatisfy { $0.count == x?.count } == true)
        #expect((hessian["eigenvalues"] as? [Double])?.count == 2)
    }

    /// The printed formula of the estimate gives the printed number: ℓ∞ has the dual norm ‖g‖₁ and a factor P.
    @Test(arguments: [("l2", "estimate ρ‖g‖ + ½ρ²λmax"), ("linf", "estimate ρ‖g‖₁ + ½ρ²Pλmax")])
    func estimateAsPrinted(_ norm: String, _ formula: String) throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let line = "sharpness --rho 0.01 --restarts 0 --steps 1 --examples 200 --norm \(norm)"
        let text = try Tool.succeed("\(line) --quiet", in: folder).output
        let printed = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(formula) ") }, "\(text)")
        let number = try #require(printed.dropFirst(formula.count).split(separator: " ").first.flatMap { Double($0) })
        try Tool.succeed("gradient --examples 200 --save g.npy --quiet", in: folder)
        let g = try NPY.read(folder.path("g.npy")).doubles
        let worst = try #require(try Tool.json(line, in: folder)["worst_case"] as? [String: Any])
        let top = try #require(worst["largest_eigenvalue"] as? Double)
        let slope = norm == "l2" ? g.reduce(0) { $0 + $1 * $1 }.squareRoot() : g.reduce(0) { $0 + abs($1) }
        let expected = 0.01 * slope + 0.5 * 0.01 * 0.01 * top * (norm == "l2" ? 1 : Double(g.count))
        // Six digits are printed.
        #expect(abs(number - expected) < 1e-5 * expected && abs((worst["estimate"] as? Double ?? 0) - number) < 1e-5)
        let adaptive = try Tool.succeed("\(line) --adaptive --quiet", in: folder).output
        #expect(adaptive.contains(norm == "l2" ? "ρ‖Tg‖ + ½ρ²λmax(THT) " : "ρ‖Tg‖₁ + ½ρ²Pλmax(THT) "))
    }

    /// Several radii, batches, and the box: the forms that a single radius does not show.
    @Test func sharpnessCurves() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let short = "--examples 200 --restarts 0 --steps 4"
        let several = try Tool.json(
            "sharpness --rho 0.1,0.02,0.05 --measure all --subspace 3 --box-repeats 2 --samples 2 \(short) -o c.csv -o c.svg -o c.npz",
            in: folder)
        #expect(several["rho"] as? [Double] == [0.02, 0.05, 0.1])
        let curve = try #require(several["curve"] as? [[String: Any]])
        let bounds = try curve.map { try #require(($0["worst_case"] as? [String: Any])?["lower_bound"] as? Double) }
        #expect(bounds.count == 3 && bounds == bounds.sorted() && bounds[0] > 0)
        #expect(curve.allSatisfy { $0["average_case"] != nil } && several["worst_case"] == nil)
        #expect(try folder.text("c.csv").split(separator: "\n").count == 4)
        #expect(try NPZ.read(folder.path("c.npz")).array("epsilon").shape == [3, 2410])
        let box = try #require(several["keskar"] as? [String: Any])
        #expect(box["epsilon"] as? Double == 1e-3 && box["value"] as? Double ?? 0 > 0)
        let all = try #require(box["all"] as? [[String: Any]])
        #expect(all.map { $0["epsilon"] as? Double } == [1e-3, 1e-3, 5e-4, 5e-4])
        #expect(all.map { $0["subspace"] as? Int } == [nil, 3, nil, 3])

        let batches = try Tool.json("sharpness --m 64 \(short)", in: folder)
        let mean = try #require(batches["worst_case"] as? [String: Any])
        #expect(mean["m"] as? Int == 64 && mean["batch_sizes"] as? [Int] == [64, 64, 64, 8])
        let one = try Tool.json("sharpness \(short)", in: folder)
        let whole = try #require((one["worst_case"] as? [String: Any])?["lower_bound"] as? Double)
        #expect(mean["lower_bound"] as? Double ?? 0 > whole)
        let same = try Tool.json("sharpness --m 200 \(short)", in: folder)
        #expect((same["worst_case"] as? [String: Any])?["lower_bound"] as? Double == whole)
    }

    /// The ε that is written is feasible, and evaluates to the increase that is printed.
    @Test func savedEpsilon() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let result = try Tool.json(
            "sharpness --examples 200 --restarts 0 --precision double --save-epsilon e.npy", in: folder)
        let worst = try #require(result["worst_case"] as? [String: Any])
        let bound = try #require(worst["lower_bound"] as? Double)
        let epsilon = try NPY.read(folder.path("e.npy")).doubles
        #expect(epsilon.reduce(0) { $0 + $1 * $1 }.squareRoot() <= 0.05 * (1 + 1e-12))
        // A slice along it, not normalised, has the same loss at 1.
        let slice = try Tool.json(
            "slice --examples 200 --precision double --directions file:e.npy --normalization none --points 3",
            in: folder)
        let values = try #require(slice["values"] as? [Double]), center = try #require(slice["center"] as? Double)
        #expect(abs(values[2] - center - bound) < 1e-9)
    }

    @Test func spectrumOfLayersAndOtherMatrices() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let result = try Tool.json(
            "hessian --layers --operator empirical-fisher --examples 100 --probes 8 -o l.png", in: folder)
        let layers = try #require(result["layers"] as? [[String: Any]])
        #expect(layers.map { $0["name"] as? String ?? "" }.count == 4)
        // A block's largest eigenvalue is at most the whole matrix's.
        let top = try #require((result["eigenvalues"] as? [Double])?.first)
        for layer in layers {
            let value = try #require(layer["largest_eigenvalue"] as? Double)
            #expect(value > 0 && value <= top * 1.001)
        }
        let power = try Tool.json(
            "hessian --method power --bottom 1 --examples 100 --tolerance 0.01 --precision double", in: folder)
        let lanczos = try Tool.json("hessian --bottom 1 --examples 100 --precision double", in: folder)
        for key in ["eigenvalues", "eigenvalues_low"] {
            let a = try #require((power[key] as? [Double])?.first), b = try #require((lanczos[key] as? [Double])?.first)
            #expect(abs(a - b) < 0.01 * abs(b), "\(key): \(a), \(b)")
        }
    }

    @Test func training() throws {
        let folder = try Folder()
        let result = try Tool.json(
            "train --model mlp:64-8-10 --data digits --epochs 1 --optimizer sam --rho 0.05 -o a.bin", in: folder)
        let expected = Self.context.union([
            "train_loss", "train_accuracy", "test_loss", "test_accuracy", "steps", "gradient_evaluations",
        ])
        #expect(expected.subtracting(result.keys).isEmpty)
        // SAM computes two gradients a step.
        #expect(result["gradient_evaluations"] as? Int == 2 * (result["steps"] as? Int ?? -1))
        #expect(try folder.names() == ["a.bin"])
        let info = try Tool.json("info a.bin", in: folder)
        #expect(
            Set(info.keys).isSuperset(of: [
                "command", "checkpoint", "model", "data", "parameters", "tensors", "metadata",
            ]))
        #expect(info["parameters"] as? Int == 64 * 8 + 8 + 8 * 10 + 10)
    }

    /// Without -o, a picture goes beside the checkpoint and a line says so.
    @Test(arguments: ["slice --points 5", "sharpness --restarts 0 --steps 2", "hessian"]) func pictureBesideCheckpoint(
        _ line: String
    ) throws {
        let folder = try Folder(checkpoint: "model.bin")
        let words = Tool.words(line)
        let outcome = try Tool.succeed(
            "\(words[0]) model.bin --examples 100 \(words.dropFirst().joined(separator: " "))", in: folder)
        let name = "model.\(words[0]).png"
        #expect(try folder.names() == ["model.bin", name])
        #expect(outcome.errors.contains("picture written to \(name)"))
        #expect(try folder.bytes(name).starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }

    @Test func everyFormat() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        try Tool.succeed(
            "slice --points 7x5 --examples 100 --quiet -o s.png -o s.svg -o s.npz -o s.json -o s.csv", in: folder)
        #expect(try folder.names() == ["ckpt.bin", "s.csv", "s.json", "s.npz", "s.png", "s.svg"])
        #expect(try folder.bytes("s.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
        #expect(try folder.text("s.svg").contains("<svg"))
        // Rows are β, columns α.
        let archive = try NPZ.read(folder.path("s.npz"))
        #expect(try archive.array("loss").shape == [5, 7])
        #expect(try archive.array("alpha").count == 7)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(folder.bytes("s.json"))) as? [String: Any])
        let values = try #require(json["values"] as? [[Double]])
        #expect(values.count == 5 && values.allSatisfy { $0.count == 7 })
        // Foundation reads decimal numbers to the last bit but one.
        let loss = try archive.array("loss").doubles
        #expect(zip(values.flatMap { $0 }, loss).allSatisfy { abs($0 - $1) <= 1e-15 * abs($1) })
        let table = try folder.text("s.csv").split(separator: "\n")
        #expect(table.count == 36 && table[0] == "alpha,beta,loss,accuracy")
    }

    @Test func helpSucceeds() throws {
        let folder = try Folder()
        for line in ["--help", "--version", "slice --help"] {
            let outcome = try Tool.succeed(line, in: folder)
            #expect(!outcome.output.isEmpty && outcome.errors.isEmpty)
        }
    }
}
