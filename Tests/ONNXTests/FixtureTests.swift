import ArrayFiles
import Datasets
import Foundation
import Models
import Networks
import Objectives
import Tensors
import TestSupport
import Testing

@testable import ONNX

/// Networks that PyTorch exported (Tests/Fixtures/onnx/generate.py), by way of a checkpoint's bytes, against PyTorch's own loss,
/// gradient g and H g in Float64.
@Suite struct FixtureTests {
    static let folder = Fixtures.path("onnx")

    struct Reference: Decodable {
        let loss: Double, parameters: Int, gradient_norm: Double, gHg: Double, hg_norm: Double
        /// For each file and tensor: where it lies in the derivatives, and how many numbers it has.
        let files: [String: [String: [Int]]]
    }

    static let files = [
        "resnet18_ts17", "mobilenet_ts17", "mobilenet_ts11", "vit_ts17", "vit_dynamo20", "vit_fixed3", "vit_tsfixed1",
        "text_ts17", "text_dynamo18", "text_fixed3", "lstm_ts17", "lstm_tsfixed3", "lstm_fixed1", "conv1d_ts17",
        "conv1d_dynamo21", "softmax_ts13", "softmax_fixed1",
        "regressor_ts17", "regressor_dynamo20", "binary_ts17",
    ]

    /// The import of a file of the fixtures, for the data of its network.
    static func importing(_ file: String, weights: String? = nil) throws -> ModelImport {
        let name = file.prefix { $0 != "_" }
        let data = try DataSpecification("npy:\(folder)/\(name)_x.npy,\(folder)/\(name)_y.npy")
        return ModelImport(.graph("\(folder)/\(file).onnx", weights: weights), data: data)
    }

    static func reference(_ name: String) throws -> Reference {
        try JSONDecoder().decode(Reference.self, from: Data(contentsOf: URL(filePath: "\(folder)/\(name).json")))
    }

    /// Numbers of the model's code, such as 1/√d, lie in the files in Float32; without `RoundedConstant` losses differ by 1e-8.
    @Test(arguments: files) func agreesWithPyTorch(_ file: String) throws {
        let name = String(file.prefix { $0 != "_" })
        let reference = try Self.reference(name)
        let imported = try Self.importing(file).run()
        let model = try Model(Checkpoint(try imported.checkpoint.encoded()))
        #expect(model.theta.count == reference.parameters)
        let objective = try model.objective(model.dataset(), precision: .double)
        let (loss, gradient) = try objective.valueAndGradient(at: model.theta)
        let product = try objective.hessianVectorProduct(at: model.theta, along: gradient)
        #expect(abs(loss - reference.loss) <= 1e-9 * abs(reference.loss))
        #expect(abs(Vectors.norm(gradient) - reference.gradient_norm) <= 1e-8 * reference.gradient_norm)
        #expect(abs(Vectors.norm(product) - reference.hg_norm) <= 3e-8 * reference.hg_norm)
        #expect(
            abs(Vectors.dot(gradient, product) - reference.gHg) <= 3e-8 * reference.hg_norm * reference.gradient_norm)

        // Tensor by tensor, in PyTorch's layout.
        let derivatives = try NPY.read("\(Self.folder)/\(name)_derivatives.npy").doubles
        let places = try #require(reference.files[file]), layout = model.network.parameters
        var compared = 0
        for (index, tensor) in layout.tensors.enumerated() {
            guard let place = places[tensor.name] else { continue }
            compared += 1
            for (found, from, norm) in [
                (gradient, place[0], reference.gradient_norm),
                (product, reference.parameters + place[0], reference.hg_norm),
            ] {
                let expected = derivatives[from..<(from + place[1])]
                let error = zip(found[layout.range(index)], expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
                #expect(layout.range(index).count == place[1] && error <= 3e-8 * norm, "\(tensor.name)")
            }
        }
        // Recurrent weights are in ONNX's order of gates, and a repeated token is stored once.
        #expect(compared >= layout.tensors.count - (name == "lstm" ? 12 : 1) && compared > 0)
    }

    /// Any size of batch gives the same, also where the model was exported for one.
    @Test(arguments: [
        "vit_fixed3", "vit_tsfixed1", "softmax_fixed1", "text_ts17", "text_fixed3", "lstm_tsfixed3", "lstm_fixed1",
    ]) func batchesOfAnySize(
        _ file: String
    ) throws {
        let model = try Model(Self.importing(file).run().checkpoint)
        let whole = try model.objective(model.dataset(), precision: .double).evaluate(at: model.theta).loss
        for size in [1, 4] {
            let parts = try model.objective(model.dataset(), precision: .double, batchSize: size)
            #expect(abs(try parts.evaluate(at: model.theta).loss - whole) <= 1e-12 * abs(whole))
        }
    }

    /// A checkpoint keeps what its import found on trial; an older one, which lacks it, opens to the same model.
    @Test(arguments: ["softmax_ts13", "vit_fixed3", "lstm_fixed1"]) func openedWithAndWithoutTrials(_ file: String)
        throws
    {
        let checkpoint = try Self.importing(file).run().checkpoint
        var older = checkpoint
        #expect(older.metadata.other.removeValue(forKey: TrialBuilds.metadataKey) != nil)
        let losses = try [checkpoint, older].map { checkpoint in
            let model = try Model(checkpoint)
            return try model.objective(model.dataset(), precision: .double, batchSize: 4).evaluate(at: model.theta).loss
        }
        #expect(losses[0] == losses[1])
    }

    /// Filters lie along the first axis in a checkpoint, however the model has its matrices.
    @Test func layoutIsPyTorchs() throws {
        let imported = try Self.importing("vit_dynamo20").run()
        let shapes = Dictionary(uniqueKeysWithValues: imported.checkpoint.parameters.map { ($0.name, $0.array.shape) })
        #expect(
            shapes["val_14"] == [24, 8] && shapes["head.weight"] == [4, 8] && shapes["patch.weight"] == [8, 3, 4, 4])
    }

    @Test func tokensOutsideTheVocabularyAreRefused() throws {
        let imported = try Self.importing("text_ts17").run()
        let folder = try Folder(), other = folder.path("other.npy")
        let data = try DataSpecification("npy:\(other),\(Self.folder)/text_y.npy")
        try NPY.write(NumericArray([Int](repeating: 20, count: 42), shape: [6, 7]), to: other)
        let unknown = DataMismatch.unknownToken(token: 20, vocabulary: 20)
        #expect(throws: unknown) { try ModelImport(.graph("\(Self.folder)/text_ts17.onnx"), data: data).run() }
        let model = try Model(imported.checkpoint)
        #expect(throws: ObjectiveError.data(unknown)) { try model.objective(model.dataset(.train, data)) }
    }

    @Test func parametersAreChosenByName() throws {
        func imported(_ parameters: [String], _ frozen: [String]) throws -> Checkpoint {
            var settings = try Self.importing("softmax_ts13")
            (settings.parameters, settings.frozen) = (parameters, frozen)
            return try settings.run().checkpoint
        }
        func names(_ parameters: [String], _ frozen: [String]) throws -> [String] {
            try imported(parameters, frozen).parameters.map(\.name)
        }
        #expect(try names([], []) == ["net.0.weight", "net.0.bias", "net.2.weight", "net.2.bias"])
        #expect(try names(["net.2.*"], []) == ["net.2.weight", "net.2.bias"])
        #expect(try names([], ["*.bias"]) == ["net.0.weight", "net.2.weight"])
        #expect(try names(["net.2.weight", "net.0.*"], ["net.0.bias"]) == ["net.0.weight", "net.2.weight"])
        #expect(throws: FileError.self) { try names(["fc*"], []) }
        #expect(throws: FileError.self) { try names([], ["*"]) }
        // The loss stays what it is, whatever is θ.
        let loss = try [[], ["*.bias"]].map { frozen in
            let model = try Model(imported([], frozen))
            return try model.objective(model.dataset(), precision: .double).evaluate(at: model.theta).loss
        }
        #expect(loss[0] == loss[1])
    }

    /// Softmax and sigmoid at the end are a part of the loss where it takes logits, and stay where it does not.
    @Test func endings() throws {
        func notes(_ file: String, _ loss: String?) throws -> (String, Double) {
            var settings = try Self.importing(file)
            settings.loss = try loss.map { try Loss(specification: $0) }
            let imported = try settings.run()
            let model = try Model(imported.checkpoint)
            return (
                imported.notes.joined(),
                try model.objective(model.dataset(), precision: .double).evaluate(at: model.theta).loss
            )
        }
        #expect(try notes("softmax_ts13", nil).0.contains("taken off"))
        let squared = try notes("softmax_ts13", "mse")
        #expect(squared.0.contains("is applied to what that gives") && squared.1 < 1)
        #expect(try notes("binary_ts17", nil).0.contains("bce"))
        #expect(try notes("binary_ts17", "mse").1 < 1)
    }
}
