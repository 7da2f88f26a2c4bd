import Foundation
import Landscape

/// A format, the sound files that are damaged, and the whole way that `landscape` reads one.
enum FuzzFormat: String, CaseIterable {
    case onnx, onnxNetworks = "onnx-networks", npzNamed = "npz-named", safetensors, pytorch,
        pytorchLegacy = "pytorch-legacy", npy, npz, idx, idxGzip = "idx-gzip", csv, cifar,
        checkpoint
    /// Checkpoints whose checksums fit the damage: what a program would write that means harm.
    case checkpointSealed = "checkpoint-sealed"
    /// What an interrupted analysis has kept: damaged or not, the analysis that goes on from it has the same bits or refuses.
    case journal
    /// Results that are drawn again, and style files.
    case figures, styles

    struct Subject {
        let bytes: [UInt8]
        let read: ([UInt8]) throws -> Void
    }

    func subjects(fixtures: String, _ folder: FuzzFolder) throws -> [Subject] {
        func fixture(_ name: String) throws -> [UInt8] { try FileContent.bytes(of: fixtures + "/" + name) }
        switch self {
        case .onnx:
            return try [
                ("onnx/softmax_ts13", "onnx/softmax_x", "onnx/softmax_y"),
                ("onnx/regressor_dynamo20", "onnx/regressor_x", "onnx/regressor_y"),
                ("onnx/conv1d_dynamo21", "onnx/conv1d_x", "onnx/conv1d_y"),
                ("onnx/softmax_fixed1", "onnx/softmax_x", "onnx/softmax_y"),
                ("onnx/conv1d_ts17", "onnx/conv1d_x", "onnx/conv1d_y"),
                ("onnx/text_dynamo18", "onnx/text_x", "onnx/text_y"),
                ("operators/volume", "operators/x_160", "operators/y"),
                ("operators/loop", "operators/x_5", "operators/y"), ("operators/if", "operators/x_5", "operators/y"),
                ("operators/scan", "operators/x_15", "operators/y"),
                ("operators/sparse-pairs", "operators/x_5", "operators/y"),
                ("operators/dequantized-blocks", "operators/x_5", "operators/y"),
                ("operators/scatter-mul", "operators/x_5", "operators/y"),
                ("folds/conv-norm_optimized", "folds/x_numbers", "folds/y"),
                ("folds/fresh_optimized", "folds/x_numbers", "folds/y"),
            ].map { name, inputs, targets in
                let specification = DataSpecification.npy(
                    inputs: "\(fixtures)/\(inputs).npy", targets: "\(fixtures)/\(targets).npy")
                return Subject(bytes: try fixture("\(name).onnx")) { bytes in
                    let path = try folder.write("model.onnx", bytes)
                    try Self.use(try ModelImport(.graph(path), data: specification).run().checkpoint.encoded())
                }
            }
        case .onnxNetworks:
            return try Self.networks.map { name, loss in
                let data = DataSpecification.npz(file: "\(fixtures)/networks/\(name)/data.npz")
                return Subject(bytes: try fixture("networks/\(name)/model.onnx")) { bytes in
                    var settings = ModelImport(.graph(try folder.write("model.onnx", bytes)), data: data)
                    (settings.loss, settings.batchSize) = (try loss.map { try Loss(specification: $0) }, 8)
                    try Self.use(try settings.run().checkpoint.encoded())
                }
            }
        case .npzNamed:
            return try Self.networks.map { name, loss in
                Subject(bytes: try fixture("networks/\(name)/data.npz")) { bytes in
                    var settings = ModelImport(
                        .graph("\(fixtures)/networks/\(name)/model.onnx"),
                        data: .npz(file: try folder.write("data.npz", bytes)))
                    (settings.loss, settings.batchSize) = (try loss.map { try Loss(specification: $0) }, 8)
                    try Self.use(try settings.run().checkpoint.encoded())
                }
            }
        case .safetensors:
            let whole = try Safetensors(try fixture("mlp_digits/model.safetensors")).tensors
            let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
            try FileManager.default.createDirectory(atPath: "\(folder.path)/hf", withIntermediateDirectories: true)
            let halves = [Array(whole.prefix(2)), Array(whole.dropFirst(2))]
            for (name, half) in zip(names, halves) {
                try folder.write("hf/" + name, try Safetensors(tensors: half).encoded())
            }
            let entries = zip(names, halves).flatMap { name, half in half.map { ($0.name, JSONValue.string(name)) } }
            let index = JSONValue.object([("weight_map", .object(entries))]).text
            return [
                try weights(try fixture("mlp_digits/model.safetensors"), "weights.safetensors", fixtures, folder),
                try weights(Array(index.utf8), "hf/model.safetensors.index.json", fixtures, folder),
            ]
        case .pytorch:
            return try ["mlp_digits/model.pt", "pytorch/zip.pt", "pytorch/protocol4.pt", "pytorch/lightning.ckpt"].map {
                try weights(try fixture($0), "weights.pt", fixtures, folder)
            }
        case .pytorchLegacy:
            return try ["pytorch/legacy.pt", "pytorch/gpu-legacy.pt"].map {
                try weights(try fixture($0), "weights.pth", fixtures, folder)
            }
        case .npy:
            let (x, y) = Self.arrays
            let tokens = NumericArray((0..<24).map { Int64($0 % 5) }, shape: [8, 3])
            let inputs = "\(folder.path)/x.npy", targets = "\(folder.path)/y.npy"
            let data = DataSpecification.npy(inputs: inputs, targets: targets)
            return [(x, y, true), (x, y, false), (tokens, y, true)].map { x, y, damagesInputs in
                let (first, second) = (NPY.encode(x), NPY.encode(y))
                return Subject(bytes: damagesInputs ? first : second) { bytes in
                    try folder.write("x.npy", damagesInputs ? bytes : first)
                    try folder.write("y.npy", damagesInputs ? second : bytes)
                    try Self.train(data)
                }
            }
        case .npz:
            let (x, y) = Self.arrays
            return try [false, true].map { deflated in
                Subject(bytes: try NPZ.encode([("x", .array(x)), ("y", .array(y))], deflated: deflated)) { bytes in
                    try Self.train(.npz(file: try folder.write("data.npz", bytes)))
                }
            }
        case .idx, .idxGzip:
            let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 8, 0, 0, 0, 4, 0, 0, 0, 4] + (0..<128).map { UInt8($0) }
            let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 8, 0, 1, 2, 0, 1, 2, 0, 1]
            let suffix = self == .idx ? "" : ".gz", name = self == .idx ? "idx" : "idxgz"
            func packed(_ bytes: [UInt8]) throws -> [UInt8] { self == .idx ? bytes : try Gzip.deflate(bytes) }
            let directory = "\(folder.path)/\(name)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let files = try [
                ("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", labels),
                ("t10k-images-idx3-ubyte", images), ("t10k-labels-idx1-ubyte", labels),
            ]
            .map { ("\(name)/\($0)\(suffix)", try packed($1)) }
            return files.map { file, bytes in
                Subject(bytes: bytes) { damaged in
                    for (other, bytes) in files { try folder.write(other, other == file ? damaged : bytes) }
                    try Self.train(.mnist(folder: directory))
                }
            }
        case .csv:
            let text = "a,b,label\n1,2,0\n3.5,-4e1,1\n0.25,7,1\n\"8\",9,0\n"
            return [Subject(bytes: Array(text.utf8)) { try Self.train(.csv(file: try folder.write("data.csv", $0))) }]
        case .cifar:
            let directory = "\(folder.path)/cifar"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let record = (0..<2).flatMap { [UInt8($0)] + (0..<3072).map { UInt8(truncatingIfNeeded: $0) } }
            let names = (1...5).map { "cifar/data_batch_\($0).bin" } + ["cifar/test_batch.bin"]
            for name in names { try folder.write(name, record) }
            return [
                Subject(bytes: record) { bytes in
                    try folder.write(names[0], bytes)
                    try Self.train(.cifar10(folder: directory))
                }
            ]
        case .checkpoint, .checkpointSealed:
            let sealed = self == .checkpointSealed
            return try [
                try Self.trainedCheckpoint(), try Self.importedCheckpoint(fixtures),
                try Self.networkCheckpoint(fixtures),
            ].map { checkpoint in
                let file = try checkpoint.safetensors()
                guard sealed else {
                    return Subject(bytes: file.encoded()) { bytes in
                        try Self.use(try FileContent.bytes(of: try folder.write("ckpt.bin", bytes)))
                    }
                }
                // Everything that the header's checksum covers, in one text.
                let keys = file.metadata.keys.filter { $0 != "header_sha256" && $0 != "sha256" }.sorted()
                let text = keys.map { file.metadata[$0]! }.joined(separator: "\u{1}")
                return Subject(bytes: Array(text.utf8)) { bytes in
                    let parts = String(decoding: bytes, as: UTF8.self).split(
                        separator: "\u{1}", omittingEmptySubsequences: false)
                    var metadata = file.metadata
                    for (key, part) in zip(keys, parts) { metadata[key] = String(part) }
                    metadata["header_sha256"] = Checkpoint.headerDigest(file.entries, metadata)
                    try Self.use(try Safetensors(tensors: file.tensors, metadata: metadata).encoded())
                }
            }
        case .figures:
            let path = folder.path + "/line"
            let model = try Model.open(try folder.write("line.bin", try Self.trainedCheckpoint().encoded()))
            let loss = try Self.loss(of: model, Monitor())
            let axis = SliceAxis(range: -1...1, points: 5)
            return try [nil, axis].flatMap { second in
                let result = try SliceAnalysis(SliceGrid(axis, second)).run(
                    loss, at: model.theta, layout: model.network.parameters)
                let report = SliceReport(
                    context: RunContext(command: "slice", loss.summary, result.slice.centerEvaluation), result)
                return try ["npz", "json"].map { ending in
                    try report.write(to: "\(path).\(ending)")
                    return Subject(bytes: try FileContent.bytes(of: "\(path).\(ending)")) { bytes in
                        let saved = try SavedFigure(reading: try folder.write("drawn.\(ending)", bytes))
                        var style = FigureStyle()
                        style.isInSpace = saved.figure.styleParts.contains(.space)
                        _ = style.draw(saved.figure).pdf()
                        _ = FigureStyle().draw(saved.figure).svg()
                    }
                }
            }
        case .styles:
            let text = """
                width = "3.25in"
                font-size = 8
                colors = "magma_r"
                x-limits = "-1:1"
                legend = false
                view = "-60,30"
                title = "a \u{3B1}"

                """
            return [
                Subject(bytes: Array(text.utf8)) { bytes in
                    var style = FigureStyle()
                    try style.read(try folder.write("style.toml", bytes))
                }
            ]
        case .journal:
            let checkpoint = try folder.write("journal.bin", try Self.trainedCheckpoint().encoded())
            let model = try Model.open(checkpoint)
            return try Self.analyses.map { analysis in
                let path = folder.path + "/work.unfinished"
                let kept = try JournalFile(path, title: "work", interval: 0, resumes: false)
                let whole = try analysis(model, Monitor().keeping(in: kept))
                guard kept.save() else { throw DamagedResult.nothingKept }
                return Subject(bytes: try FileContent.bytes(of: path)) { bytes in
                    let journal = try JournalFile(
                        try folder.write("work.unfinished", bytes), title: "work", interval: 0, resumes: true)
                    guard try analysis(model, Monitor().keeping(in: journal)) == whole else {
                        preconditionFailure("a damaged journal changed a result")
                    }
                    journal.remove()
                }
            }
        }
    }

    private enum DamagedResult: Error { case nothingKept }

    /// A slice, whose points are kept one by one, and a spectrum, whose eigenvalues and probes are kept as a whole.
    private static let analyses: [@Sendable (Model, Monitor) throws -> [UInt64]] = [
        { model, monitor in
            let axis = SliceAxis(range: -1...1, points: 5)
            let loss = try loss(of: model, monitor)
            let result = try SliceAnalysis(SliceGrid(axis, axis)).run(
                loss, at: model.theta, layout: model.network.parameters, monitor: monitor)
            return result.slice.loss.map(\.bitPattern)
        },
        { model, monitor in
            var spectrum = SpectrumAnalysis(largest: 2)
            (spectrum.estimatesTrace, spectrum.estimatesDensity) = (true, true)
            let loss = try loss(of: model, monitor)
            let result = try spectrum.run(loss, at: model.theta, layout: model.network.parameters, monitor: monitor)
            return ((result.top?.values ?? []) + [result.trace?.trace.value ?? 0]).map(\.bitPattern)
        },
    ]

    private static func loss(of model: Model, _ monitor: Monitor) throws -> ModelLoss {
        var settings = ModelLoss.Settings()
        settings.examples = 8
        return try ModelLoss(model, name: "journal", settings, monitor: monitor)
    }

    /// Networks of several inputs, of elements that do not count, and of losses of their own.
    private static let networks: [(name: String, loss: String?)] = [
        ("masked", nil), ("segmentation", "cross-entropy:ignore-index=255"), ("two-tasks", "output:loss"),
        ("contrastive", "output"), ("weighted-tokens", nil),
    ]

    /// Weights for the perceptron of the digits, read as `landscape import --model` does.
    private func weights(_ bytes: [UInt8], _ name: String, _ fixtures: String, _ folder: FuzzFolder) throws -> Subject {
        let digits = DataSpecification.npy(
            inputs: "\(fixtures)/mlp_digits/eval_x.npy", targets: "\(fixtures)/mlp_digits/eval_y.npy")
        let data = try DataPreparation(digits).load()
        return Subject(bytes: bytes) { bytes in
            let path = try folder.write(name, bytes)
            let file = try StateDictionary.read(path)
            _ = file.tensors.map(\.array.doubles)
            do {
                let settings = ModelImport(.weights(path, of: "mlp:64-32-10"), data: digits)
                try Self.use(try settings.run(data).checkpoint.encoded())
            } catch ModelError.tensorsUnmatched {
                // Sound files of other networks are to be refused, too.
            }
        }
    }

    private static var arrays: (NumericArray, NumericArray) {
        let x = (0..<32).map { Float($0) / 7 - 2 }, y = (0..<8).map { Int64($0 % 3) }
        return (NumericArray(x, shape: [8, 4]), NumericArray(y, shape: [8]))
    }

    private static func trainedCheckpoint() throws -> Checkpoint {
        var settings = TrainingConfiguration(model: "mlp:2-4-2", data: .spirals, optimizer: .adam)
        settings.length = .steps(2)
        let trainer = try Trainer(settings)
        _ = try trainer.run()
        return trainer.checkpoint()
    }

    private static func importedCheckpoint(_ fixtures: String) throws -> Checkpoint {
        let data = DataSpecification.npy(
            inputs: "\(fixtures)/onnx/conv1d_x.npy", targets: "\(fixtures)/onnx/conv1d_y.npy")
        return try ModelImport(.graph("\(fixtures)/onnx/conv1d_dynamo21.onnx"), data: data).run().checkpoint
    }

    private static func networkCheckpoint(_ fixtures: String) throws -> Checkpoint {
        let folder = "\(fixtures)/networks/contrastive"
        var settings = ModelImport(.graph(folder + "/model.onnx"), data: .npz(file: folder + "/data.npz"))
        (settings.loss, settings.batchSize) = (try Loss(specification: "output"), 8)
        return try settings.run().checkpoint
    }

    /// A checkpoint read, its network built, and loss and gradient computed on its data.
    private static func use(_ bytes: [UInt8]) throws {
        let model = try Model(try Checkpoint(bytes))
        let data = try model.dataset(examples: min(8, model.metadata.data.trainingExamples))
        let objective = try model.objective(data, memory: MemoryBudget(limit: 1 << 28))
        _ = try objective.evaluate(at: model.theta)
        _ = try objective.valueAndGradient(at: model.theta)
    }

    /// Data loaded as for a training, and the loss of a linear model on them.
    private static func train(_ data: DataSpecification) throws {
        let settings = TrainingConfiguration(model: "linear", data: data)
        let examples = try settings.preparation().load()
        guard !(examples.record.takesTokens ?? false) else { return }
        let network = try Network(
            canonical: "linear", inputShape: examples.record.exampleShape, outputs: min(examples.record.outputs, 64))
        let loss = try settings.loss(for: examples.train)
        try DataMismatch.check(examples.train, network, loss)
        let objective = try NetworkObjective(
            network: network, data: try examples.train.prefix(min(4, examples.train.count)),
            loss: loss, memory: MemoryBudget(limit: 1 << 28))
        _ = try objective.valueAndGradient(at: network.parameters.initialValues(seed: 0))
    }
}
