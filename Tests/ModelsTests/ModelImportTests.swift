import ArrayFiles
import Datasets
import Foundation
import Objectives
import ReferenceModels
import TestSupport
import Testing
import Training

@testable import Models

/// A training on the digits.
func digits(_ model: String, epochs: Double) -> TrainingConfiguration {
    var configuration = TrainingConfiguration(model: model, data: .digits)
    configuration.length = .epochs(epochs)
    return configuration
}

@Suite struct ModelImportTests {
    static let mlp = Reference.fixtures + "/mlp_digits"

    /// Weights of an architecture, for the digits.
    static func importing(_ path: String, _ model: String = "mlp:64-32-10") -> ModelImport {
        ModelImport(.weights(path, of: model), data: .digits)
    }

    /// The reference network's plain file gives the reference's weights, by whatever names.
    @Test(arguments: ["", "module.", "module.model."]) func byName(_ prefix: String) throws {
        let folder = try Folder(), reference = try Reference.mlp()
        let file = try Safetensors.read(Self.mlp + "/model.safetensors")
        let renamed = file.tensors.map { NamedArray(name: prefix + $0.name, array: $0.array) }
        try Safetensors(tensors: renamed).write(to: folder.path("w.safetensors"))
        let imported = try Self.importing(folder.path("w.safetensors")).run()
        let (checkpoint, notes) = (imported.checkpoint, imported.notes)
        #expect(checkpoint.theta == reference.theta && notes.isEmpty == prefix.isEmpty)
        #expect(checkpoint.metadata.training == nil && checkpoint.metadata.loss == "cross-entropy")
        let model = try Model(checkpoint)
        #expect(try #require(model.objective(model.dataset(.test)).evaluate(at: model.theta).accuracy) > 0.9)
    }

    /// `fc` for `linear` and `downsample` for `shortcut`, as torchvision, timm and chenyaofo have them; through a compiled and a
    /// parallel wrapper, with counters, under a key.
    @Test func otherNames() throws {
        let folder = try Folder()
        var configuration = digits("resnet8:B", epochs: 1)
        configuration.examples = 64
        let own = try Trainer(configuration).run().checkpoint
        let renamed = (own.parameters + own.buffers).map { tensor in
            var name = tensor.name.replacingOccurrences(of: "linear.", with: "fc.")
            name = name.replacingOccurrences(of: "shortcut.", with: "downsample.")
            return NamedArray(name: "module._orig_mod." + name, array: tensor.array)
        }
        let path = folder.path("w.safetensors")
        try Safetensors(tensors: renamed.shuffled()).write(to: path)
        let imported = try Self.importing(path, "resnet8:B").run()
        let (checkpoint, notes) = (imported.checkpoint, imported.notes)
        #expect(checkpoint.parameters == own.parameters && checkpoint.buffers == own.buffers)
        #expect(notes.count == 1 && notes[0].contains("matched by name"), "\(notes)")
        let error = #expect(throws: ModelError.self) {
            try Self.importing(path, "resnet8").run()
        }
        #expect(error?.description.contains("resnet…:B") == true)
    }

    /// Data that show fewer classes than the weights know.
    @Test func fewerClassesThanOutputs() throws {
        let folder = try Folder()
        let data = Dataset(
            name: "few", inputs: .floats([Float](repeating: 0.5, count: 128)), exampleShape: [64],
            targets: .classes([0, 3], count: 4))
        let wide = try Trainer(digits("linear", epochs: 1)).run(to: folder.path("wide.bin")).checkpoint
        let imported = try Self.importing(folder.path("wide.bin"), "linear").run(
            DataPreparation(.digits).prepare(train: data, test: nil))
        let (checkpoint, notes) = (imported.checkpoint, imported.notes)
        #expect(checkpoint.parameters == wide.parameters && checkpoint.metadata.data.outputs == 10)
        #expect(notes.contains("the model has 10 outputs, the data show 4 classes"), "\(notes)")
    }

    /// As `nn.Sequential` names them, in the alphabetical order of Python's writer.
    @Test func byShape() throws {
        let folder = try Folder(), reference = try Reference.mlp()
        let names = [
            "fc1.weight": "net.2.weight", "fc1.bias": "net.2.bias", "fc2.weight": "net.10.weight",
            "fc2.bias": "net.10.bias",
        ]
        let file = try Safetensors.read(Self.mlp + "/model.safetensors")
        let renamed = file.tensors.map { NamedArray(name: names[$0.name] ?? "", array: $0.array) }
        try Safetensors(tensors: renamed.sorted { $0.name < $1.name }).write(to: folder.path("w.safetensors"))
        let imported = try Self.importing(folder.path("w.safetensors")).run()
        let (checkpoint, notes) = (imported.checkpoint, imported.notes)
        #expect(checkpoint.theta == reference.theta)
        #expect(
            notes.count == 1 && notes[0].contains("by shape, and no other assignment fits")
                && notes[0].contains("net.2.weight"))
        let error = #expect(throws: ModelError.self) {
            try Self.importing(folder.path("w.safetensors"), "mlp:64-31-10").run()
        }
        #expect(
            error?.description.contains("Missing: fc1.weight") == true
                && error?.description.contains("net.10.bias") == true)
    }

    @Test func wrongShapesAndNumbers() throws {
        let folder = try Folder()
        let path = folder.path("w.safetensors")
        let error = #expect(throws: ModelError.self) {
            try Self.importing(Self.mlp + "/model.safetensors", "mlp:64-31-10").run()
        }
        #expect(error?.description.contains("[32, 64]") == true)
        let weights = try Safetensors.read(Self.mlp + "/model.safetensors").tensors
        let broken = weights.map { tensor in
            let values = tensor.array.doubles.enumerated().map { $0 == 3 ? .nan : $1 }
            return NamedArray(name: tensor.name, values: values, shape: tensor.array.shape, precision: .float)
        }
        try Safetensors(tensors: broken).write(to: path)
        #expect(throws: ModelError.self) { try Self.importing(path).run() }
        #expect(throws: FileError.self) { try Self.importing(folder.path("none")).run() }
    }

    /// Buffers go by their own order, counters are passed over, a checkpoint's moments too.
    @Test func batchNorm() throws {
        let folder = try Folder()
        var configuration = digits("resnet8", epochs: 1)
        configuration.examples = 100
        let own = try Trainer(configuration).run(to: folder.path("own.bin")).checkpoint
        let again = try Self.importing(folder.path("own.bin"), "resnet8").run().checkpoint
        #expect(again.parameters == own.parameters && again.buffers == own.buffers && again.optimizerState.isEmpty)
        let counters = ["bn1.num_batches_tracked"].map {
            NamedArray(name: $0, array: NumericArray([Int64(7)], shape: []))
        }
        try Safetensors(tensors: own.parameters + own.buffers + counters).write(to: folder.path("plain.safetensors"))
        let plain = try Self.importing(folder.path("plain.safetensors"), "resnet8").run().checkpoint
        #expect(plain == again)
    }

    /// Weights keep the precision in which they came; half precision becomes Float32 exactly. Rounding is said.
    @Test(arguments: ["safetensors", "npz"]) func precision(_ format: String) throws {
        let folder = try Folder(), path = folder.path("w.\(format)")
        let exact = try Safetensors.read(Self.mlp + "/model.safetensors").tensors.map {
            NamedArray(
                name: $0.name, array: NumericArray($0.array.doubles.map { $0 * 1.0123456789 }, shape: $0.array.shape))
        }
        func write(_ tensors: [NamedArray]) throws {
            if format == "npz" {
                try NPZ.write(tensors.map { ($0.name, .array($0.array)) }, to: path)
            } else {
                try Safetensors(tensors: tensors).write(to: path)
            }
        }
        func theta(_ type: ElementType) -> [Double] {
            let wanted = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]
            return wanted.flatMap { name in exact.first { $0.name == name }?.array.doubles ?? [] }
        }
        try write(exact)
        let double = try Self.importing(path).run()
        #expect(double.checkpoint.metadata.precision == .double && double.notes == [])
        #expect(double.checkpoint.theta == theta(.float64))
        var rounding = Self.importing(path)
        rounding.precision = .float
        let rounded = try rounding.run()
        #expect(rounded.checkpoint.metadata.precision == .float)
        #expect(rounded.notes.count == 1 && rounded.notes[0].contains("were rounded to Float32"))
        #expect(rounded.checkpoint.theta == theta(.float64).map { Double(Float($0)) })
        // The upper half of each Float32.
        let halves = try exact.map { tensor in
            let bytes = tensor.array.floats.flatMap { value in
                let bits = UInt16(truncatingIfNeeded: value.bitPattern >> 16)
                return [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8)]
            }
            return NamedArray(
                name: tensor.name, array: try NumericArray(shape: tensor.array.shape, type: .bfloat16, bytes: bytes))
        }
        guard format == "safetensors" else { return }
        try write(halves)
        let half = try Self.importing(path).run()
        #expect(half.checkpoint.metadata.precision == .float && half.notes == [])
        #expect(
            half.checkpoint.theta
                == theta(.float64).map { Double(Float(bitPattern: Float($0).bitPattern & 0xFFFF_0000)) })
    }

    /// Layers of one shape whose names say nothing are refused, and the right ones under any prefix give the right numbers.
    @Test func layersOfOneShape() throws {
        let folder = try Folder(), path = folder.path("w.safetensors")
        func file(_ names: [String]) throws {
            try Safetensors(
                tensors: NameMatchingTests.layers(names, [64, 64]) + NameMatchingTests.layers(["tail"], [10, 64])
            )
            .write(to: path)
        }
        try file(["input", "hidden"])
        let error = #expect(throws: ModelError.self) { try Self.importing(path, "mlp:64-64-64-10").run() }
        let text = try #require(error).description
        #expect(text.contains("each of which could be any of fc1") && text.contains("rename them"), "\(text)")
        try file(["zeta.fc1", "zeta.fc2"])
        let imported = try Self.importing(path, "mlp:64-64-64-10").run().checkpoint
        #expect(imported.parameters[0].array.doubles.first == 0 && imported.parameters[2].array.doubles.first == 10)
        let summary = try CheckpointSummary(
            Checkpoint(imported.encoded()).safetensors().entries, imported.safetensors().metadata)
        #expect(try summary.mapping?.map(\.source).first == "zeta.fc1.weight")
        #expect(try summary.mapping?.last?.evidence == "shape")
    }
}
