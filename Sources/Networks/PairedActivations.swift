import Autodiff

/// Two networks of the same hidden dimensions side by side on the same inputs, to compare what their hidden units compute.
package struct PairedActivations: Sendable {
    /// Both networks as one: θ and buffers are the first's, then the second's. Its predictions are the activations of the first in the order of
    /// `units`, then those of the second, a row for each unit. Its output, one number for an example, means nothing.
    package let network: Network
    /// What the rows of each activation count.
    package let units: [AxisForm]

    /// Nil where the graphs have other activations, or other ones for another batch, so that no unit of one is known to stand for one of the other.
    package init?(_ first: Network, _ second: Network) {
        let batches = [first.onlyBatch ?? 1, first.onlyBatch ?? 2].filter {
            first.canBuild(batch: $0) && second.canBuild(batch: $0)
        }
        let found = batches.flatMap { batch in
            [first, second].map { network in
                let built = network.build(in: Graph(), batch: batch, batchNorm: .stored)
                return Self.dimensions(built.parameters, built.buffers, built.output)
            }
        }
        guard let one = found.first, first.inputs.map(\.shape) == second.inputs.map(\.shape),
            found.allSatisfy({ $0.axes == one.axes && $0.activations.map(\.units) == one.activations.map(\.units) })
        else { return nil }
        units = one.activations.map(\.units)
        let networks = [(first, "a"), (second, "b")]
        let architecture = Architecture(
            vocabularies: first.vocabularies,
            largestBatch: [first.largestBatch, second.largestBatch].compactMap { $0 }.min(),
            onlyBatch: first.onlyBatch, canBuild: { first.canBuild(batch: $0) && second.canBuild(batch: $0) }
        ) { builder, inputs in
            let rows = networks.flatMap { network, name in
                let own = NetworkBuilder(builder.graph, builder.batchNormMode, network.options)
                let output = network.architecture.apply(own, inputs).output
                builder.adopt(own, as: name)
                return Self.dimensions(own.parameters.map(\.value), own.buffers.map(\.value), output).activations.map {
                    $0.rows(in: builder.graph)
                }
            }
            return NetworkOutput(builder.graph.constant(0, shape: [inputs[0].shape[0], 1]), predictions: rows)
        }
        func layout(_ own: (Network) -> ParameterLayout) -> ParameterLayout {
            ParameterLayout(networks.flatMap { network, name in own(network).tensors.map { $0.named(within: name) } })
        }
        network = Network(
            architecture, specification: first.specification, inputs: first.inputs, outputShape: [1],
            hasPrediction: true, parameters: layout(\.parameters), buffers: layout(\.buffers))
    }

    private static func dimensions(_ parameters: [Value], _ buffers: [Value], _ output: Value) -> HiddenDimensions {
        HiddenDimensions(of: parameters + buffers, free: parameters.count, outputs: [output])
    }
}
