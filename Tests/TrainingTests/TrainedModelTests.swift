import ArrayFiles
import Models
import Datasets
import Foundation
import Networks
import Objectives
import Testing

@testable import Training

@Suite struct TrainedModelTests {
    func trained(_ model: String = "mlp:64-8-10", _ change: (inout TrainingConfiguration) -> Void = { _ in }) throws
        -> Checkpoint
    {
        var configuration = digits(model, epochs: 1)
        configuration.examples = 200
        change(&configuration)
        return try Trainer(configuration).run().checkpoint
    }

    @Test func roundTrip() throws {
        let checkpoint = try trained("resnet8;activation=silu;norm=batch")
        let model = try Model(checkpoint)
        #expect(model.network.canonicalSpecification == "resnet8;activation=silu;norm=batch")
        #expect(model.theta == checkpoint.theta)
        var again = Model.checkpoint(
            model.network, theta: model.theta, buffers: model.buffers, metadata: model.metadata)
        again.optimizerState = checkpoint.optimizerState
        #expect(again == checkpoint)
    }

    @Test func damaged() throws {
        let checkpoint = try trained()
        func expectFailure(_ change: (inout Checkpoint) -> Void, _ words: String) {
            var other = checkpoint
            change(&other)
            let error = #expect(throws: (any Error).self) { try Model(other) }
            #expect("\(error.map { "\($0)" } ?? "")".contains(words), "\(String(describing: error))")
        }
        expectFailure({ $0.parameters.removeLast() }, "fc2.bias")
        expectFailure({ $0.metadata.model = "mlp:64-9-10" }, "shape")
        expectFailure({ $0.metadata.model = "mlp:64-8-8-10" }, "fc2.weight")
        expectFailure({ $0.metadata.model = "elephant" }, "unknown model")
        expectFailure({ $0.metadata.model += ";norm=many" }, "norm=many")
        expectFailure({ $0.metadata.loss = "sorrow" }, "sorrow")
        expectFailure({ $0.metadata.data.exampleShape = [-64] }, "-64")
        expectFailure({ $0.metadata.data.exampleShape = [1 << 40, 1 << 40] }, "examples of shape")
        expectFailure({ $0.metadata.data.outputs = 0 }, "0 outputs")
        expectFailure({ $0.metadata.data.takesTokens = true }, "tokens")
    }

    @Test func otherData() throws {
        let model = try Model(
            trained {
                $0.labelNoise = 0.5; $0.standardizes = true
            })
        let own = try model.dataset(), named = try model.dataset(.train, .digits)
        #expect(own == named && own.count == 200)
        #expect(throws: TrainingError.self) { try model.dataset(.train, .spirals) }
        #expect(throws: DatasetError.self) { try model.dataset(examples: 201) }
        var changed = try trained()
        changed.metadata.data.trainingExamples = 1 << 40
        #expect(throws: TrainingError.self) { try Model(changed).dataset() }
        changed.metadata.data.standardization = StandardizationRecord(mean: [1, 2], deviation: [1])
        #expect(throws: TrainingError.self) { try Model(changed).dataset(.test) }
    }

    @Test func textForms() throws {
        for loss in [
            Loss.crossEntropy(labelSmoothing: 0), .crossEntropy(labelSmoothing: 0.1), .meanSquaredError,
            .halfMeanSquaredError, .binaryCrossEntropy,
        ] {
            #expect(try Loss(specification: loss.specification) == loss)
        }
        for text in ["", "mae", "cross-entropy:label-smoothing=1", "cross-entropy:label-smoothing=nan", "mse:"] {
            #expect(throws: NetworkError.self) { try Loss(specification: text) }
        }
        for text in ["linear", "linear;activation=tanh", "resnet8:B;activation=gelu;norm=group"] {
            #expect(try Network(canonical: text, inputShape: [1, 8, 8], outputs: 10).canonicalSpecification == text)
        }
        for text in [
            "linear;", "linear;activation=soft", "linear;norm=layer;norm=layer", "linear;depth=3", ";norm=none", "",
        ] {
            #expect(throws: NetworkError.self) { try Network(canonical: text, inputShape: [1, 8, 8], outputs: 10) }
        }
    }
}

@Suite struct ImportTests {
    /// The reference network's plain file gives the reference's weights, by whatever names.
    @Test(arguments: ["", "module.", "module.model."]) func byName(_ prefix: String) throws {
        let folder = try temporaryFolder(), reference = try ReferenceNetwork()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try Safetensors.read(ReferenceNetwork.folder + "/model.safetensors")
        let renamed = file.tensors.map { Safetensors.Tensor(name: prefix + $0.name, array: $0.array) }
        try Safetensors(tensors: renamed).write(to: folder + "/w.safetensors")
        let (checkpoint, notes) = try Model.importWeights(folder + "/w.safetensors", digits())
        #expect(checkpoint.theta == reference.theta && notes.isEmpty == prefix.isEmpty)
        #expect(checkpoint.metadata.training == nil && checkpoint.metadata.loss == "cross-entropy")
        let model = try Model(checkpoint)
        #expect(try #require(model.objective(model.dataset(.test)).evaluate(at: model.theta).accuracy) > 0.9)
    }

    /// `fc` for `linear` and `downsample` for `shortcut`, as torchvision, timm and chenyaofo have them; through a compiled and a
    /// parallel wrapper, with counters, under a key.
    @Test func otherNames() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = digits("resnet8:B", epochs: 1)
        configuration.examples = 64
        let own = try Trainer(configuration).run().checkpoint
        let renamed = (own.parameters + own.buffers).map { tensor in
            var name = tensor.name.replacingOccurrences(of: "linear.", with: "fc.")
            name = name.replacingOccurrences(of: "shortcut.", with: "downsample.")
            return Safetensors.Tensor(name: "module._orig_mod." + name, array: tensor.array)
        }
        let path = folder + "/w.safetensors"
        try Safetensors(tensors: renamed.shuffled()).write(to: path)
        let (checkpoint, notes) = try Model.importWeights(path, configuration)
        #expect(checkpoint.parameters == own.parameters && checkpoint.buffers == own.buffers)
        #expect(notes.count == 2 && notes[1].contains("other names"), "\(notes)")
        let error = #expect(throws: TrainingError.self) {
            try Model.importWeights(path, digits("resnet8", epochs: 1))
        }
        #expect(error?.description.contains("resnet…:B") == true)
    }

    /// Data that show fewer classes than the weights know.
    @Test func fewerClassesThanOutputs() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let data = Dataset(
            name: "few", inputs: .floats([Float](repeating: 0.5, count: 128)), exampleShape: [64],
            targets: .classes([0, 3], count: 4))
        let configuration = digits("linear")
        let wide = try Trainer(digits("linear", epochs: 1)).run(to: folder + "/wide.bin").checkpoint
        let (checkpoint, notes) = try Model.importWeights(
            folder + "/wide.bin", configuration, data: TrainingData(train: data, test: nil, configuration))
        #expect(checkpoint.parameters == wide.parameters && checkpoint.metadata.data.outputs == 10)
        #expect(notes.contains("the model has 10 outputs, the data show 4 classes"), "\(notes)")
    }

    /// As `nn.Sequential` names them, in the alphabetical order of Python's writer.
    @Test func byOrder() throws {
        let folder = try temporaryFolder(), reference = try ReferenceNetwork()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let names = [
            "fc1.weight": "net.2.weight", "fc1.bias": "net.2.bias", "fc2.weight": "net.10.weight",
            "fc2.bias": "net.10.bias",
        ]
        let file = try Safetensors.read(ReferenceNetwork.folder + "/model.safetensors")
        let renamed = file.tensors.map { Safetensors.Tensor(name: names[$0.name] ?? "", array: $0.array) }
        try Safetensors(tensors: renamed.sorted { $0.name < $1.name }).write(to: folder + "/w.safetensors")
        let (checkpoint, notes) = try Model.importWeights(folder + "/w.safetensors", digits())
        #expect(checkpoint.theta == reference.theta)
        #expect(notes.count == 1 && notes[0].contains("by order") && notes[0].contains("net.2.weight"))
        let error = #expect(throws: TrainingError.self) {
            try Model.importWeights(folder + "/w.safetensors", digits("mlp:64-31-10"))
        }
        #expect(
            error?.description.contains("Missing: fc1.weight") == true
                && error?.description.contains("net.10.bias") == true)
    }

    @Test func wrongShapesAndNumbers() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/w.safetensors"
        let error = #expect(throws: TrainingError.self) {
            try Model.importWeights(ReferenceNetwork.folder + "/model.safetensors", digits("mlp:64-31-10"))
        }
        #expect(error?.description.contains("[32, 64]") == true)
        let weights = try Safetensors.read(ReferenceNetwork.folder + "/model.safetensors").tensors
        let broken = weights.map { tensor in
            let values = tensor.array.doubles.enumerated().map { $0 == 3 ? .nan : $1 }
            return Safetensors.Tensor(name: tensor.name, values: values, shape: tensor.array.shape, precision: .float)
        }
        try Safetensors(tensors: broken).write(to: path)
        #expect(throws: TrainingError.self) { try Model.importWeights(path, digits()) }
        #expect(throws: FileError.self) { try Model.importWeights(folder + "/none", digits()) }
    }

    /// Buffers go by their own order, counters are passed over, a checkpoint's moments too.
    @Test func batchNorm() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = digits("resnet8", epochs: 1)
        configuration.examples = 100
        let own = try Trainer(configuration).run(to: folder + "/own.bin").checkpoint
        let again = try Model.importWeights(folder + "/own.bin", configuration).checkpoint
        #expect(again.parameters == own.parameters && again.buffers == own.buffers && again.optimizerState.isEmpty)
        let counters = ["bn1.num_batches_tracked"].map {
            Safetensors.Tensor(name: $0, array: NumericArray([Int64(7)], shape: []))
        }
        try Safetensors(tensors: own.parameters + own.buffers + counters).write(to: folder + "/plain.safetensors")
        let plain = try Model.importWeights(folder + "/plain.safetensors", configuration).checkpoint
        #expect(plain == again)
    }
}
