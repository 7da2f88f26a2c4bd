import ArrayFiles
import GraphEvaluation
import Networks
import Testing

@testable import ONNX

/// What is taken for a parameter, and for which batches a model is built, on models written by hand.
@Suite struct ImportRuleTests {
    private static let weight = ModelBuilder.tensor("w", [2, 2], [1, 2, 3, 4])

    private func read(_ bytes: [UInt8], _ shape: [Int] = [2]) throws -> ImportedModel {
        try ImportedModel(onnxBytes: bytes, name: "made", ImportOptions(exampleShape: shape)) {
            throw ONNXError.externalData(name: $0, problem: "absent")
        }
    }

    /// A buffer and a folded mask are told from a parameter, and from what was folded from one, by the exporter's notes.
    @Test(arguments: [true, false]) func notesOfTheExporterDecide(_ areThere: Bool) throws {
        let nodes = [
            ModelBuilder.node("Sub", ["x", "center"], ["a"]), ModelBuilder.node("MatMul", ["a", "w"], ["b"]),
            ModelBuilder.node("Mul", ["b", "folded"], ["c"]), ModelBuilder.node("Add", ["c", "mask"], ["y"]),
        ]
        let tensors = [
            Self.weight, ModelBuilder.tensor("center", [2], [0.5, 0.25]), ModelBuilder.tensor("folded", [2], [3, 4]),
            ModelBuilder.tensor("mask", [2], [5, 6]),
        ]
        let signature =
            "\n# inputs\np_w: PARAMETER target='w'\np_scale: PARAMETER target='scale'\n"
            + "b_center: BUFFER target='center' persistent=True\nx: USER_INPUT\n"
        let notes = [
            "pkg.torch.export.ExportedProgram.graph_signature": signature
        ]
        let folded = ["folded": "['scale', 'val_0']", "mask": "['val_1', 'val_2']"].mapValues {
            ["pkg.onnxscript.optimizer.folded_from": $0]
        }
        let model = try read(
            ModelBuilder.model(
                nodes: nodes, tensors: tensors, metadata: areThere ? notes : [:], valueMetadata: areThere ? folded : [:]
            ))
        #expect(
            Set(model.network.parameters.tensors.map(\.name))
                == (areThere ? ["w", "folded"] : ["w", "center", "folded", "mask"]))
    }

    /// Scale and shift of ONNX's operators for normalisation are told from other vectors, such as the bias after them.
    @Test(arguments: ["LayerNormalization", "BatchNormalization"]) func normalizationParameters(_ kind: String) throws {
        let statistics = kind == "BatchNormalization" ? ["mean", "variance"] : []
        let nodes = [
            ModelBuilder.node("MatMul", ["x", "w"], ["a"]),
            ModelBuilder.node(kind, ["a", "scale", "shift"] + statistics, ["b"]),
            ModelBuilder.node("Add", ["b", "bias"], ["y"]),
        ]
        let tensors =
            [Self.weight]
            + (["scale", "shift", "bias"] + statistics).map { ModelBuilder.tensor($0, [2], [0.5, 0.25]) }
        let network = try read(ModelBuilder.model(nodes: nodes, tensors: tensors)).network
        #expect(Set(network.parameters.tensors.map(\.name)) == ["w", "scale", "shift", "bias"])
        #expect(network.normalizationParameters == ["scale", "shift"])
    }

    /// What is added to a product with weights is a bias, to one of activations a mask; −∞ is in no trained weights.
    @Test(
        arguments: [
            ("w", true, [0, -5, 0, 0], true), ("k", true, [0, -5, 0, 0], false),
            ("w", true, [0, -.infinity, 0, 0], false),
            ("w", false, [0, -5, 0, 0], true), ("w", false, [0, -.infinity, 0, 0], false),
        ] as [(String, Bool, [Float], Bool)])
    func masks(_ factor: String, _ isConstant: Bool, _ mask: [Float], _ isParameter: Bool) throws {
        let tensor = ModelBuilder.tensor("mask", [2, 2], mask)
        let nodes = [
            ModelBuilder.node("MatMul", ["x", "w"], ["q"]),
            ModelBuilder.node("Transpose", ["q"], ["k"], integers: [("perm", [0, 2, 1])]),
            ModelBuilder.node("MatMul", ["q", factor], ["scores"]),
            ModelBuilder.node("Add", ["scores", "mask"], ["y"]),
        ]
        let model = try read(
            ModelBuilder.model(
                nodes: nodes
                    + (isConstant ? [ModelBuilder.node("Constant", [], ["mask"], tensors: [("value", tensor)])] : []),
                tensors: [Self.weight] + (isConstant ? [] : [tensor]), input: ModelBuilder.value("x", [nil, 2, 2])),
            [2, 2])
        #expect(model.network.parameters.tensors.map(\.name) == (isParameter ? ["w", "mask"] : ["w"]))
        #expect(model.notes.contains { $0.contains("masks") } == mask.contains(-.infinity))
    }

    @Test func trainingModeIsLeft() throws {
        let nodes = [
            ModelBuilder.node("MatMul", ["x", "w"], ["a"]),
            ModelBuilder.node("Dropout", ["a", "ratio", "mode"], ["y"]),
        ]
        let tensors = [
            Self.weight, ModelBuilder.tensor("ratio", [], [0.5]), ModelBuilder.tensor("mode", [], integers: [1]),
        ]
        let model = try read(ModelBuilder.model(nodes: nodes, tensors: tensors))
        #expect(model.notes.contains { $0.contains("training mode") })
        let off = [tensors[0], tensors[1], ModelBuilder.tensor("mode", [], integers: [0])]
        #expect(
            try !read(ModelBuilder.model(nodes: nodes, tensors: off)).notes.contains { $0.contains("training mode") })
    }

    /// Rows of a batch of two are exchanged by number: no other batch can be made of that, so two go at a time.
    @Test func whatCannotBeBuiltForOtherBatchesIsTakenInBlocks() throws {
        let nodes = [
            ModelBuilder.node("MatMul", ["x", "w"], ["a"]), ModelBuilder.node("Gather", ["a", "order"], ["b"]),
            ModelBuilder.node("Gather", ["b", "order"], ["y"]),
        ]
        let tensors = [Self.weight, ModelBuilder.tensor("order", [2], integers: [1, 0])]
        let model = try read(
            ModelBuilder.model(nodes: nodes, tensors: tensors, input: ModelBuilder.value("x", [2, 2])))
        #expect(model.graph.takesBlocks == true && model.network.largestBatch == 32)
        #expect(model.notes.contains { $0.contains("blocks of 2") })
        for batch in [1, 2, 5] {
            let network = try OperatorGraph(encoded: model.graph.encoded()).network(
                name: "made", inputs: [NetworkInput(name: "x", shape: [2], takesTokens: false)])
            let built = network.build(in: .init(), batch: batch, batchNorm: .stored)
            let x = sample(2 * batch)
            let y = evaluate(built.graph, [built.output], [(built.input, x), (built.parameters[0], model.theta)])[0]
            for row in 0..<batch {
                let (a, b) = (x[2 * row], x[2 * row + 1])
                #expect(abs(y[2 * row] - (a + 3 * b)) < 1e-12 && abs(y[2 * row + 1] - (2 * a + 4 * b)) < 1e-12)
            }
        }
    }

    @Test func rowsThatDependOnEachOtherAreTold() throws {
        let nodes = [
            ModelBuilder.node("MatMul", ["x", "w"], ["a"]),
            ModelBuilder.node("ReduceMean", ["a"], ["m"], integers: [("axes", [0])]),
            ModelBuilder.node("Sub", ["a", "m"], ["y"]),
        ]
        let model = try read(
            ModelBuilder.model(nodes: nodes, tensors: [Self.weight], input: ModelBuilder.value("x", [nil, 2])))
        #expect(model.notes.contains { $0.contains("--batch-size") })
    }

    /// A product's weights that exporters wrote once more, transposed, are the same weights; other numbers are others.
    @Test(arguments: [true, false]) func transposedCopiesAreTied(_ areEqual: Bool) throws {
        let w = (0..<16).map { Float($0 * $0 % 7) - 2 }
        var turned = (0..<16).map { w[$0 % 4 * 4 + $0 / 4] }
        if !areEqual { turned[5] += 1 }
        let nodes = [
            ModelBuilder.node("MatMul", ["x", "w"], ["a"]),
            ModelBuilder.node("MatMul", ["a", "onnx::MatMul_7"], ["y"]),
        ]
        let tensors = [ModelBuilder.tensor("w", [4, 4], w), ModelBuilder.tensor("onnx::MatMul_7", [4, 4], turned)]
        let model = try read(
            ModelBuilder.model(nodes: nodes, tensors: tensors, input: ModelBuilder.value("x", [nil, 4])), [4])
        #expect(model.network.parameters.tensors.map(\.name) == (areEqual ? ["w"] : ["w", "onnx::MatMul_7"]))
        #expect(model.notes.contains { $0.contains("same weights") } == areEqual)
        guard areEqual else { return }
        let built = model.network.build(in: .init(), batch: 2, batchNorm: .stored), x = sample(8)
        let y = evaluate(built.graph, [built.output], [(built.input, x), (built.parameters[0], model.theta)])[0]
        for row in 0..<2 {
            let a = (0..<4).map { j in (0..<4).reduce(0.0) { $0 + x[4 * row + $1] * Double(w[4 * $1 + j]) } }
            for i in 0..<4 {
                let expected = (0..<4).reduce(0.0) { $0 + a[$1] * Double(w[4 * i + $1]) }
                #expect(abs(y[4 * row + i] - expected) < 1e-12)
            }
        }
    }

    /// `chunk`, by one size or by several, as PyTorch's newer exporter writes it where it does not optimise; other sequences are named as not supported.
    @Test(arguments: [nil, [3, 2], [2, 2, 1]] as [[Int]?]) func sequencesOfParts(_ list: [Int]?) throws {
        let sizes = list ?? [2]
        let nodes = [
            ModelBuilder.node("MatMul", ["x", "w"], ["a"]),
            ModelBuilder.node("SplitToSequence", ["a", "sizes"], ["s"], integer: [("axis", 1)]),
            ModelBuilder.node("SequenceAt", ["s", "one"], ["y"]),
        ]
        let w = (0..<5).flatMap { row in (0..<5).map { $0 == row ? Float(row + 1) : 0 } }
        func bytes(_ place: String) -> [UInt8] {
            var nodes = nodes
            nodes[2] = ModelBuilder.node("SequenceAt", ["s", place], ["y"])
            return ModelBuilder.model(
                nodes: nodes,
                tensors: [
                    ModelBuilder.tensor("w", [5, 5], w),
                    ModelBuilder.tensor("sizes", list == nil ? [] : [sizes.count], integers: sizes),
                    ModelBuilder.tensor("one", [], integers: [1]), ModelBuilder.tensor("far", [], integers: [1 << 40]),
                ], input: ModelBuilder.value("x", [nil, 5]))
        }
        let model = try read(bytes("one"), [5])
        let built = model.network.build(in: .init(), batch: 1, batchNorm: .stored)
        let y = evaluate(
            built.graph, [built.output],
            [(built.input, [1, 1, 1, 1, 1]), (built.parameters[0], model.theta)])[0]
        #expect(y == (list == [3, 2] ? [4, 5] : [3, 4]))
        #expect(throws: ONNXError.self) { try read(bytes("far"), [5]) }
    }

    /// A parameter of one number is no part of θ, and `import` says so, until it is named.
    @Test func parametersOfOneNumber() throws {
        let nodes = [ModelBuilder.node("MatMul", ["x", "w"], ["a"]), ModelBuilder.node("Mul", ["a", "scale"], ["y"])]
        let tensors = [ModelBuilder.tensor("w", [2, 2], [1, 2, 3, 4]), ModelBuilder.tensor("scale", [], [3])]
        let bytes = ModelBuilder.model(nodes: nodes, tensors: tensors, input: ModelBuilder.value("x", [nil, 2]))
        let model = try read(bytes)
        #expect(model.theta.count == 4 && model.notes.contains { $0.contains("(rank 0) are no part of θ: scale") })
        var options = ImportOptions(exampleShape: [2])
        options.parameters = ["w", "scale"]
        let named = try ImportedModel(onnxBytes: bytes, name: "m", options) { _ in [] }
        #expect(named.theta == [1, 3, 2, 4, 3] && named.notes == [])
        let built = named.network.build(in: .init(), batch: 1, batchNorm: .stored)
        #expect(built.parameters.map(\.shape) == [[2, 2], []])
        let y = evaluate(
            built.graph, [built.output],
            [(built.input, [1, 1]), (built.parameters[0], [1, 3, 2, 4]), (built.parameters[1], [3])])[0]
        #expect(y == [12, 18])
    }

    /// Biases that an exporter made one of, because none was trained, are said to be one.
    @Test(arguments: [[0, 0], [1, 2]] as [[Float]]) func mergedTensors(_ bias: [Float]) throws {
        let nodes = [
            ModelBuilder.node("Gemm", ["x", "w", "b"], ["a"]), ModelBuilder.node("Gemm", ["a", "v", "b"], ["y"]),
        ]
        let model = try read(
            ModelBuilder.model(
                nodes: nodes,
                tensors: [
                    ModelBuilder.tensor("w", [2, 2], [1, 2, 3, 4]), ModelBuilder.tensor("v", [2, 2], [5, 6, 7, 8]),
                    ModelBuilder.tensor("b", [2], bias),
                ], input: ModelBuilder.value("x", [nil, 2])))
        #expect(model.theta.count == 10)
        #expect(model.notes.contains { $0.contains("'b'") && $0.contains("2 layers") } == (bias[0] == bias[1]))
    }

    /// What a model holds once for each example of the batch it was exported for is taken once. Constants of other extents may be
    /// joined to it: that is right, if only in blocks.
    @Test(arguments: [false, true]) func constantsOfAFixedBatchAreTakenOnce(_ isJoined: Bool) throws {
        var nodes = [
            ModelBuilder.node("MatMul", ["x", "w"], ["a"]), ModelBuilder.node("ConstantOfShape", ["shape"], ["zeros"]),
        ]
        if isJoined { nodes.append(ModelBuilder.node("Concat", ["zeros", "val_3"], ["both"])) }
        nodes.append(ModelBuilder.node("Add", ["a", isJoined ? "both" : "zeros"], ["y"]))
        let tensors = [
            Self.weight, ModelBuilder.tensor("shape", [2], integers: [3, isJoined ? 1 : 2]),
            ModelBuilder.tensor("val_3", [1, 1], [0.1]),
        ]
        let shift = isJoined ? 0.1 : 0
        let model = try read(
            ModelBuilder.model(nodes: nodes, tensors: tensors, input: ModelBuilder.value("x", [3, 2])))
        #expect(isJoined || model.graph.takesBlocks == false)
        let built = model.network.build(in: .init(), batch: 5, batchNorm: .stored), x = sample(10)
        let y = evaluate(built.graph, [built.output], [(built.input, x), (built.parameters[0], model.theta)])[0]
        for row in 0..<5 {
            let (a, b) = (x[2 * row], x[2 * row + 1])
            #expect(abs(y[2 * row] - (a + 3 * b)) < 1e-12 && abs(y[2 * row + 1] - (2 * a + 4 * b + shift)) < 1e-12)
        }
    }

    /// A number is what was written; a table of numbers is what the file holds.
    @Test func onlyNumbersAreTakenForDecimals() throws {
        let nodes = [
            ModelBuilder.node("MatMul", ["x", "w"], ["a"]), ModelBuilder.node("Mul", ["a", "val_3"], ["b"]),
            ModelBuilder.node("Less", ["table", "b"], ["c"]), ModelBuilder.node("Where", ["c", "b", "a"], ["y"]),
        ]
        let tensors = [
            Self.weight, ModelBuilder.tensor("val_3", [1], [0.1]), ModelBuilder.tensor("table", [2], [0.1, 0.2]),
        ]
        let constants = try read(ModelBuilder.model(nodes: nodes, tensors: tensors)).graph.constants
        #expect(constants["val_3"]?.values == [0.1])
        #expect(constants["table"]?.values == [Double(Float(0.1)), Double(Float(0.2))])
    }
}
