import Datasets
import Foundation
import Models
import Tensors
import TestSupport
import Testing

@testable import ONNX

/// Layers that an exporter folded are named, and those of an export that keeps them are the module's: on files of PyTorch's exporters
/// (Tests/Fixtures/folds/generate.py), against the module's own derivatives in Float64.
@Suite struct ExportFoldsTests {
    private static let folder = Fixtures.path("folds")

    private struct Reference: Decodable {
        let data: String
        let loss: Double, gradientNorm: Double, gHg: Double
    }

    /// What of each network the newer exporter folds where it optimises, and the older one with constant folding, in words of the warning.
    private static let folds: [String: (optimized: [String], older: [String]?)] = [
        "linear-norm": (["batch normalisation '1'"], []),
        "conv-norm": (["batch normalisation '2', '5'"], ["batch normalisation into the weights of '1', '4'"]),
        "plain-norm": (["batch normalisation '2'"], ["batch normalisation into the weights of '1'"]),
        "transposed-norm": (["batch normalisation '2'"], []),
        "weight-norm": (["weight normalisation of '0'"], ["computed the weights of '0' in advance"]),
        "old-weight-norm": (["weight normalisation of '0'"], ["computed the weights of '0' in advance"]),
        "spectral-norm": (["spectral normalisation of '0'"], nil),
        "old-spectral-norm": (["spectral normalisation of '0'"], []),
        "positions": (["the table 'position.weight'"], []),
        "recurrent": (["joined 'lstm.weight_ih_l0'"], ["joined 'lstm'"]),
        "scaled": (["computed weights in advance from 'g', 'w'"], []),
        "fresh": (
            ["'n2.bias' = 'n1.bias', 'n2.weight' = 'n1.weight'", "left out 'b.bias'"],
            ["'n2.bias' = 'n1.bias', 'n2.weight' = 'n1.weight', 'b.bias' = 'n1.bias'"]
        ),
        "mlp": ([], []), "norm-first": ([], []), "conv": ([], []), "attention": ([], nil), "tied": ([], []),
        "unused": ([], []),
    ]
    /// Folds after which θ has the module's numbers in another order, or those of them that the output depends on.
    private static let harmless = ["positions", "recurrent"]

    private static let references: [String: Reference] = {
        let data = try? Data(contentsOf: URL(filePath: "\(folder)/reference.json"))
        return data.flatMap { try? JSONDecoder().decode([String: Reference].self, from: $0) } ?? [:]
    }()

    private func importing(_ file: String, _ reference: Reference) throws -> ModelImport {
        let data = try DataSpecification("npy:\(Self.folder)/x_\(reference.data).npy,\(Self.folder)/y.npy")
        return ModelImport(.graph("\(Self.folder)/\(file).onnx"), data: data)
    }

    /// Differences from the module, relative to its own numbers.
    private func errors(_ imported: ImportedCheckpoint, _ reference: Reference) throws -> [Double] {
        let model = try Model(imported.checkpoint)
        let objective = try model.objective(model.dataset(), precision: .double)
        let (loss, gradient) = try objective.valueAndGradient(at: model.theta)
        let product = try objective.hessianVectorProduct(at: model.theta, along: gradient)
        return [
            abs(loss - reference.loss) / reference.loss,
            abs(Vectors.norm(gradient) - reference.gradientNorm) / reference.gradientNorm,
            abs(Vectors.dot(gradient, product) - reference.gHg) / abs(reference.gHg),
        ]
    }

    @Test func everyNetworkIsTested() { #expect(Set(Self.references.keys) == Set(Self.folds.keys)) }

    @Test(arguments: folds.keys.sorted()) func keptLayersAreTheModules(_ name: String) throws {
        let reference = try #require(Self.references[name])
        var settings = try importing(name + "_kept", reference)
        settings.isStrict = true
        let imported = try settings.run()
        #expect(!imported.notes.contains { $0.hasPrefix("warning:") })
        #expect(try errors(imported, reference).allSatisfy { $0 <= 1e-9 })
    }

    @Test(arguments: folds.keys.sorted(), ["optimized", "older"]) func foldsAreNamed(_ name: String, _ export: String)
        throws
    {
        let reference = try #require(Self.references[name]), expected = try #require(Self.folds[name])
        guard let words = export == "older" ? expected.older : expected.optimized else { return }
        var settings = try importing("\(name)_\(export)", reference)
        let imported = try settings.run(), warnings = imported.notes.filter { $0.hasPrefix("warning:") }
        #expect(warnings.count == words.count)
        for (warning, found) in zip(warnings, words) {
            #expect(warning.contains(found) && warning.contains("torch.onnx.export(model, x, \"model.onnx\""))
        }
        let differences = try errors(imported, reference)
        #expect(differences[0] <= 1e-7)
        if words.isEmpty || Self.harmless.contains(name) {
            #expect(differences.allSatisfy { $0 <= 1e-7 })
        } else {
            // What the warning says of curvature is so.
            #expect(differences[2] > 1e-4 && warnings.allSatisfy { $0.contains("curvature differs") })
        }
        settings.isStrict = true
        if words.isEmpty {
            #expect(try settings.run().checkpoint.parameterCount == imported.checkpoint.parameterCount)
        } else {
            let error = #expect(throws: (any Error).self) { try settings.run() }
            #expect(words.allSatisfy { "\(error.map(String.init(describing:)) ?? "")".contains($0) })
        }
    }

    // MARK: rules, on models made by hand

    private func warnings(
        _ nodes: [[UInt8]], _ tensors: [[UInt8]], signature: String? = nil, folded: [String: String] = [:]
    ) throws -> [String] {
        let bytes = ModelBuilder.model(
            nodes: nodes, tensors: tensors,
            metadata: signature.map { ["pkg.torch.export.ExportedProgram.graph_signature": $0] } ?? [:],
            valueMetadata: folded.mapValues { ["pkg.onnxscript.optimizer.folded_from": $0] })
        return try ONNXFile(bytes, name: "made") { _ in [] }.folds.warnings
    }

    private static let matrix = ModelBuilder.tensor("a.weight", [2, 2], [1, 2, 3, 4])
    private static let product = ModelBuilder.node("Gemm", ["x", "a.weight", "bias"], ["y"])

    private static func parameters(_ names: [String], buffers: [String] = []) -> String {
        names.map { "p: PARAMETER target='\($0)'\n" }.joined()
            + buffers.map { "b: BUFFER target='\($0)' persistent=True\n" }.joined()
    }

    /// Without notes on nodes: statistics that are gone, and a bias that the module had not.
    @Test(arguments: [true, false]) func normalisationWithoutNotesOnNodes(_ hasBias: Bool) throws {
        let found = try warnings(
            [Self.product], [Self.matrix, ModelBuilder.tensor("bias", [2], hasBias ? [1, 2] : [0, 0])],
            signature: Self.parameters(
                ["a.weight", "n.weight", "n.bias"], buffers: ["n.running_mean", "n.running_var"]))
        #expect(found.count == (hasBias ? 1 : 0))
        #expect(found.allSatisfy { $0.contains("batch normalisation 'n'") })
    }

    /// Other programs name what they fold a normalisation into by it.
    @Test func namesOfOtherPrograms() throws {
        let bias = ModelBuilder.tensor("model/batch_normalization/FusedBatchNormV3", [2], [1, 2])
        let node = ModelBuilder.node(
            "Gemm", ["x", "a.weight", "model/batch_normalization/FusedBatchNormV3"], ["y"])
        #expect(try warnings([node], [Self.matrix, bias]).count == 1)
        #expect(try warnings([Self.product], [Self.matrix, ModelBuilder.tensor("bias", [2], [1, 2])]).isEmpty)
    }

    /// Steps that only rearrange a tensor are no fold; others are, whatever the result is called.
    @Test(arguments: [
        ("val_3", "['w']", false), ("permute_1", "['w', 'view']", false), ("expand", "['w']", false),
        ("exp", "['w']", true), ("mul", "['w', 'val_1']", true), ("softplus_2", "['w', 'transpose']", true),
        ("cat", "['v', 'w']", true), ("embedding_1", "['w', 'arange']", true), ("mean", "['b']", false),
    ]) func stepsOfFolding(_ name: String, _ origins: String, _ isFold: Bool) throws {
        let found = try warnings(
            [ModelBuilder.node("MatMul", ["x", name], ["y"])], [ModelBuilder.tensor(name, [2, 2], [1, 2, 3, 4])],
            signature: Self.parameters(["w", "v"], buffers: ["b"]), folded: [name: origins])
        #expect(found.count == (isFold ? 1 : 0))
    }

    /// A tensor that is equal to another, and bears its own name only behind an Identity. (One that two modules share has one name. A name
    /// that the exporter makes up may be the same parameter in another place, unless the numbers are alike by chance.)
    @Test(
        arguments: [
            ([1, 1], "b.bias", true), ([1, 2], "b.bias", true), ([0, 0], "onnx::Add_7", true),
            ([1, 2], "onnx::Add_7", false),
        ] as [([Float], String, Bool)]) func equalTensorsBehindIdentity(
            _ bias: [Float], _ name: String, _ isMerged: Bool
        ) throws
    {
        let nodes = [
            ModelBuilder.node("Identity", ["a.bias"], [name]),
            ModelBuilder.node("Gemm", ["x", "a.weight", "a.bias"], ["h"]),
            ModelBuilder.node("Gemm", ["h", "a.weight", name], ["y"]),
        ]
        let found = try warnings(nodes, [Self.matrix, ModelBuilder.tensor("a.bias", [2], bias)])
        #expect(found.count == (isMerged ? 1 : 0))
        #expect(found.allSatisfy { $0.contains("'\(name)' = 'a.bias'") && $0.contains("optimize=False") })
    }

    /// Of equal tensors the newer exporter's optimiser keeps the first; of one tensor that two modules share, the exporter keeps the last
    /// name.
    @Test(arguments: [("a", true), ("b", false)]) func equalTensorsAmongTheModules(_ kept: String, _ isMerged: Bool)
        throws
    {
        let nodes = ["a", "b"].map { module in
            ModelBuilder.node(
                "Gemm", [module == "a" ? "x" : "h", "\(kept).weight"], [module == "a" ? "h" : "y"],
                metadata: [
                    "pkg.torch.onnx.name_scopes": "['', '\(module)', 'linear']",
                    "pkg.torch.onnx.class_hierarchy": "['N', 'torch.nn.modules.linear.Linear', 'aten.linear.default']",
                ])
        }
        let found = try warnings(
            nodes, [ModelBuilder.tensor("\(kept).weight", [2, 2], [1, 2, 3, 4])],
            signature: Self.parameters(["a.weight", "b.weight"]))
        #expect(found.count == (isMerged ? 1 : 0))
        #expect(found.allSatisfy { $0.contains("'b.weight' = 'a.weight'") })
    }
}
