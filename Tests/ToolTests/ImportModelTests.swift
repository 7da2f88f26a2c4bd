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
        try folder.write(Array("version https://git-lfs.github.com/spec/v1\n".utf8), to: "pointer.onnx")
        try folder.write([0x89] + Array("HDF\r\n".utf8), to: "keras.h5")
        for (line, code, words) in [
            (
                "import \(model) --data digits", Int32(1),
                "the model takes examples of shape [6], but the data have examples of shape [1, 8, 8]"
            ),
            ("import broken.onnx --data \(data)", 1, "broken.onnx: this is no ONNX model, or a damaged one"),
            ("import absent.onnx --data \(data)", 1, "no such file"),
            ("import \(model) --data \(data) --model lenet", 2, "is a whole model"),
            ("import \(model) --data \(data) --freeze conv*", 1, "--freeze conv*: found no such tensor"),
            ("import absent.safetensors --data \(data)", 1, "no such file"),
            ("import \(Fixtures.path("cnn_digits"))/model.safetensors --data \(data)", 2, "--model is missing"),
            ("import pointer.onnx --data \(data)", 1, "git lfs pull"),
            ("import keras.h5 --data \(data)", 1, "found an HDF5 file"),
            ("import keras.h5 --model linear --data \(data)", 1, "export the model to ONNX"),
            ("import \(model) --data \(data) --adapter keras.h5", 2, "is a whole model"),
            ("import keras.h5 --model linear --data \(data) --adapter keras.h5", 2, "--adapter is for .onnx graphs"),
        ] {
            let outcome = try Tool.run(Tool.words(line), in: folder)
            #expect(
                outcome.code == code && !outcome.isKilled && outcome.errorLines.count == 1, "\(line): \(outcome.errors)"
            )
            #expect(outcome.errors.contains(words), "\(line): \(outcome.errors)")
        }
    }

    /// `info --mapping` lists which tensor of the file each one is; without a mapping it says so.
    @Test func mapping() throws {
        let folder = try Folder()
        let digits = Fixtures.path("cnn_digits")
        let data = "npy:\(digits)/eval_x.npy,\(digits)/eval_y.npy"
        try Tool.succeed(
            "import \(digits)/model.pt --model \(digits)/graph_ts17.onnx --data \(data) -o c.bin", in: folder)
        let found = try Tool.json("info c.bin --mapping", in: folder)
        let mapping = try #require(found["mapping"] as? [[String: Any]])
        let tensors = try #require(found["tensors"] as? [[String: Any]])
        let names = Set(tensors.filter { $0["role"] as? String != "constant" }.compactMap { $0["name"] as? String })
        #expect(names.isSubset(of: Set(mapping.compactMap { $0["tensor"] as? String })))
        for entry in mapping {
            #expect(entry["tensor"] as? String == entry["source"] as? String && entry["evidence"] as? String == "name")
            #expect(entry["shape"] is [Int] && entry["transposed"] as? Bool == false)
        }
        let lines = try Tool.run(["info", "c.bin", "--mapping"], in: folder).output
        #expect(lines.contains("conv1.weight") && lines.contains("←") && lines.contains("by name"))
        #expect(try Tool.json("info c.bin", in: folder)["mapping"] == nil)
        try Tool.succeed("import \(digits)/graph_ts17.onnx --data \(data) -o own.bin", in: folder)
        #expect(try Tool.run(["info", "own.bin", "--mapping"], in: folder).output.contains("keeps no mapping"))
        #expect(try Tool.json("info own.bin --mapping", in: folder)["mapping"] is NSNull)
    }

    /// An analysis of what was not imported yet says how to import it; `info` shows what it holds.
    @Test func importItFirst() throws {
        let folder = try Folder()
        let digits = Fixtures.path("mlp_digits")
        try folder.makeFolder("hf")
        try folder.write(try FileContent.bytes(of: "\(digits)/model.safetensors"), to: "hf/model.safetensors")
        try folder.write(Array("{\"model_type\": \"mlp\", \"hidden_size\": 32}".utf8), to: "hf/config.json")
        try folder.write(try FileContent.bytes(of: "\(digits)/model.pt"), to: "net.pt")
        try NPZ.write([("w", .array(NumericArray([1.0])))], to: folder.path("net.npz"))
        try folder.write(try FileContent.bytes(of: "\(Self.fixtures)/softmax_ts13.onnx"), to: "renamed.bin")
        for command in ["hessian", "evaluate", "slice", "sharpness"] {
            for file in ["net.pt", "hf/model.safetensors", "net.npz"] {
                try Tool.refuse(
                    "\(command) \(file)", in: folder, saying: "landscape import \(file) --model M --data D")
            }
            try Tool.refuse("\(command) renamed.bin", in: folder, saying: "landscape import renamed.bin --data D")
        }
        let shown = try Tool.json("info hf", in: folder)
        #expect(shown["parameters"] as? Int == 2410)
        #expect((shown["config"] as? [String: Any])?["model_type"] as? String == "mlp")
        let lines = try Tool.run(["info", "hf"], in: folder).output
        for words in ["model_type mlp", "hidden_size 32", "fc1.weight", "torch.onnx.export"] {
            #expect(lines.contains(words), "\(lines)")
        }
        let lightning = try Tool.run(["info", Fixtures.path("pytorch/lightning.ckpt")], in: folder).output
        #expect(lightning.contains("hyper_parameters.lr = 0.1") && lightning.contains("which was not made"))
        try Tool.succeed("import hf --model mlp:64-32-10 --data digits -o hf.bin", in: folder)
        // A graph under any name.
        try Tool.succeed(
            "import renamed.bin --data npy:\(Self.fixtures)/softmax_x.npy,\(Self.fixtures)/softmax_y.npy", in: folder)
    }

    /// Checkpoints of a training that are imported one by one are a trajectory, by the numbers in their names.
    @Test func trajectoryOfImports() throws {
        let folder = try Folder()
        try folder.makeFolder("run")
        for number in [0, 1, 2, 10] {
            let values = (0..<12).map { (place: Int) -> Float in
                let slope = place * place % 7
                return Float(place % 5 - 2) / 10 + Float(number * slope) / 50 + Float(number * number * place) / 500
            }
            try Safetensors(tensors: [
                .init(name: "weight", array: NumericArray(values, shape: [3, 4])),
                .init(name: "bias", array: NumericArray([Float(number), 1, 2])),
            ]).write(to: folder.path("s\(number).safetensors"))
        }
        let inputs = (0..<40).map { Float(($0 * 7) % 11) / 11 }
        try folder.write(NumericArray(inputs, shape: [10, 4]), to: "x.npy")
        try folder.write(NumericArray((0..<10).map { $0 % 3 }), to: "y.npy")
        for number in [0, 1, 2, 10] {
            try Tool.succeed(
                "import s\(number).safetensors --model linear --data npy:x.npy,y.npy -o run/c.epoch\(number).bin",
                in: folder)
        }
        let found = try Tool.json("trajectory run --points 3", in: folder)
        let points = try #require(found["points"] as? [[String: Any]])
        #expect(points.compactMap { $0["step"] as? Int } == [0, 1, 2, 10])
        try Tool.succeed("slice run/c.epoch10.bin --directions pca:run --points 3x3", in: folder)
    }

    /// The checkpoints of a training in one command: each as it is imported alone, with the step of its name.
    @Test func manyCheckpoints() throws {
        let folder = try Folder()
        let digits = Fixtures.path("cnn_digits")
        let data = "npy:\(digits)/eval_x.npy,\(digits)/eval_y.npy", graph = "\(digits)/graph_ts17.onnx"
        let own = try Safetensors.read("\(digits)/model.safetensors").tensors
        try folder.makeFolder("ck/checkpoint-30")
        func write(_ factor: Float, to name: String) throws {
            try Safetensors(
                tensors: own.map { tensor in
                    guard tensor.array.type == .float32 else { return tensor }
                    // Not on a line: the square of the factor moves every third number.
                    let values = tensor.array.floats.enumerated().map { index, value in
                        value * (index % 3 == 0 ? factor * factor : factor)
                    }
                    return .init(name: tensor.name, array: NumericArray(values, shape: tensor.array.shape))
                }
            ).write(to: folder.path(name))
        }
        try write(1, to: "ck/checkpoint-4.safetensors")
        try write(1.1, to: "ck/checkpoint-10.safetensors")
        try write(1.2, to: "ck/checkpoint-30/model.safetensors")
        try write(1.3, to: "ck/best.safetensors")
        let line = "import ck --model \(graph) --data \(data) -o run/"
        let found = try Tool.json(line, in: folder)
        let rows = try #require(found["checkpoints"] as? [[String: Any]])
        #expect(rows.compactMap { $0["step"] as? Int } == [4, 10, 30])
        #expect(
            rows.compactMap { $0["checkpoint"] as? String }
                == ["run/checkpoint-4.bin", "run/checkpoint-10.bin", "run/checkpoint-30.bin"])
        for (name, path) in [
            ("run/checkpoint-10.bin", "ck/checkpoint-10.safetensors"), ("run/checkpoint-30.bin", "ck/checkpoint-30"),
        ] {
            try Tool.succeed("import \(path) --model \(graph) --data \(data) -o alone.bin", in: folder)
            let alone = try Safetensors.read(folder.path("alone.bin")).tensors
            #expect(try Safetensors.read(folder.path(name)).tensors == alone)
        }
        let points = try #require(try Tool.json("trajectory run --points 3", in: folder)["points"] as? [[String: Any]])
        #expect(points.compactMap { $0["step"] as? Int } == [4, 10, 30])
        // What is there already stays; what is lacking, damaged or of other weights is made anew.
        let before = try folder.bytes("run/checkpoint-4.bin")
        try folder.write([1, 2, 3], to: "run/checkpoint-10.bin")
        try write(1.5, to: "ck/checkpoint-30/model.safetensors")
        let again = try Tool.run(Tool.words(line), in: folder)
        #expect(again.code == 0 && again.errors.contains("best.safetensors is left out"))
        let kept = again.output.split(separator: "\n").map { $0.hasSuffix(", as it was") }
        #expect(kept == [true, false, false], "\(again.output)")
        #expect(try folder.bytes("run/checkpoint-4.bin") == before)
        #expect(try Safetensors.read(folder.path("run/checkpoint-10.bin")).metadata["step"] == "10")

        let patterned = try Tool.json(line.replacing("run/", with: "other/") + " --step checkpoint-1N", in: folder)
        #expect((patterned["checkpoints"] as? [[String: Any]])?.compactMap { $0["step"] as? Int } == [0])
        for (options, code, words) in [
            (
                "ck/best.safetensors ck/checkpoint-4.safetensors -o c.bin", Int32(2),
                "expected a folder for their checkpoints"
            ),
            ("ck -o c.bin", 2, "or a folder for all: -o run/"),
            ("ck/best.safetensors -o run/", 2, "do not say the steps"), ("ck -o run/ --step step", 2, "expected one N"),
            ("ck -o run/ --step epoch=N", 2, "found no such name"), ("run -o c.bin --step N", 2, "--step is for many"),
        ] {
            let outcome = try Tool.run(Tool.words("import --model \(graph) --data \(data) \(options)"), in: folder)
            #expect(outcome.code == code && outcome.errors.contains(words), "\(options): \(outcome.errors)")
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
