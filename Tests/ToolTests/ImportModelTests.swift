import ArrayFiles
import Foundation
import TestSupport
import Testing

/// `import` of an ONNX model and what follows, as a user types it.
@Suite struct ImportModelTests {
    static let fixtures = Fixtures.path("onnx")

    @Test func everyAnalysisWorksOnTheCheckpointAlone() throws {
        let folder = try Folder()
        try FileManager.default.copyItem(
            atPath: Self.fixtures + "/softmax_ts13.onnx", toPath: folder.url.appending(path: "m.onnx").path)
        let data = "npy:\(Self.fixtures)/softmax_x.npy,\(Self.fixtures)/softmax_y.npy"
        let imported = try Tool.json("import m.onnx --data \(data)", in: folder)
        #expect(imported["parameters"] as? Int == 53)
        let operators = try #require(imported["operators"] as? [[String: Any]])
        #expect(operators.contains { $0["name"] as? String == "Gemm" && $0["count"] as? Int == 2 })
        try FileManager.default.removeItem(at: folder.url.appending(path: "m.onnx"))
        let losses = try ["evaluate", "gradient", "hessian --top 2", "slice --points 5", "sharpness"].map {
            try #require(Tool.json($0 + " --precision double", in: folder)["loss"] as? Double)
        }
        #expect(Set(losses).count == 1 && abs(losses[0] - 1.3769440837684515) < 1e-9)
        let info = try #require(Tool.json("info", in: folder)["tensors"] as? [[String: Any]])
        #expect(
            info.compactMap { $0["name"] as? String } == ["net.0.weight", "net.0.bias", "net.2.weight", "net.2.bias"])
        let frozen = try Tool.json(
            "import \(Self.fixtures)/softmax_ts13.onnx --data \(data) --freeze *.bias --parameters net.*", in: folder)
        #expect(frozen["parameters"] as? Int == 45)
    }

    /// Training goes on from an imported network, an interrupted one to the same bits, and what it writes is a checkpoint like others.
    @Test func trainingGoesOnFromAnImportedNetwork() throws {
        let folder = try Folder()
        let data = "npy:\(Self.fixtures)/vit_x.npy,\(Self.fixtures)/vit_y.npy"
        try Tool.succeed("import \(Self.fixtures)/vit_ts17.onnx --data \(data) -o vit.bin", in: folder)
        let before = try #require(Tool.json("evaluate vit.bin", in: folder)["loss"] as? Double)
        let line = "train --start vit.bin --optimizer sam --lr 0.01 --batch-size 3 --schedule constant --quiet"
        try Tool.succeed(line + " --steps 12 -o whole.bin", in: folder)
        let after = try Tool.json("evaluate whole.bin", in: folder)
        #expect(try #require(after["loss"] as? Double) < before && (after["model"] as? String) == "onnx:vit_ts17.onnx")
        try Tool.succeed(line + " --steps 6 -o parts.bin", in: folder)
        try Tool.succeed(line + " --steps 12 -o parts.bin --resume", in: folder)
        let (whole, parts) = (
            try Safetensors.read(folder.path("whole.bin")), try Safetensors.read(folder.path("parts.bin"))
        )
        #expect(whole.digest == parts.digest)
        for (line, words) in [
            ("train --start vit.bin --model lenet", "expected one of --model"),
            ("train --data digits", "expected one of --model"),
            ("train --model lenet", "--data is missing"), ("train --start vit.bin --norm none", "are for new networks"),
            ("train --start vit.bin --data digits", "has examples of shape"),
            ("train --start absent.bin", "no such file"),
        ] {
            let outcome = try Tool.run(Tool.words(line), in: folder)
            #expect(
                outcome.code != 0 && !outcome.isKilled && outcome.errors.contains(words), "\(line): \(outcome.errors)")
        }
    }

    /// Weights of PyTorch in the graph of an .onnx file, which is exported with others, as a user types it.
    @Test func weightsWithAGraph() throws {
        let folder = try Folder()
        let digits = Fixtures.path("cnn_digits")
        let data = "npy:\(digits)/eval_x.npy,\(digits)/eval_y.npy"
        for file in ["model.safetensors", "model.pt"] {
            let imported = try Tool.json(
                "import \(digits)/\(file) --model \(digits)/graph_ts17.onnx --data \(data) -o c.bin", in: folder)
            #expect(imported["parameters"] as? Int == 2642 && imported["model"] as? String == "onnx:graph_ts17.onnx")
            let loss = try #require(Tool.json("evaluate c.bin --precision double", in: folder)["loss"] as? Double)
            #expect(abs(loss - 0.15939058939117107) < 1e-9)
        }
        for (line, code, words) in [
            ("--model \(digits)/folded_ts17.onnx", Int32(1), "fold it into the convolutions"),
            ("--model absent.onnx", 1, "absent.onnx"), ("--model graph.onnx --norm none", 2, "--activation and --norm"),
            ("--model lenet --freeze *.bias", 2, "found --model lenet"),
        ] {
            let outcome = try Tool.run(
                Tool.words("import \(digits)/model.pt --data \(data) " + line), in: folder)
            #expect(outcome.code == code && outcome.errorLines.count == 1, "\(line): \(outcome.errors)")
            #expect(outcome.errors.contains(words), "\(line): \(outcome.errors)")
        }
    }

    @Test func mistakesAreExplained() throws {
        let folder = try Folder()
        let model = "\(Self.fixtures)/softmax_ts13.onnx",
            data = "npy:\(Self.fixtures)/softmax_x.npy,\(Self.fixtures)/softmax_y.npy"
        try Data([0x3A, 0x7F, 1]).write(to: folder.url.appending(path: "broken.onnx"))
        for (line, code, words) in [
            (
                "import \(model) --data digits", Int32(1),
                "the model takes examples of shape [6], but the data have examples of shape [1, 8, 8]"
            ),
            ("import broken.onnx --data \(data)", 1, "broken.onnx: this is no ONNX model, or a damaged one"),
            ("import absent.onnx --data \(data)", 1, "no such file"),
            ("import \(model) --data \(data) --model lenet", 2, "is a whole model"),
            ("import \(model) --data \(data) --freeze conv*", 1, "--freeze conv*: found no such tensor"),
            ("import weights.safetensors --data \(data)", 2, "--model is missing"),
        ] {
            let outcome = try Tool.run(Tool.words(line), in: folder)
            #expect(
                outcome.code == code && !outcome.isKilled && outcome.errorLines.count == 1, "\(line): \(outcome.errors)"
            )
            #expect(outcome.errors.contains(words), "\(line): \(outcome.errors)")
        }
    }
}

/// `import` of graphs whose layers the exporter folded.
@Suite struct FoldedLayersTests {
    @Test func strictRefusesFoldedLayers() throws {
        let folder = try Folder(), folds = Fixtures.path("folds")
        let data = "--data npy:\(folds)/x_numbers.npy,\(folds)/y.npy"
        let line = "import \(folds)/conv-norm_optimized.onnx \(data)"
        let warned = try Tool.json(line, in: folder)
        let notes = try #require(warned["notes"] as? [String])
        #expect(notes.count == 1 && notes[0].hasPrefix("warning: the exporter folded batch normalisation '2', '5'"))
        let refused = try Tool.run(Tool.words(line + " --strict"), in: folder)
        #expect(refused.code == 1 && refused.errors.contains("--strict: the exporter folded batch normalisation"))
        #expect(refused.errors.contains("optimize=False"))
        let kept = try Tool.json("import \(folds)/conv-norm_kept.onnx \(data) --strict", in: folder)
        #expect((kept["notes"] as? [String]) == [])
        let named = try Tool.run(
            Tool.words("import \(folds)/x_numbers.npy \(data) --model mlp:6-3 --strict"), in: folder)
        #expect(named.code == 2 && named.errors.contains("--strict"))
    }
}
