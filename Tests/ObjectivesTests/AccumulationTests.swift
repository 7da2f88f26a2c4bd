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
}
