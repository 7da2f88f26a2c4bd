import ArrayFiles
import Foundation
import Landscape
import TestSupport
import Testing

/// `--weights`: another epoch's weights on a checkpoint's graph and data.
@Suite struct WeightsTests {
    private static let analyses = ["evaluate", "gradient", "hessian --trace", "sharpness", "slice --points 5x5"]

    /// A folder with two checkpoints of one network.
    private static func folder() throws -> Folder {
        let folder = try Folder(checkpoint: "a.bin")
        try Tool.succeed("\(Trained.command) --seed 1 -o b.bin", in: folder)
        for ending in ["safetensors", "npz"] { try Tool.succeed("export b.bin -o b.\(ending)", in: folder) }
        return folder
    }

    /// The members of a result without those that name its files and the time.
    private static func numbers(_ line: String, in folder: Folder) throws -> NSDictionary {
        var json = try Tool.json(line + " --examples 100", in: folder)
        for key in ["checkpoint", "weights", "seconds"] { json[key] = nil }
        return json as NSDictionary
    }

    /// The numbers are to the bit those of a checkpoint with these weights, and nothing is written beside them.
    @Test(arguments: ["b.safetensors", "b.npz", "b.bin"]) func everyAnalysis(_ file: String) throws {
        let folder = try Self.folder()
        let before = try folder.names()
        for analysis in Self.analyses {
            let words = analysis.split(separator: " ", maxSplits: 1).map(String.init)
            let rest = words.count > 1 ? " " + words[1] : ""
            let line = "\(words[0]) a.bin --weights \(file)\(rest)"
            let own = try Self.numbers("\(words[0]) b.bin\(rest)", in: folder)
            #expect(try Self.numbers(line, in: folder) == own, "\(line)")
            #expect(try Self.numbers("\(words[0]) a.bin\(rest)", in: folder) != own, "\(line)")
            let json = try Tool.json(line, in: folder)
            #expect(json["checkpoint"] as? String == "a.bin" && json["weights"] as? String == file)
        }
        #expect(try folder.names() == before)
    }

    /// On an imported graph the weights give what an import of them gives, whichever way the exporter laid them out.
    @Test(arguments: ["graph_ts17", "graph_dynamo18"]) func graph(_ name: String) throws {
        let folder = try Folder(), place = Fixtures.path("cnn_digits")
        let data = "--data npy:\(place)/eval_x.npy,\(place)/eval_y.npy"
        try Tool.succeed("import \(place)/\(name).onnx \(data) -o graph.bin", in: folder)
        for weights in ["model.pt", "model.safetensors"] {
            try Tool.succeed(
                "import \(place)/\(weights) --model \(place)/\(name).onnx \(data) -o whole.bin", in: folder)
            for analysis in ["evaluate", "gradient"] {
                #expect(
                    try Self.numbers("\(analysis) graph.bin --weights \(place)/\(weights)", in: folder)
                        == Self.numbers("\(analysis) whole.bin", in: folder), "\(weights) \(analysis)")
            }
        }
    }

    /// What `export` writes is taken back as it was: names, transposed matrices, axes of filters, statistics.
    @Test(arguments: [
        "binary_ts17", "conv1d_dynamo21", "lstm_ts17", "lstm_fixed1", "mobilenet_ts17", "regressor_dynamo20",
        "softmax_ts13", "text_dynamo18", "text_ts17", "vit_dynamo20", "vit_ts17",
    ]) func exported(_ name: String) throws {
        let folder = try Folder(), place = Fixtures.path("onnx"), stem = name.prefix { $0 != "_" }
        let loss = stem == "binary" ? " --loss bce" : ""
        try Tool.succeed(
            "import \(place)/\(name).onnx --data npy:\(place)/\(stem)_x.npy,\(place)/\(stem)_y.npy\(loss) -o m.bin",
            in: folder)
        try Tool.succeed("export m.bin -o m.safetensors", in: folder)
        let taken = try Tool.json("gradient m.bin --weights m.safetensors", in: folder)
        let own = try Tool.json("gradient m.bin", in: folder)
        #expect(taken["loss"] as? Double == own["loss"] as? Double)
        #expect(taken["gradient_norm"] as? Double == own["gradient_norm"] as? Double)
    }

    /// A tensor that is missing, left over, misshapen or not finite is an error, and so is a constant that changed.
    @Test func refusals() throws {
        let folder = try Self.folder()
        let tensors = try NPZ.read(folder.path("b.npz"))
        func write(_ name: String, _ change: (inout [String: NumericArray]) -> Void) throws {
            var arrays: [String: NumericArray] = [:]
            for tensor in tensors.names { arrays[tensor] = try tensors.array(tensor) }
            change(&arrays)
            try folder.write(NPZ.encode(arrays.sorted { $0.key < $1.key }.map { ($0.key, .array($0.value)) }), to: name)
        }
        try write("missing.npz") { $0["fc1.bias"] = nil }
        try write("extra.npz") { $0["fc3.weight"] = NumericArray([Float(1), 2]) }
        try write("shape.npz") { $0["fc1.weight"] = $0["fc1.weight"]?.movingFirstAxis(to: 1) }
        try write("nan.npz") { $0["fc2.bias"] = NumericArray([Float](repeating: .nan, count: 10)) }
        for (file, words) in [
            ("missing.npz", "Missing: fc1.bias"), ("extra.npz", "Unexpected: fc3.weight"),
            ("shape.npz", "has the shape [64, 32], expected [32, 64]"), ("nan.npz", "not finite"),
            ("absent.npz", "no such file"),
        ] {
            try Tool.refuse("evaluate a.bin --weights \(file) --quiet", in: folder, saying: words)
        }
        try Tool.refuse("hessian a.bin b.bin --weights b.npz --quiet", in: folder, saying: "found 2 checkpoints")
        try write("prefix.npz") { arrays in
            arrays = Dictionary(uniqueKeysWithValues: arrays.map { ("module." + $0.key, $0.value) })
        }
        let wrapped = try Tool.succeed("evaluate a.bin --weights prefix.npz", in: folder)
        #expect(wrapped.errors.contains("4 tensors were matched by name: 'module.fc1.weight' is 'fc1.weight'"))
        #expect(try Tool.succeed("evaluate a.bin --weights b.npz", in: folder).errors.isEmpty)

        let place = Fixtures.path("onnx")
        try Tool.succeed(
            "import \(place)/regressor_dynamo20.onnx --data npy:\(place)/regressor_x.npy,\(place)/regressor_y.npy -o m.bin",
            in: folder)
        try Tool.succeed("export m.bin -o m.npz", in: folder)
        let own = try NPZ.read(folder.path("m.npz"))
        var arrays = try own.names.map { ($0, NPZ.Value.array(try own.array($0))) }
        arrays.append(("clone", .array(NumericArray([Float(123)]))))
        try folder.write(NPZ.encode(arrays), to: "constant.npz")
        try Tool.refuse(
            "evaluate m.bin --weights constant.npz --quiet", in: folder,
            saying: "'clone' is a constant of the checkpoint's")
    }

    /// A file of the result names both files and their digests, and `info` says whether they are still the same.
    @Test func provenance() throws {
        let folder = try Self.folder()
        try Tool.succeed("slice a.bin --weights b.npz --points 5 --quiet -o s.json -o s.npz", in: folder)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(folder.bytes("s.json"))) as? [String: Any])
        let origin = try #require(json["provenance"] as? [String: Any])
        let weights = try #require(origin["weights"] as? [String: String])
        let digest = SHA256.hexadecimal(try folder.bytes("b.npz"))
        #expect(weights["path"] == "b.npz" && weights["sha256"] == digest)
        #expect((origin["checkpoints"] as? [[String: String]])?.first?["checkpoint"] == "a.bin")
        let line = "weights     b.npz  SHA-256 \(weights["sha256"] ?? "")"
        #expect(try Tool.succeed("info s.npz", in: folder).output.contains(line + " (the same file is here)"))
        try folder.write([1, 2, 3], to: "b.npz")
        #expect(try Tool.succeed("info s.npz", in: folder).output.contains(line + " (ANOTHER file"))
    }

    /// What one run keeps is no other weights': not under another name, and not after the file has changed.
    @Test func keptWork() throws {
        let folder = try Self.folder()
        let line = "slice a.bin --dims 2 --points 101 --quiet -o s.npz"
        try Tool.interrupted(line + " --weights b.npz", by: SIGINT, in: folder)
        for other in ["", " --weights b.safetensors", " --weights a.bin"] {
            try Tool.refuse(line + other + " --resume", in: folder, saying: "no work of this command")
        }
        let former = try folder.bytes("b.npz")
        try Tool.succeed("export a.bin -o b.npz", in: folder)
        try Tool.refuse(
            line + " --weights b.npz --resume", in: folder, saying: "another a.bin with the weights of b.npz")
        try folder.write(former, to: "b.npz")
        try Tool.succeed(line + " --weights b.npz --resume", in: folder)
        let resumed = try NPZ.read(folder.path("s.npz")).array("loss").doubles
        try Tool.succeed("slice b.bin --dims 2 --points 101 --quiet -o whole.npz", in: folder)
        #expect(try NPZ.read(folder.path("whole.npz")).array("loss").doubles == resumed)
    }

    /// θ of a checkpoint in Float32 is computed with as it lies, to the bit what the vector gives, also where one batch is all, and where
    /// somebody asks for the vector in between.
    @Test(arguments: [nil, 100], [Precision.float, .double]) func asItLies(examples: Int?, precision: Precision) throws
    {
        let folder = try Self.folder()
        var settings = ModelLoss.Settings()
        (settings.examples, settings.precision) = (examples, precision)
        let theta = try Model.open(folder.path("a.bin")).theta
        for asksBetween in [false, true] {
            let loss = try ModelLoss(Model.open(folder.path("a.bin")), settings)
            let other = try ModelLoss(Model.open(folder.path("a.bin")), settings)
            let evaluation = try loss.evaluation()
            #expect(evaluation == (try other.evaluate(at: theta)))
            if asksBetween { #expect(loss.theta == theta) }
            let (lies, vector) = (
                try GradientNorms(of: loss),
                try GradientNorms(other, at: theta, layout: other.model.network.parameters)
            )
            #expect(lies.norm == vector.norm && lies.evaluation == evaluation && vector.evaluation == evaluation)
            #expect(lies.layers.map(\.norm) == vector.layers.map(\.norm))
            #expect(lies.layers.map(\.name) == vector.layers.map(\.name))
            #expect(lies.gradient == vector.gradient && lies.norm > 0)
            // Another point, and the model again.
            let moved = theta.map { $0 * 1.5 }
            #expect(try loss.evaluate(at: moved) == other.evaluate(at: moved))
            #expect(try loss.evaluation() == evaluation && loss.theta == theta)
            #expect(loss.identity.journal == other.identity.journal && loss.summary.weightNorm == Vectors.norm(theta))
        }
    }

    /// Keys of kept results depend on θ: the same journal gives other weights nothing.
    @Test func contentKeys() throws {
        let folder = try Self.folder()
        let model = try Model.open(folder.path("a.bin"))
        let other = try model.withWeights(of: folder.path("b.npz")).model
        #expect(other.theta == (try Model.open(folder.path("b.bin")).theta) && other.theta != model.theta)
        let (one, two) = (try ModelLoss(model), try ModelLoss(other))
        #expect(one.identity.journal != two.identity.journal)
    }
}
