import ArrayFiles
import Foundation
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
            ["rho", "norm", "scaling", "gradient_norm", "worst_case", "average_case"]
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

    @Test func innerKeys() throws {
        let folder = try Folder(checkpoint: "ckpt.bin")
        let sharpness = try Tool.json(Self.keys[4].line + " --examples 200", in: folder)
        let worst = try #require(sharpness["worst_case"] as? [String: Any])
        #expect(Set(worst.keys).isSuperset(of: ["lower_bound", "one_step", "estimate", "epsilon_norm", "restarts"]))
        let average = try #require(sharpness["average_case"] as? [String: Any])
        #expect(Set(average.keys).isSuperset(of: ["value", "standard_error", "samples"]))
        let bound = try #require(worst["lower_bound"] as? Double)
        #expect(bound >= (worst["one_step"] as? Double ?? .infinity))
        #expect((worst["epsilon_norm"] as? Double ?? 1) <= 0.05 * (1 + 1e-6))

        let hessian = try Tool.json(Self.keys[5].line + " --examples 200", in: folder)
        let trace = try #require(hessian["trace"] as? [String: Any])
        #expect(Set(trace.keys).isSuperset(of: ["value", "standard_error", "probes"]))
        let density = try #require(hessian["density"] as? [String: Any])
        #expect(Set(density.keys).isSuperset(of: ["x", "y", "nodes", "weights"]))
        #expect((hessian["eigenvalues"] as? [Double])?.count == 2)
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
