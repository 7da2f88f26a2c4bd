import Datasets
import Networks
import ReferenceModels
import Tensors
import Testing

@testable import Objectives

@Suite struct InvarianceTests {
    /// A ReLU network whose first layer grows by α and whose second shrinks by it computes the same (Dinh et al. 2017, arXiv
    /// 1703.04933): the first bias grows with its weights, the last stays. A power of two changes no bit.
    @Test(arguments: [4, 0x1p-7, 3.7, 0.01]) func rescaling(_ alpha: Double) throws {
        let r = try Reference.mlp()
        let objective = try r.objective()
        let factors: [String: Double] = ["fc1.weight": alpha, "fc1.bias": alpha, "fc2.weight": 1 / alpha]
        var theta = r.theta
        for (i, tensor) in r.network.parameters.tensors.enumerated() {
            for j in r.network.parameters.range(i) { theta[j] *= factors[tensor.name] ?? 1 }
        }
        let (before, after) = (try objective.valueAndGradient(at: r.theta), try objective.valueAndGradient(at: theta))
        let exact = alpha.significand == 1
        #expect(exact ? after.value == before.value : abs(after.value - before.value) < 1e-14)
        #expect(try objective.evaluate(at: theta).accuracy == objective.evaluate(at: r.theta).accuracy)
        // The gradient changes by the inverse factors, so its norm is another.
        for (i, tensor) in r.network.parameters.tensors.enumerated() {
            let range = r.network.parameters.range(i)
            let scaled = before.gradient[range].map { $0 / (factors[tensor.name] ?? 1) }
            // Rounding of the loss's 10⁵ operations.
            #expect(relativeError(Array(after.gradient[range]), scaled) < (exact ? 1e-300 : 1e-11))
        }
    }

    /// Without biases as without: the order of hidden units does not matter.
    @Test func permutedUnits() throws {
        let network = try Network("mlp:5-6-3", inputShape: [5], outputs: 3)
        let data = Dataset(
            name: "random", inputs: .doubles(RandomNumbers(seed: 1).normals(40)), exampleShape: [5],
            targets: .classes((0..<8).map { $0 % 3 }, count: 3))
        let objective = try NetworkObjective(
            network: network, data: data, loss: .crossEntropy(labelSmoothing: 0), precision: .double)
        let theta = network.parameters.initialValues(seed: 5), order = RandomNumbers(seed: 2).permutation(6)
        let (w1, b1, w2, b2) = (
            network.parameters.range(0), network.parameters.range(1), network.parameters.range(2),
            network.parameters.range(3)
        )
        var moved = theta
        for (to, from) in order.enumerated() {
            for j in 0..<5 { moved[w1.lowerBound + to * 5 + j] = theta[w1.lowerBound + from * 5 + j] }
            moved[b1.lowerBound + to] = theta[b1.lowerBound + from]
            for o in 0..<3 { moved[w2.lowerBound + o * 6 + to] = theta[w2.lowerBound + o * 6 + from] }
        }
        #expect(moved != theta && Array(moved[b2]) == Array(theta[b2]))
        // Sums of six terms in another order.
        #expect(abs(try objective.value(at: moved) - objective.value(at: theta)) < 1e-15)
    }

    /// A constant added to all logits changes nothing; so does scaling weights before batch statistics are taken, but for ε.
    @Test func batchStatisticsAreScaleInvariant() throws {
        let model = try #require(SmoothModel.all.first { $0.mode == .batch })
        let objective = try model.objective()
        var theta = model.theta
        let conv = try #require(model.network.parameters.tensors.firstIndex { $0.name == "conv1.weight" })
        let before = try objective.value(at: theta), slope = try objective.valueAndGradient(at: theta).gradient
        for j in model.network.parameters.range(conv) { theta[j] *= 1000 }
        // ε = 1e-5 beside variances that are about 0.1 moves the loss by 1e-4 at most.
        #expect(abs(try objective.value(at: theta) - before) < 1e-4)
        // So the gradient along the weights themselves is as small.
        let along = model.network.parameters.range(conv).reduce(0) { $0 + slope[$1] * model.theta[$1] }
        #expect(abs(along) < 1e-4 && slope.contains { abs($0) > 1e-2 })
    }
}
