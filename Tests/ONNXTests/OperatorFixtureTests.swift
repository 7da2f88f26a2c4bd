import ArrayFiles
import Datasets
import Foundation
import Models
import Networks
import Tensors
import TestSupport
import Testing

@testable import ONNX

/// Operators that few networks have, in models with weights (Tests/Fixtures/operators/generate.py), by way of a checkpoint's bytes,
/// against PyTorch's loss, gradient g and gᵀHg in Float64.
@Suite struct OperatorFixtureTests {
    private static let folder = Fixtures.path("operators")

    private struct Reference: Decodable {
        let inputs: Int, parameters: Int
        let loss: Double, gradientNorm: Double, gHg: Double
    }

    private static let references: [String: Reference] = {
        let data = try? Data(contentsOf: URL(filePath: "\(folder)/reference.json"))
        return data.flatMap { try? JSONDecoder().decode([String: Reference].self, from: $0) } ?? [:]
    }()

    @Test func thereAreModels() { #expect(Self.references.count == 26) }

    @Test(arguments: references.keys.sorted()) func agreesWithPyTorch(_ name: String) throws {
        let reference = try #require(Self.references[name])
        let data = try DataSpecification("npy:\(Self.folder)/x_\(reference.inputs).npy,\(Self.folder)/y.npy")
        let imported = try ModelImport(.graph("\(Self.folder)/\(name).onnx"), data: data).run()
        let model = try Model(Checkpoint(try imported.checkpoint.encoded()))
        #expect(model.theta.count == reference.parameters)
        // In one batch, and in batches that do not divide the examples.
        for size in [6, 4] {
            let objective = try model.objective(model.dataset(), precision: .double, batchSize: size)
            let (loss, gradient) = try objective.valueAndGradient(at: model.theta)
            let product = try objective.hessianVectorProduct(at: model.theta, along: gradient)
            #expect(abs(loss - reference.loss) <= 1e-12 * reference.loss)
            #expect(abs(Vectors.norm(gradient) - reference.gradientNorm) <= 1e-12 * reference.gradientNorm)
            #expect(
                abs(Vectors.dot(gradient, product) - reference.gHg)
                    <= 1e-11 * Vectors.norm(product) * reference.gradientNorm)
        }
        #expect(imported.notes.contains { $0.contains("sparse tensors") } == name.hasPrefix("sparse"))
        #expect(imported.notes.contains { $0.contains("quantised weights") } == name.hasPrefix("dequantized"))
    }
}

/// What of sparse tensors, integer weights and control flow is refused, and how.
@Suite struct OperatorRefusalTests {
    private func problem(_ bytes: [UInt8]) -> String {
        do {
            _ = try ImportedModel(onnxBytes: bytes, name: "made", ImportOptions(exampleShape: [2])) { _ in [] }
            return ""
        } catch {
            return "\(error)"
        }
    }

    /// A product with a sparse matrix.
    private static func sparse(_ shape: [Int], _ values: [Float], _ indices: [Int], _ indexShape: [Int]) -> [UInt8] {
        var sparse = ModelBuilder(), graph = ModelBuilder(), version = ModelBuilder(), model = ModelBuilder()
        sparse.message(1, ModelBuilder.tensor("w", [values.count], values))
        sparse.message(2, ModelBuilder.tensor("", indexShape, integers: indices))
        for extent in shape { sparse.number(3, extent) }
        graph.message(1, ModelBuilder.node("MatMul", ["x", "w"], ["y"]))
        graph.message(15, sparse.bytes)
        graph.message(11, ModelBuilder.value("x", [nil, 2]))
        graph.message(12, ModelBuilder.value("y", []))
        version.number(2, 17)
        model.message(7, graph.bytes)
        model.message(8, version.bytes)
        return model.bytes
    }

    @Test func sparseTensors() {
        #expect(problem(Self.sparse([2, 2], [1, 2], [0, 3], [2])) == "")
        #expect(problem(Self.sparse([2, 2], [1, 2], [0, 0, 1, 1], [2, 2])) == "")
        for (shape, indices, indexShape) in [
            ([2, 2], [0, 4], [2]), ([2, 2], [0, -1], [2]), ([2, 2], [0, 0, 1, 2], [2, 2]), ([2, 2], [0, 1, 2], [3]),
            ([2, 2], [0, 1, 2, 3, 0, 0], [2, 3]),
        ] {
            #expect(problem(Self.sparse(shape, [1, 2], indices, indexShape)).contains("sparse"))
        }
        // A small file must not become a large tensor.
        #expect(problem(Self.sparse([1 << 20, 1 << 20], [1, 2], [0, 1], [2])).contains("as a dense one"))
        #expect(problem(Self.sparse([-2, 2], [1, 2], [0, 1], [2])) != "")
        #expect(problem(Self.sparse([1 << 40, 1 << 40], [1, 2], [0, 1], [2])) != "")
    }

    @Test(arguments: [
        ([2, 2], [1], 1, ""), ([2, 2], [2], 1, ""), ([2, 2], [2], -2, ""), ([2, 2], [3], 1, "scales of shape"),
        ([2, 2], [2], 2, "scales of shape"), ([2, 2], [2, 2], 1, "scales of shape"),
    ]) func scales(_ shape: [Int], _ scale: [Int], _ axis: Int, _ words: String) {
        let nodes = [
            ModelBuilder.node("DequantizeLinear", ["q", "s"], ["w"], integer: [("axis", axis)]),
            ModelBuilder.node("MatMul", ["x", "w"], ["y"]),
        ]
        let found = problem(
            ModelBuilder.model(
                nodes: nodes,
                tensors: [
                    ModelBuilder.tensor("q", shape, integers: [1, 2, 3, 4]),
                    ModelBuilder.tensor("s", scale, [Float](repeating: 0.5, count: scale.reduce(1, *))),
                ]))
        #expect(words.isEmpty ? found == "" : found.contains(words))
    }

    /// A network that rounds its activations is named as that.
    @Test(arguments: ["QuantizeLinear", "QLinearConv", "MatMulInteger", "DynamicQuantizeLinear"])
    func roundedActivations(_ kind: String) {
        let found = problem(
            ModelBuilder.model(
                nodes: [ModelBuilder.node(kind, ["x", "w"], ["y"])],
                tensors: [ModelBuilder.tensor("w", [2, 2], [1, 2, 3, 4])]))
        #expect(found.contains("no derivative") && found.contains("before quantisation"))
    }

    private static func graph(_ nodes: [[UInt8]], inputs: [String], outputs: [String]) -> [UInt8] {
        var graph = ModelBuilder()
        for node in nodes { graph.message(1, node) }
        for name in inputs { graph.message(11, ModelBuilder.value(name, [])) }
        for name in outputs { graph.message(12, ModelBuilder.value(name, [])) }
        return graph.bytes
    }

    private static let double = graph(
        [ModelBuilder.node("Identity", ["go"], ["goes"]), ModelBuilder.node("Mul", ["h", "h"], ["next"])],
        inputs: ["i", "go", "h"], outputs: ["goes", "next"])

    private func loop(steps: Int?, body: [UInt8], condition: String = "true") -> String {
        problem(
            ModelBuilder.model(
                nodes: [
                    ModelBuilder.node("MatMul", ["x", "w"], ["a"]),
                    ModelBuilder.node(
                        "Loop", [steps == nil ? "" : "steps", condition, "a"], ["y"], graphs: [("body", body)]),
                ],
                tensors: [
                    ModelBuilder.tensor("w", [2, 2], [1, 2, 3, 4]), ModelBuilder.tensor("true", [], integers: [1]),
                    ModelBuilder.tensor("steps", [], integers: [steps ?? 0]),
                ]))
    }

    /// A loop of no states, which only collects.
    private static let bare: [UInt8] = {
        let body = graph(
            [ModelBuilder.node("Identity", ["go"], ["goes"]), ModelBuilder.node("Mul", ["a", "a"], ["row"])],
            inputs: ["i", "go"], outputs: ["goes", "row"])
        return ModelBuilder.model(
            nodes: [
                ModelBuilder.node("MatMul", ["x", "w"], ["a"]),
                ModelBuilder.node("Loop", ["steps", "true"], ["rows"], graphs: [("body", body)]),
                ModelBuilder.node("ReduceSum", ["rows", "first"], ["y"], integer: [("keepdims", 0)]),
            ],
            tensors: [
                ModelBuilder.tensor("w", [2, 2], [1, 2, 3, 4]), ModelBuilder.tensor("true", [], integers: [1]),
                ModelBuilder.tensor("steps", [], integers: [3]), ModelBuilder.tensor("first", [1], integers: [0]),
            ])
    }()

    @Test func loops() {
        #expect(loop(steps: 3, body: Self.double) == "")
        #expect(loop(steps: 0, body: Self.double) == "")
        #expect(loop(steps: 1 << 50, body: Self.double).contains("steps"))
        #expect(loop(steps: nil, body: Self.double).contains("steps"))
        // It goes on as long as the data say.
        let byData = Self.graph(
            [ModelBuilder.node("ReduceMax", ["h"], ["goes"]), ModelBuilder.node("Mul", ["h", "h"], ["next"])],
            inputs: ["i", "go", "h"], outputs: ["goes", "next"])
        #expect(loop(steps: 3, body: byData).contains("depends on the data"))
        #expect(problem(Self.bare) == "")
        // A body of other inputs, of other outputs, that gives a name twice, and none.
        let few = Self.graph([ModelBuilder.node("Identity", ["h"], ["next"])], inputs: ["h"], outputs: ["next"])
        #expect(loop(steps: 3, body: few).contains("inputs"))
        let short = Self.graph(
            [ModelBuilder.node("Identity", ["go"], ["goes"])], inputs: ["i", "go", "h"], outputs: ["goes"])
        #expect(loop(steps: 3, body: short) != "")
        let twice = Self.graph(
            [ModelBuilder.node("Identity", ["go"], ["a"]), ModelBuilder.node("Mul", ["h", "h"], ["next"])],
            inputs: ["i", "go", "h"], outputs: ["a", "next"])
        #expect(loop(steps: 3, body: twice).contains("given twice"))
        #expect(loop(steps: 3, body: []) != "")
    }

    @Test func branches() {
        let then = Self.graph([ModelBuilder.node("Identity", ["a"], ["b"])], inputs: [], outputs: ["b"])
        func branch(_ condition: String) -> String {
            problem(
                ModelBuilder.model(
                    nodes: [
                        ModelBuilder.node("MatMul", ["x", "w"], ["a"]),
                        ModelBuilder.node(
                            "If", [condition], ["y"], graphs: [("then_branch", then), ("else_branch", then)]),
                    ],
                    tensors: [
                        ModelBuilder.tensor("w", [2, 2], [1, 2, 3, 4]), ModelBuilder.tensor("true", [], integers: [1]),
                    ]))
        }
        #expect(branch("true") == "")
        #expect(branch("a").contains("torch.where"))
        // An operator that is missing is named in a branch, too.
        let odd = Self.graph([ModelBuilder.node("Unheard", ["a"], ["b"])], inputs: [], outputs: ["b"])
        let nodes = [
            ModelBuilder.node("MatMul", ["x", "w"], ["a"]),
            ModelBuilder.node("If", ["true"], ["y"], graphs: [("then_branch", then), ("else_branch", odd)]),
        ]
        let tensors = [
            ModelBuilder.tensor("w", [2, 2], [1, 2, 3, 4]), ModelBuilder.tensor("true", [], integers: [1]),
        ]
        #expect(problem(ModelBuilder.model(nodes: nodes, tensors: tensors)).contains("Unheard"))
    }

    /// A checkpoint's description that names bodies which are not there, or a body within itself, is refused.
    @Test func bodiesOfDescriptions() throws {
        let nodes = [
            ModelBuilder.node("MatMul", ["x", "w"], ["a"]),
            ModelBuilder.node("Loop", ["steps", "true", "a"], ["y"], graphs: [("body", Self.double)]),
        ]
        let tensors = [
            ModelBuilder.tensor("w", [2, 2], [1, 2, 3, 4]), ModelBuilder.tensor("true", [], integers: [1]),
            ModelBuilder.tensor("steps", [], integers: [2]),
        ]
        let model = try ImportedModel(
            onnxBytes: ModelBuilder.model(nodes: nodes, tensors: tensors), name: "made",
            ImportOptions(exampleShape: [2])
        ) { _ in [] }
        func network(_ graph: OperatorGraph) throws -> Int {
            try OperatorGraph(encoded: graph.encoded()).network(
                name: "made", inputs: [NetworkInput(name: "x", shape: [2], takesTokens: false)]
            )
            .outputs
        }
        #expect(try network(model.graph) == 2)
        for body in [-1, 1, 1 << 40] {
            var graph = model.graph
            for index in graph.nodes.indices where graph.nodes[index].kind == "Loop" {
                graph.nodes[index].attributes["body"]?.body = body
            }
            #expect(throws: ONNXError.self) { try network(graph) }
        }
        var graph = model.graph
        let itself = try #require(graph.nodes.first { $0.kind == "Loop" })
        graph.bodies = [OperatorGraph.Body(nodes: [itself], inputs: ["i", "go", "h"], outputs: ["true", "y"])]
        #expect(throws: ONNXError.self) { try network(graph) }
    }
}
