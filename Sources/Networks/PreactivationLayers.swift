import Autodiff

/// The layers of hidden units of a network without normalisation, with what they give before the nonlinearity.
package struct PreactivationLayers: Sendable {
    /// A layer, and a network of the same tensors that predicts what it gives, a row for each unit.
    package struct Layer: Sendable {
        /// The numbers of weight and bias among the parameters, and the weight's axis that counts units.
        package let weight: Int, axis: Int, bias: Int
        package let network: Network
    }
    /// In the order in which the network computes them.
    package let layers: [Layer]

    /// A tensor with hidden units that belongs to no such layer, or to several.
    package struct OtherTensor: Error {
        package let name: String
    }

    /// - Throws: `OtherTensor`, such as that of a normalisation, or a weight without a bias.
    package init(of network: Network) throws(OtherTensor) {
        let symmetry = PermutationSymmetry(of: network), tensors = network.parameters.tensors
        let batches = [network.onlyBatch ?? 1, network.onlyBatch ?? 2].filter { network.canBuild(batch: $0) }
        let found = batches.map { batch in
            let built = network.build(in: Graph(), batch: batch, batchNorm: .stored)
            return AffineLayer.all(of: built.parameters, outputs: [built.output])
        }
        let all = found.first ?? [], own = all.flatMap { [$0.weight, $0.bias] }
        for (number, tensor) in tensors.enumerated()
        where symmetry.parameters[number].contains(where: { !$0.dimensions.isEmpty }) {
            guard own.count(where: { $0 == number }) == 1, found.allSatisfy({ $0.map(\.bias) == all.map(\.bias) })
            else {
                throw OtherTensor(name: tensor.name)
            }
        }
        layers = all.enumerated().compactMap { place, layer in
            guard symmetry.parameters[layer.bias].contains(where: { !$0.dimensions.isEmpty }) else { return nil }
            return Layer(
                weight: layer.weight, axis: layer.axis, bias: layer.bias,
                network: network.predicting { parameters, output in
                    [AffineLayer.all(of: parameters, outputs: [output])[place].rows(in: output.graph)]
                })
        }
    }
}
