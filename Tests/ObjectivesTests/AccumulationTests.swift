import Datasets
import Networks
import Tensors
import Testing

@testable import Objectives

/// Sums over batches are in Float64 although a network computes in Float32.
@Suite struct AccumulationTests {
    /// One example of loss 2²⁵ and a thousand of loss 1, one a batch: Float32 has no number between 2²⁵ and 2²⁵ + 4, so a sum
    /// in Float32 would lose every one of the thousand.
    @Test func smallLossesBesideALargeOne() throws {
        let large = Double(1 << 25), count = 1000
        // f(x) = 0 at θ = 0; mean r² of each example is y².
        let targets = [large.squareRoot()] + [Double](repeating: 1, count: count)
        let data = Dataset(
            name: "large", inputs: .doubles([Double](repeating: 1, count: count + 1)), exampleShape: [1],
            targets: .values(targets, width: 1))
        let network = try Network("linear", inputShape: [1], outputs: 1)
        func loss(_ batchSize: Int) throws -> Double {
            try NetworkObjective(
                network: network, data: data, loss: .meanSquaredError, precision: .float,
                batchSize: batchSize
            ).value(at: [0, 0])
        }
        // √2²⁵ is rounded to Float32 and squared there.
        let root = Double(Float(large.squareRoot())), first = Double(Float(root) * Float(root))
        let exact = (first + Double(count)) / Double(count + 1)
        #expect(abs(try loss(1) - exact) < 1e-12 * exact)
        var inSingle = Float(first)
        for _ in 0..<count { inSingle += 1 }
        #expect(abs(Double(inSingle) / Double(count + 1) - exact) > 1e-6 * exact, "the test tells the versions apart")
    }

    /// Batches of unequal size, one of which alone has a large loss: the mean over examples, not the mean of batch means.
    @Test(arguments: [2, 3, 4]) func raggedBatchesCountByTheirSize(_ batchSize: Int) throws {
        let targets: [Double] = [1, 2, 3, 4, 10]
        let data = Dataset(
            name: "five", inputs: .doubles([0, 0, 0, 0, 0]), exampleShape: [1], targets: .values(targets, width: 1))
        let objective = try NetworkObjective(
            network: try Network("linear", inputShape: [1], outputs: 1), data: data,
            loss: .meanSquaredError, precision: .double, batchSize: batchSize)
        let squares = targets.map { $0 * $0 }
        let exact = squares.reduce(0, +) / 5
        #expect(abs(try objective.value(at: [0, 0]) - exact) < 1e-14 * exact)
        let means = stride(from: 0, to: 5, by: batchSize).map { first in
            let part = squares[first..<min(5, first + batchSize)]
            return part.reduce(0, +) / Double(part.count)
        }
        #expect(abs(means.reduce(0, +) / Double(means.count) - exact) > 1)
    }

    /// One batch that is all has the bits of a sum of one batch, of few parameters and of so many that the derivative is passed on.
    @Test(arguments: ["mlp:64-16-10", "mlp:64-2900-2900-10"]) func oneBatchIsItsSum(_ name: String) throws {
        let data = try DataSpecification("digits").load(.train).prefix(32)
        let network = try Network(name, inputShape: [64], outputs: 10)
        let theta = network.parameters.initialValues(seed: 1), loss = Loss.crossEntropy(labelSmoothing: 0)
        let objective = try NetworkObjective(
            network: network, data: data, loss: loss, precision: .float, batchSize: 32)
        let (value, gradient) = try objective.valueAndGradient(at: theta)
        let batch = try BatchGradient(network: network, data: data, loss: loss, batchSize: 32)
        #expect(batch.partSize == 32)
        var sum = Vectors.zeros(theta.count)
        let whole = try batch.evaluate(at: theta, examples: Array(0..<32), gradient: &sum)
        #expect(gradient == sum && value == whole.loss)
        let v = RandomNumbers(seed: 2).normals(theta.count),
            products = try objective.hessianVectorProducts(
                at: theta, along: [v, gradient])
        #expect(try objective.hessianVectorProduct(at: theta, along: v) == products[0])
        // vᵀHg both ways.
        let (a, b) = (Vectors.dot(products[0], gradient), Vectors.dot(products[1], v))
        #expect(abs(a - b) < 1e-4 * Vectors.norm(products[0]) * Vectors.norm(gradient))
    }
}
