import ArrayFiles
import Datasets
import Foundation
import Networks
import Objectives
import TestSupport
import Testing
import Training

@testable import Models

@Suite struct ModelTests {
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

    /// A file is read in pieces of a mebibyte, which tensors do not begin with; what it holds beside θ and buffers is read for its checksum.
    @Test func opensPieceByPiece() throws {
        var checkpoint = try trained("resnet8;norm=batch")
        checkpoint.optimizerState = [
            NamedArray(
                name: "momentum", values: (0..<400_000).map { Double($0) }, shape: [400_000], precision: .float)
        ]
        let folder = try Folder(), path = folder.path("ckpt.bin")
        try checkpoint.write(to: path)
        let (model, whole) = (try Model.open(path), try Model(Checkpoint.read(path)))
        #expect(model.theta == whole.theta && model.buffers == whole.buffers && model.theta == checkpoint.theta)
        #expect(model.metadata == whole.metadata)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: FileError.self) { try Model.open(path) }
        guard case .malformed(_, CheckpointError.tensorsChanged) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
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
        #expect(throws: ModelError.self) { try model.dataset(.train, .spirals) }
        #expect(throws: DatasetError.self) { try model.dataset(examples: 201) }
        var changed = try trained()
        changed.metadata.data.trainingExamples = 1 << 40
        #expect(throws: ModelError.self) { try Model(changed).dataset() }
        changed.metadata.data.standardization = StandardizationRecord(mean: [1, 2], deviation: [1])
        #expect(throws: ModelError.self) { try Model(changed).dataset(.test) }
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
        for text in [
            "linear", "linear;norm=none", "mlp:64-8-10;activation=tanh;norm=batch",
            "resnet8:B;activation=gelu;norm=group",
        ] {
            #expect(try Network(canonical: text, inputShape: [1, 8, 8], outputs: 10).canonicalSpecification == text)
        }
        for text in [
            "linear;", "linear;activation=soft", "linear;norm=layer;norm=layer", "linear;depth=3", ";norm=none", "",
        ] {
            #expect(throws: NetworkError.self) { try Network(canonical: text, inputShape: [1, 8, 8], outputs: 10) }
        }
    }
}
