import Datasets
import Networks
import Tensors
import Testing

@testable import Objectives

/// A loss whose batches are normalised by their own statistics is another function for another batch size.
@Suite struct NormalizedBatchTests {
    /// Gradients take more memory for an example than losses; they must not be those of smaller batches.
    @Test func derivativesOfTheSameBatches() throws {
        let data = try DataSpecification("digits").load(.train)
        let network = try Network(
            "mlp:64-8192-10", inputShape: [64], outputs: 10,
            options: NetworkOptions(activation: .tanh, normalization: .batch))
        func objective(_ size: Int?) throws -> NetworkObjective {
            try NetworkObjective(
                network: network, statistics: network.buffers.initialValues(seed: 1), data: data,
                loss: .crossEntropy(labelSmoothing: 0), batchNorm: .batch, precision: .double, batchSize: size)
        }
        let whole = try objective(nil), theta = network.parameters.initialValues(seed: 1)
        let size = try whole.batchSize
        // More than one batch, or all sizes would be the same.
        #expect(size < data.count)
        let (value, gradient) = try whole.valueAndGradient(at: theta)
        #expect(abs(value - (try whole.value(at: theta))) < 1e-12)
        let d = RandomNumbers(seed: 2).normals(theta.count).map { 0.01 * $0 }, h = 1e-3
        let ends = try [h, -h].map { try whole.value(at: Vectors.sum(theta, $0, d)) }
        let slope = Vectors.dot(gradient, d)
        // The error of the difference is a third derivative times h²/6.
        #expect(abs((ends[0] - ends[1]) / (2 * h) - slope) < 1e-5 * abs(slope))
        let asked = try objective(size)
        #expect(try asked.valueAndGradient(at: theta).gradient == gradient)
        #expect(
            try asked.hessianVectorProduct(at: theta, along: d) == whole.hessianVectorProduct(at: theta, along: d))
        // Half the batch is another function, by more than all bounds above.
        #expect(abs(try objective(size / 2).value(at: theta) - value) > 1e-6)
    }
}
