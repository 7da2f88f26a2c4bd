import Datasets
import Networks
import Tensors
import Testing

@testable import Objectives
@testable import Training

@Suite struct BatchGradientTests {
    func difference(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } }

    /// The mean over all batches, each by its size, is the objective's gradient; 500 = 3·150 + 50.
    @Test func raggedBatches() throws {
        let r = try ReferenceNetwork()
        let objective = try NetworkObjective(
            network: r.network, data: r.data, loss: .crossEntropy(labelSmoothing: 0),
            precision: .double)
        let (loss, whole) = try objective.valueAndGradient(at: r.theta)
        let batches = try r.gradients(batchSize: 150)
        let order = BatchOrder(count: 500, batchSize: 150, seed: 1, epoch: 3)
        #expect((0..<order.count).map { order[$0].count } == [150, 150, 150, 50])
        var mean = [Double](repeating: 0, count: whole.count), gradient = mean, meanLoss = 0.0, correct = 0.0
        for batch in 0..<order.count {
            let examples = Array(order[batch])
            let result = try batches.evaluate(at: r.theta, examples: examples, gradient: &gradient)
            Vectors.add(Double(examples.count) / 500, gradient, to: &mean)
            meanLoss += result.loss * Double(examples.count) / 500
            correct += try #require(result.correct)
        }
        #expect(difference(mean, whole) < 1e-14)
        #expect(abs(meanLoss - loss) < 1e-14)
        #expect(correct / 500 == (try objective.evaluate(at: r.theta).accuracy))
    }

    /// Too little memory for 500 at once: parts, and the same gradient.
    @Test func parts() throws {
        let r = try ReferenceNetwork()
        let whole = try r.gradients(batchSize: 500)
        #expect(whole.partSize == 500)
        let parts = try #require(
            (10...24).reversed().lazy.compactMap {
                try? r.gradients(batchSize: 500, memoryLimit: BatchSeries.processBytes + 1 << $0)
            }
            .first { $0.partSize < 500 })
        var a = [Double](repeating: 0, count: r.theta.count), b = a
        let first = try whole.evaluate(at: r.theta, examples: Array(0..<500), gradient: &a)
        let second = try parts.evaluate(at: r.theta, examples: Array(0..<500), gradient: &b)
        #expect(difference(a, b) < 1e-14 && abs(first.loss - second.loss) < 1e-14 && first.correct == second.correct)
    }

    /// Batch normalisation needs its batch whole.
    @Test func batchNormTakesNoParts() throws {
        let data = try DataSpecification.digits.load().prefix(200)
        let network = try Network("resnet8", inputShape: data.exampleShape, outputs: 10)
        #expect {
            try BatchGradient(
                network: network, data: data, loss: .crossEntropy(labelSmoothing: 0), batchSize: 200,
                memory: MemoryBudget(limit: 8 << 20))
        } throws: { error in
            guard case ObjectiveError.batchTooLarge(let batch, _, _) = error else { return false }
            return batch == 200 && "\(error)".contains("--batch-size")
        }
    }

    /// Statistics are the batch's mean and unbiased variance: of the inputs, for a network that normalises them first.
    @Test func statistics() throws {
        let architecture = Architecture { b, x in b.dense(b.flatten(b.batchNorm(b.channelsLast(x), "bn")), "fc", 2) }
        let network = Network(architecture, specification: "bn", inputShape: [1, 1, 1], outputs: 2)
        let data = Dataset(
            name: "three", inputs: .floats([1, 2, 6, 100]), exampleShape: [1, 1, 1],
            targets: .classes([0, 1, 0, 1], count: 2))
        let batches = try BatchGradient(
            network: network, data: data, loss: .crossEntropy(labelSmoothing: 0), batchSize: 3, precision: .double)
        var gradient = [Double](repeating: 0, count: network.parameters.count)
        let batch = try batches.evaluate(
            at: network.parameters.initialValues(seed: 0), examples: [0, 1, 2], gradient: &gradient)
        // 1, 2, 6: mean 3, squared deviations 4 + 1 + 9 = 14, over 2.
        #expect(network.buffers.tensors.map(\.name) == ["bn.running_mean", "bn.running_var"])
        #expect(batch.statistics.map(\.buffer) == [0, 1])
        #expect(abs(batch.statistics[0].values[0] - 3) < 1e-14 && abs(batch.statistics[1].values[0] - 7) < 1e-13)
    }

    /// Augmented inputs differ from epoch to epoch, and are again the same in the same one.
    @Test func augmentation() throws {
        let data = try DataSpecification.digits.load().prefix(50)
        let network = try Network("lenet", inputShape: data.exampleShape, outputs: 10)
        let batches = try BatchGradient(
            network: network, data: data, loss: .crossEntropy(labelSmoothing: 0), batchSize: 50)
        let theta = network.parameters.initialValues(seed: 0), all = Array(0..<50)
        var gradient = theta
        let augmentation = Augmentation(padding: 1, seed: 4)
        let losses = try [0, 1, 0].map {
            try batches.evaluate(at: theta, examples: all, augmentation: augmentation, epoch: $0, gradient: &gradient)
                .loss
        }
        let plain = try batches.evaluate(at: theta, examples: all, gradient: &gradient).loss
        #expect(losses[0] == losses[2] && losses[0] != losses[1] && plain != losses[0])
    }
}
