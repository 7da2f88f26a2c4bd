import ArrayFiles
import Autodiff
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@testable import ONNX

/// No ONNX file, however damaged or made, may end the program, run on without end or take memory without bound: it is read, or an
/// error says what is wrong.
@Suite(.timeLimit(.minutes(10))) struct DamageTests {
    private func read(_ bytes: [UInt8], _ options: ImportOptions = ImportOptions(exampleShape: [2])) throws
        -> ImportedModel
    {
        try ImportedModel(onnxBytes: bytes, name: "damaged", options) {
            throw ONNXError.externalData(name: $0, problem: "absent")
        }
    }

    private static func fixture(_ name: String) throws -> (bytes: [UInt8], options: ImportOptions) {
        let shapes = ["softmax": [6], "conv1d": [7], "lstm": [7], "mobilenet": [3, 16, 16], "vit": [3, 16, 16]]
        if let size = ["loop": 5, "if": 5, "scan": 15, "sparse": 5, "dequantized-blocks": 5, "volume": 160][name] {
            let options = ImportOptions(exampleShape: name == "scan" ? [3, 5] : [size])
            return (try FileContent.bytes(of: Fixtures.path("operators/\(name).onnx")), options)
        }
        let shape = shapes[String(name.prefix { $0 != "_" })] ?? []
        let options = ImportOptions(exampleShape: shape, takesTokens: shape == [7])
        return (try FileContent.bytes(of: "\(FixtureTests.folder)/\(name).onnx"), options)
    }

    @Test(arguments: ["softmax_ts13", "conv1d_dynamo21"]) func truncations(_ name: String) throws {
        let (bytes, options) = try Self.fixture(name)
        for cut in Damage.truncations(bytes) { #expect(throws: ONNXError.self) { try read(cut, options) } }
    }

    /// LANDSCAPE_FUZZ is how often a file is damaged, for longer runs than this.
    @Test(arguments: [
        ("softmax_ts13", 1500), ("conv1d_dynamo21", 400), ("conv1d_ts17", 250), ("vit_fixed3", 60), ("lstm_ts17", 40),
        ("loop", 600), ("if", 600), ("scan", 600), ("sparse", 600), ("dequantized-blocks", 600), ("volume", 60),
    ])
    func flippedBits(_ name: String, _ count: Int) throws {
        let (bytes, options) = try Self.fixture(name)
        var refused = 0
        for damaged in Damage.flips(bytes, count: count, seed: 1) {
            do {
                _ = try read(damaged, options)
            } catch {
                refused += 1
                #expect(!"\(error)".contains("\n"))
            }
        }
        #expect(refused > 0)
    }

    private static let weight = ModelBuilder.tensor("w", [2, 2], [1, 2, 3, 4])
    private static let product = ModelBuilder.node("MatMul", ["x", "w"], ["y"])

    @Test func aSoundModelIsRead() throws {
        let model = try read(ModelBuilder.model(nodes: [Self.product], tensors: [Self.weight]))
        #expect(model.theta == [1, 3, 2, 4] && model.network.outputs == 2)
    }

    @Test func absurdLengths() throws {
        #expect(throws: ONNXError.notProtobuf("a field of 268435455 bytes where 1 are left")) {
            try read([0x3A, 0xFF, 0xFF, 0xFF, 0x7F, 0x01])
        }
        #expect(throws: ONNXError.notProtobuf("a number of more than ten bytes")) {
            try read([0x3A] + [UInt8](repeating: 0xFF, count: 12))
        }
        #expect(throws: ONNXError.notONNX("it has no graph")) { try read([]) }
        #expect(throws: ONNXError.notProtobuf("wire type 7")) { try read([0x3F, 0]) }
        // Graphs within graphs.
        var graph: [UInt8] = []
        for _ in 0..<40 {
            var attribute = ModelBuilder(), node = ModelBuilder(), outer = ModelBuilder()
            attribute.message(6, graph)
            node.message(5, attribute.bytes)
            outer.message(1, node.bytes)
            graph = outer.bytes
        }
        var model = ModelBuilder()
        model.message(7, graph)
        #expect(throws: ONNXError.limit("graphs within graphs deeper than 8")) { try read(model.bytes) }
    }

    @Test func cycles() throws {
        let nodes = [
            ModelBuilder.node("Add", ["x", "b"], ["a"]), ModelBuilder.node("Relu", ["a"], ["b"]),
            ModelBuilder.node("MatMul", ["b", "w"], ["y"]),
        ]
        #expect(throws: ONNXError.cycle(node: "the Add")) {
            try read(ModelBuilder.model(nodes: nodes, tensors: [Self.weight]))
        }
        let missing = [ModelBuilder.node("MatMul", ["z", "w"], ["y"])]
        #expect(throws: ONNXError.undefined(value: "z", node: "the MatMul")) {
            try read(ModelBuilder.model(nodes: missing, tensors: [Self.weight]))
        }
        let twice = message {
            _ = try read(ModelBuilder.model(nodes: [Self.product, Self.product], tensors: [Self.weight]))
        }
        #expect(twice.contains("'y' is given twice") && twice.contains("rename it"))
    }

    /// Nodes may be in any order.
    @Test func orderOfNodes() throws {
        let nodes = [ModelBuilder.node("Relu", ["h"], ["y"]), ModelBuilder.node("MatMul", ["x", "w"], ["h"])]
        #expect(try read(ModelBuilder.model(nodes: nodes, tensors: [Self.weight])).network.outputs == 2)
    }

    @Test(arguments: [[-2, 2], [1 << 62, 4], [1 << 32, 1 << 32], [2], [0, 2], [3, 2]]) func shapesOfTensors(
        _ shape: [Int]
    ) {
        #expect(throws: ONNXError.self) {
            try read(
                ModelBuilder.model(nodes: [Self.product], tensors: [ModelBuilder.tensor("w", shape, [1, 2, 3, 4])]))
        }
    }

    @Test(arguments: [[-3, 2], [Int.max, 2], [1 << 40, 1 << 40], [0, -1], [5], [-1, -1]]) func shapesOfReshapes(
        _ shape: [Int]
    ) {
        let nodes = [ModelBuilder.node("Reshape", ["x", "s"], ["h"]), ModelBuilder.node("MatMul", ["h", "w"], ["y"])]
        let tensors = [Self.weight, ModelBuilder.tensor("s", [shape.count], integers: shape)]
        #expect((try? read(ModelBuilder.model(nodes: nodes, tensors: tensors))) == nil || shape == [0, -1])
    }

    /// Attributes and constants that ask for much memory.
    @Test(arguments: ["Expand", "Tile", "ConstantOfShape", "Pad", "Range"]) func largeResults(_ kind: String) {
        let large = [Int](repeating: 1 << 31, count: kind == "Pad" ? 4 : 2)
        let inputs = ["ConstantOfShape": ["s"], "Range": ["zero", "many", "one"]][kind] ?? ["x", "s"]
        let nodes = [
            ModelBuilder.node(kind, inputs, ["h"]), ModelBuilder.node("MatMul", ["x", "w"], ["z"]),
            ModelBuilder.node("Add", ["z", "h"], ["y"]),
        ]
        let tensors = [
            Self.weight, ModelBuilder.tensor("s", [large.count], integers: large),
            ModelBuilder.tensor("zero", [], integers: [0]),
            ModelBuilder.tensor("many", [], integers: [Int.max]), ModelBuilder.tensor("one", [], integers: [1]),
        ]
        #expect(throws: ONNXError.self) { try read(ModelBuilder.model(nodes: nodes, tensors: tensors)) }
    }

    @Test func absurdWindows() {
        for attributes in [
            [("pads", [1 << 40, 0, 0, 0])], [("pads", [60000, 60000, 60000, 60000])], [("strides", [0, 1])],
            [("strides", [-1, 1])], [("dilations", [1 << 50, 1])], [("kernel_shape", [7, 7])],
            [("pads", [Int.min, 0, 0, 0])],
        ] {
            let nodes = [
                ModelBuilder.node("Conv", ["x", "w"], ["h"], integers: attributes),
                ModelBuilder.node("Flatten", ["h"], ["y"]),
            ]
            let model = ModelBuilder.model(
                nodes: nodes, tensors: [ModelBuilder.tensor("w", [1, 1, 2, 2], [1, 2, 3, 4])],
                input: ModelBuilder.value("x", [nil, 1, 4, 4]))
            #expect(throws: ONNXError.self) { try read(model, ImportOptions(exampleShape: [1, 4, 4])) }
        }
    }

    /// How many steps a model may have does not depend on what its graph holds already, such as the same model for other examples: a
    /// model that could be built once can be built again.
    @Test func stepsOfOneCopy() throws {
        let graph = try read(ModelBuilder.model(nodes: [Self.product], tensors: [Self.weight])).graph
        func run(atMost most: Int) throws {
            let builder = NetworkBuilder(Graph(), .stored, .init())
            let x = builder.graph.input("x", TensorType([3, 2]), .data)
            var sum = x
            for _ in 0..<100 { sum = sum.sin() }
            let interpreter = OperatorInterpreter(
                builder, graph, batch: 3,
                given: graph.declareTensors(builder).merging([graph.input: .graph(sum, .real)]) { $1 })
            interpreter.mostNodes = most
            try interpreter.run()
            #expect(try interpreter.rows(of: "y").output.shape == [3, 2])
        }
        try run(atMost: 50)
        #expect(throws: ONNXError.self) { try run(atMost: 0) }
    }

    /// All that is missing is named at once, with its nodes.
    @Test func unsupportedOperators() throws {
        let nodes = [
            ModelBuilder.node("GridSample", ["x"], ["a"]), ModelBuilder.node("NonMaxSuppression", ["a"], ["b"]),
            ModelBuilder.node("MatMul", ["b", "w"], ["y"]),
        ]
        let error = #expect(throws: ONNXError.self) {
            try read(ModelBuilder.model(nodes: nodes, tensors: [Self.weight]))
        }
        #expect(
            error?.description.hasPrefix(
                "unsupported operators: GridSample (the GridSample), NonMaxSuppression (the NonMaxSuppression)"
            )
                == true)
    }

    @Test func checkpointsDescription() throws {
        let graph = try read(ModelBuilder.model(nodes: [Self.product], tensors: [Self.weight])).graph
        let text = try graph.encoded()
        #expect(try OperatorGraph(encoded: text) == graph)
        for (part, other) in [
            ("\"shape\":[2,2]", "\"shape\":[-2,2]"), ("\"filterAxis\":1", "\"filterAxis\":7"),
            ("\"MatMul\"", "\"Magic\""),
            ("\"exampleShape\":[2]", "\"exampleShape\":[4611686018427387904,4]"),
            ("\"shape\":[2,2]", "\"shape\":[4611686018427387904,4]"),
            ("\"inputs\":[\"x\",", "\"inputs\":[\"z\","),
        ] {
            let changed = text.replacing(part, with: other)
            #expect(changed != text)
            #expect(throws: ONNXError.self) {
                try OperatorGraph(encoded: changed).network(
                    name: "changed", inputs: [NetworkInput(name: "x", shape: [2], takesTokens: false)])
            }
        }
        for damaged in Damage.flips(Array(text.utf8), count: 1000, seed: 2) {
            _ = try? OperatorGraph(encoded: String(decoding: damaged, as: UTF8.self)).network(
                name: "damaged", inputs: [NetworkInput(name: "x", shape: [2], takesTokens: false)])
        }
    }
}
