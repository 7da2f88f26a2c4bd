import GraphEvaluation
import Networks
import Testing

@testable import ONNX

/// What an import found on trial spares later commands the trials, and is not believed where it is wrong.
@Suite struct TrialBuildsTests {
    /// y = W x, by way of a literal shape that only a batch of one example has.
    private func forOneExample() throws -> OperatorGraph {
        let nodes = [
            ModelBuilder.node("Reshape", ["x", "shape"], ["a"]), ModelBuilder.node("MatMul", ["a", "w"], ["y"]),
        ]
        let tensors = [
            ModelBuilder.tensor("w", [2, 2], [1, 2, 3, 4]), ModelBuilder.tensor("shape", [2], integers: [-1, 2]),
        ]
        var graph = try ImportedModel(
            onnxBytes: ModelBuilder.model(nodes: nodes, tensors: tensors), name: "made",
            ImportOptions(exampleShape: [2])
        ) { throw ONNXError.externalData(name: $0, problem: "absent") }.graph
        graph.constants["shape"]?.values = [1, 2]
        return graph
    }

    private func input(_ shape: [Int], tokens: Bool = false) -> [NetworkInput] {
        [NetworkInput(name: "x", shape: shape, takesTokens: tokens)]
    }

    private func network(_ description: String, _ trials: String?) throws -> Network {
        try Network(operatorGraph: description, trials: trials, name: "made", inputs: input([2]))
    }

    /// A finding of the very graph takes the place of trials; without one, or with one of another graph, the graph is tried. What only
    /// the finding said to work is taken example by example, and does not end the program.
    @Test func sparesTrials() throws {
        let description = try forOneExample().encoded()
        func trials(_ description: String, _ shape: [Int] = [2], tokens: Bool = false) -> String {
            TrialBuilds(of: description, inputs: input(shape, tokens: tokens), outputs: 2).encoded
        }
        for other in [nil, trials(description + " "), trials(description, [1, 2]), trials(description, tokens: true)] {
            #expect(throws: ONNXError.self) { try network(description, other) }
        }
        let found = try network(description, trials(description))
        #expect(found.outputs == 2 && found.parameters.tensors.map(\.shape) == [[2, 2]])
        let built = found.build(in: .init(), batch: 5, batchNorm: .stored), x = sample(10)
        let y = evaluate(built.graph, [built.output], [(built.input, x), (built.parameters[0], [1, 3, 2, 4])])[0]
        for row in 0..<5 {
            let (a, b) = (x[2 * row], x[2 * row + 1])
            #expect(abs(y[2 * row] - (a + 3 * b)) < 1e-12 && abs(y[2 * row + 1] - (2 * a + 4 * b)) < 1e-12)
        }
    }

    @Test func damaged() throws {
        let description = try forOneExample().encoded()
        let sound = TrialBuilds(of: description, inputs: input([2]), outputs: 2).encoded
        #expect(try TrialBuilds(encoded: sound).encoded == sound)
        for text in [
            "", "{}", "[]", "{\"outputs\":2}", "{\"outputs\":0,\"sha256\":\"\"}", "{\"outputs\":2,\"sha256\":7}",
            String(sound.dropLast()), sound + "}",
        ] {
            #expect(throws: ONNXError.damagedDescription("what its import found")) { try network(description, text) }
        }
        let wrong = TrialBuilds(of: description, inputs: input([2]), outputs: 3).encoded
        #expect(throws: ONNXError.damagedDescription("3 outputs of a graph that gives 2")) {
            try network(description, wrong)
        }
    }
}
