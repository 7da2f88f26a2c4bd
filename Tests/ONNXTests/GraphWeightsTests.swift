import ArrayFiles
import Datasets
import Foundation
import Models
import Objectives
import ReferenceModels
import Tensors
import TestSupport
import Testing

@testable import ONNX

/// Weights of a state dictionary in a graph that was exported with others.
@Suite struct GraphWeightsTests {
    static let digits = Reference.fixtures + "/cnn_digits"

    static func importing(_ graph: String, weights: String? = nil) throws -> ModelImport {
        ModelImport(
            .graph("\(digits)/\(graph).onnx", weights: weights),
            data: try DataSpecification("npy:\(digits)/eval_x.npy,\(digits)/eval_y.npy"))
    }

    /// Parameters and running statistics of both forms of file, in graphs of both exporters with random weights of their own, give
    /// PyTorch's loss, gradient and Hv, number by number.
    @Test(arguments: ["graph_ts17", "graph_dynamo18"], ["model.safetensors", "model.pt"])
    func agreesWithPyTorch(_ graph: String, _ file: String) throws {
        let imported = try Self.importing(graph, weights: "\(Self.digits)/\(file)").run()
        #expect(imported.notes == [])
        let model = try Model(Checkpoint(try imported.checkpoint.encoded()))
        let reference = try Reference.cnn()
        // The graph's tensors may come in another order.
        let (own, theirs) = (model.network.parameters, reference.network.parameters)
        #expect(Set(own.tensors.map(\.name)) == Set(theirs.tensors.map(\.name)))
        func reordered(_ values: [Double]) throws -> [Double] {
            try own.tensors.flatMap { tensor in
                let index = try #require(theirs.tensors.firstIndex { $0.name == tensor.name })
                return Array(values[theirs.range(index)])
            }
        }
        #expect(try model.theta == reordered(reference.theta))
        let objective = try model.objective(model.dataset(), precision: .double)
        let (loss, gradient) = try objective.valueAndGradient(at: model.theta)
        #expect(abs(loss - reference.number("loss")) <= 1e-12)
        #expect(try relativeError(gradient, reordered(reference.vector("grad"))) < 1e-10)
        let product = try objective.hessianVectorProduct(at: model.theta, along: reordered(reference.vector("v")))
        #expect(try relativeError(product, reordered(reference.vector("hvp"))) < 1e-10)
        // Exported again, the file that they came from.
        let exported = try imported.checkpoint.weights()
        let given = try Safetensors.read("\(Self.digits)/model.safetensors")
        let wanted = given.tensors.filter { !StateNames.isCounter($0.name) }
        #expect(exported.tensors.count == wanted.count && wanted.allSatisfy { exported[$0.name] == $0.array })
    }

    /// Where batch normalisation was folded, parameters are others: refused with what is missing, what is left over, and the cure. One
    /// of these graphs keeps every name of the convolution that has a bias, with numbers that are not the module's.
    @Test(arguments: ["folded_ts17": "onnx::Conv_", "folded_dynamo18": "conv2.weight_bias [12]"])
    func foldedNormalisation(_ graph: String, _ missing: String) throws {
        let error = #expect(throws: FileError.self) {
            try Self.importing(graph, weights: "\(Self.digits)/model.pt").run()
        }
        let text = try #require(error).description
        for words in [missing, "bn1.running_mean [6]", "fold it into the convolutions", "optimize=False"] {
            #expect(text.contains(words), "\(text)")
        }
    }

    // MARK: Graphs that rename

    /// Transposed and renamed matrices of a transformer, by what the newer exporter noted (vit_fixed3), are taken from weights that are
    /// not those of the export: both graphs give one loss.
    @Test func renamedMatricesOfATransformer() throws {
        let named = try FixtureTests.importing("vit_ts17").run()
        let changed = try Safetensors(
            tensors: named.checkpoint.parameters.enumerated().map { index, tensor in
                let values = tensor.array.doubles.enumerated().map { $1 * (1.1 + 0.01 * Double(($0 + index) % 7)) }
                return .init(name: tensor.name, array: NumericArray(values.map(Float.init), shape: tensor.array.shape))
            })
        let own = try Folder(), path = own.path("changed.safetensors")
        try changed.write(to: path)
        func loss(_ graph: String) throws -> (Double, [String]) {
            let imported = try FixtureTests.importing(graph, weights: path).run()
            let model = try Model(imported.checkpoint)
            return (
                try model.objective(model.dataset(), precision: .double).evaluate(at: model.theta).loss,
                imported.notes
            )
        }
        let (expected, none) = try loss("vit_ts17")
        let original = try Model(named.checkpoint)
        let before = try original.objective(original.dataset(), precision: .double).evaluate(at: original.theta).loss
        #expect(none.allSatisfy { $0.contains("does not tell buffers") } && abs(expected - before) > 1e-3)
        let (found, notes) = try loss("vit_fixed3")
        #expect(abs(found - expected) <= 1e-9 * expected)
        #expect(notes.contains { $0.contains("by what the exporter noted of them") && $0.contains("transposed") })
    }

    /// What is exported is in the module's layout again: a matrix that the module multiplies by from the right, a transposed
    /// convolution's filters, and under the names and in the layout of the weights that were taken.
    @Test func exportedLayout() throws {
        let folder = try Folder()
        func path(_ name: String) -> String { folder.path(name) }
        func numbers(_ count: Int, _ first: Int) -> [Float] { (0..<count).map { Float(first + $0 * $0 % 11) } }
        let nodes = [
            ModelBuilder.node("ConvTranspose", ["x", "up"], ["a"]), ModelBuilder.node("Flatten", ["a"], ["f"]),
            ModelBuilder.node("MatMul", ["f", "w"], ["h"]),
            ModelBuilder.node("MatMul", ["h", "onnx::MatMul_9"], ["y"]),
        ]
        let model = ModelBuilder.model(
            nodes: nodes,
            tensors: [
                ModelBuilder.tensor("up", [2, 3, 1, 1], numbers(6, 1)),
                ModelBuilder.tensor("w", [3, 3], numbers(9, 2)),
                ModelBuilder.tensor("onnx::MatMul_9", [3, 2], numbers(6, 3)),
            ], input: ModelBuilder.value("x", [nil, 2, 1, 1]))
        try folder.write(model, to: "m.onnx")
        try NPY.write(NumericArray(numbers(8, 0), shape: [4, 2, 1, 1]), to: path("x.npy"))
        try NPY.write(NumericArray([0, 1, 0, 1]), to: path("y.npy"))
        let data = try DataSpecification("npy:\(path("x.npy")),\(path("y.npy"))")
        func exported(_ weights: String?) throws -> [String: NumericArray] {
            let checkpoint = try ModelImport(.graph(path("m.onnx"), weights: weights), data: data).run().checkpoint
            let again = try Checkpoint(checkpoint.encoded())
            return Dictionary(uniqueKeysWithValues: try again.weights().tensors.map { ($0.name, $0.array) })
        }
        let own = try exported(nil)
        #expect(own["up"] == NumericArray(numbers(6, 1), shape: [2, 3, 1, 1]))
        #expect(own["w"] == NumericArray(numbers(9, 2), shape: [3, 3]))
        // What the exporter transposed is PyTorch's in the checkpoint.
        let turned = [0, 2, 4, 1, 3, 5].map { numbers(6, 3)[$0] }
        #expect(own["onnx::MatMul_9"] == NumericArray(turned, shape: [2, 3]))
        let weights = [
            NamedArray(name: "module.w", array: NumericArray(numbers(9, 5), shape: [3, 3])),
            .init(name: "module.up", array: NumericArray(numbers(6, 6), shape: [2, 3, 1, 1])),
            .init(name: "module.head.weight", array: NumericArray(turned, shape: [2, 3])),
        ]
        try Safetensors(tensors: weights).write(to: path("w.safetensors"))
        let taken = try exported(path("w.safetensors"))
        #expect(taken == Dictionary(uniqueKeysWithValues: weights.map { ($0.name, $0.array) }))
    }

    /// A checkpoint of a graph holds matrices in its own layout and is refused; a tensor that the file lacks is an error until it is
    /// frozen, and stays what it is in the graph then.
    @Test func mistakes() throws {
        let folder = try Folder()
        let graph = "graph_ts17"
        let own = folder.path("own.bin"), lacking = folder.path("lacking.safetensors")
        try Self.importing(graph).run().checkpoint.write(to: own)
        #expect(throws: ModelError.alreadyImported(file: own)) {
            try Self.importing(graph, weights: own).run()
        }
        let all = try Safetensors.read("\(Self.digits)/model.safetensors").tensors
        try Safetensors(tensors: all.filter { $0.name != "fc1.bias" }).write(to: lacking)
        let error = #expect(throws: FileError.self) {
            try Self.importing(graph, weights: lacking).run()
        }
        #expect(try #require(error).description.contains("Missing: fc1.bias [32]. Unexpected: none"))
        var freezing = try Self.importing(graph, weights: lacking)
        freezing.frozen = ["fc1.bias"]
        let frozen = try freezing.run()
        #expect(frozen.checkpoint.parameterCount == 2642 - 32)
        let given = try Self.importing(graph).run().checkpoint.parameters
        #expect(
            frozen.checkpoint.buffers.first { $0.name == "fc1.bias" } == given.first { $0.name == "fc1.bias" })
    }

    // MARK: Adapters

    /// A graph of a layer with a low-rank adapter, as PEFT names its tensors.
    private func adapted(_ folder: Folder) throws -> DataSpecification {
        func numbers(_ count: Int, _ first: Int) -> [Float] { (0..<count).map { Float(first + $0 % 5) / 8 } }
        let layer = "base_model.model.fc"
        let model = ModelBuilder.model(
            nodes: [
                ModelBuilder.node("MatMul", ["x", "\(layer).base_layer.weight"], ["b"]),
                ModelBuilder.node("MatMul", ["x", "\(layer).lora_A.default.weight"], ["a"]),
                ModelBuilder.node("MatMul", ["a", "\(layer).lora_B.default.weight"], ["l"]),
                ModelBuilder.node("Add", ["b", "l"], ["y"]),
            ],
            tensors: [
                ModelBuilder.tensor("\(layer).base_layer.weight", [3, 3], numbers(9, 1)),
                ModelBuilder.tensor("\(layer).lora_A.default.weight", [3, 2], numbers(6, 2)),
                ModelBuilder.tensor("\(layer).lora_B.default.weight", [2, 3], numbers(6, 3)),
            ], input: ModelBuilder.value("x", [nil, 3]))
        try folder.write(model, to: "m.onnx")
        try folder.write(NumericArray(numbers(12, 0), shape: [4, 3]), to: "x.npy")
        try folder.write(NumericArray([0, 1, 2, 1]), to: "y.npy")
        return try DataSpecification("npy:\(folder.path("x.npy")),\(folder.path("y.npy"))")
    }

    /// An adapter alone keeps the graph's other values; over a base, that supplies them. What is lacking is an error.
    @Test func adapters() throws {
        let folder = try Folder(), data = try adapted(folder)
        func tensor(_ name: String, _ shape: [Int], _ value: Float) -> NamedArray {
            NamedArray(
                name: name, array: NumericArray([Float](repeating: value, count: shape.reduce(1, *)), shape: shape))
        }
        let factors = [
            tensor("base_model.model.fc.lora_A.weight", [3, 2], 7),
            tensor("base_model.model.fc.lora_B.weight", [2, 3], 8),
        ]
        try folder.makeFolder("adapter")
        try Safetensors(tensors: factors).write(to: folder.path("adapter/adapter_model.safetensors"))
        try Safetensors(tensors: [tensor("fc.weight", [3, 3], 9)]).write(to: folder.path("base.safetensors"))
        func imported(_ weights: String?, _ adapter: String? = nil) throws -> (
            values: [String: Double], notes: [String]
        ) {
            var settings = ModelImport(
                .graph(folder.path("m.onnx"), weights: weights.map { folder.path($0) }), data: data)
            settings.adapter = adapter.map { folder.path($0) }
            let found = try settings.run()
            let first = found.checkpoint.parameters.map { ($0.name, $0.array.doubles[0]) }
            return (Dictionary(uniqueKeysWithValues: first), found.notes)
        }
        let layer = "base_model.model.fc"
        let own = try imported(nil).values
        let alone = try imported("adapter")
        #expect(alone.values["\(layer).base_layer.weight"] == own["\(layer).base_layer.weight"])
        #expect(
            alone.values["\(layer).lora_A.default.weight"] == 7 && alone.values["\(layer).lora_B.default.weight"] == 8)
        #expect(alone.notes.contains("the file is an adapter: what it does not hold keeps the graph's values"))
        // The graph adds the adapter as it is, which is α = r.
        for (configuration, isRefused) in [
            (#"{"r": 2, "lora_alpha": 2}"#, false), (#"{"r": 2, "lora_alpha": 4}"#, true),
            (#"{"r": 4, "lora_alpha": 2, "use_rslora": true}"#, false),
            (#"{"r": 4, "lora_alpha": 4, "use_rslora": true}"#, true),
            (#"{"r": 2, "lora_alpha": 4, "alpha_pattern": {"fc": 2}}"#, false), (#"{"r": 0}"#, false),
        ] {
            try folder.write(Array(configuration.utf8), to: "adapter/adapter_config.json")
            for weights in [("adapter", nil), ("base.safetensors", "adapter")] as [(String, String?)] {
                let text = message { _ = try imported(weights.0, weights.1) }
                #expect(text.contains("scales its adapter by 1") == isRefused, "\(configuration): \(text)")
            }
        }
        try folder.write(Array("{}".utf8), to: "adapter/adapter_config.json")
        let both = try imported("base.safetensors", "adapter")
        #expect(both.values["\(layer).base_layer.weight"] == 9 && both.values["\(layer).lora_B.default.weight"] == 8)
        #expect(throws: FileError.self) { try imported("base.safetensors") }
        try Safetensors(tensors: [factors[0]]).write(to: folder.path("adapter/adapter_model.safetensors"))
        #expect(throws: FileError.self) { try imported("adapter") }
    }
}
