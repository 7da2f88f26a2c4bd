import ArrayFiles
import Networks

/// A model that came as a graph of operators, made ready for data.
package struct ImportedModel: Sendable {
    /// What a checkpoint carries to build the network again.
    package private(set) var graph: OperatorGraph
    package private(set) var network: Network
    /// In the order of the network's layout.
    package let theta: [Double]
    /// Running statistics and large constants, in the order of the network's buffers.
    package let buffers: [Double]
    /// What the output ends in; nil for anything else than what makes probabilities.
    package let ending: ModelEnding?
    /// The batch that it was exported for, where it is fixed.
    package var exportedBatch: Int? { graph.exportedBatch }
    /// Whether a parameter is stored in Float64.
    package let isDouble: Bool
    package let source: Source
    /// What a user should know of how it was read.
    package var notes: [String]

    /// How the program that the weights came from has them.
    package struct Source: Sendable {
        /// What tensors are called there, by their names here, where these differ.
        package var names: [String: String] = [:]
        /// The axis of the filters, by names here, where it is not the first as here.
        package var filterAxes: [String: Int] = [:]
    }

    init(
        graph: OperatorGraph, network: Network, numbers: OperatorGraph.Numbers, ending: ModelEnding?, source: Source,
        notes: [String]
    ) {
        (self.graph, self.network, self.ending, self.source, self.notes) = (graph, network, ending, source, notes)
        (theta, buffers, isDouble) = (numbers.theta, numbers.buffers, numbers.isDouble)
    }

    /// The outputs of some examples.
    package func outputs(of sample: ExampleSample) throws -> [Double] {
        try SampleRun(network, theta: theta, buffers: buffers).outputs(of: sample)
    }

    /// Leaves only the batch that the model was exported for, because its output for another cannot be checked.
    package mutating func keepExportedBatch() throws {
        graph.takesBlocks = true
        network = try graph.network(name: network.specification, inputs: network.inputs)
    }

    /// Takes off what the output ends in, so that it gives logits.
    package mutating func takeOffEnding() throws {
        guard let ending else { return }
        for index in ending.nodes { graph.nodes[index].kind = "Identity" }
        network = try graph.network(name: network.specification, inputs: network.inputs)
    }
}

/// What a model is imported for, and what of it is chosen by hand.
package struct ImportOptions: Sendable {
    /// What the data have for each input of the model, in its order.
    package var inputs: [NetworkInput]
    /// Whether the output is a loss, which may be one number for a batch.
    package var isLoss = false
    /// Some examples of the data.
    package var sample: ExampleSample?
    /// Patterns of names: θ is these tensors; empty for those that the rule gives.
    package var parameters: [String] = []
    /// Patterns of names that are no part of θ.
    package var frozen: [String] = []
    /// Whether a model whose θ is known not to be the module's is refused.
    package var isStrict = false

    /// An import for data of several inputs.
    package init(inputs: [NetworkInput]) { self.inputs = inputs }

    /// An import for data of one input.
    package init(exampleShape: [Int], takesTokens: Bool = false) {
        inputs = [NetworkInput(name: "x", shape: exampleShape, takesTokens: takesTokens)]
    }
}
