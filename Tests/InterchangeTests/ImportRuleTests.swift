import ArrayFiles
import Networks
import Testing

@testable import Interchange

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
                name: "made", inputShape: [2], takesTokens: false)
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
}
