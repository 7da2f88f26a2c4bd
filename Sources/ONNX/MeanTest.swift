import Tensors

/// Whether one number that a model gives for a batch is the mean, or the sum, of what it gives for the batch's examples.
package struct MeanTest {
    /// What the number is.
    package enum Finding { case mean, sum, neither }

    package let finding: Finding

    /// Random batches that are compared with their halves, and the most examples of one.
    private static let batches = 4, mostExamples = 16
    /// Rounding of a loss in Float64.
    private static let tolerance = 1e-8

    /// - Parameter sample: at least two examples.
    package init(_ model: ImportedModel, _ sample: ExampleSample) throws {
        let half = min(Self.mostExamples, sample.count) / 2
        var isMean = true, isSum = true
        for number in 0..<Self.batches {
            let order = RandomNumbers(seed: UInt64(number)).named("mean test").permutation(sample.count)
            let batch = sample.picked(Array(order.prefix(2 * half)))
            func loss(_ range: Range<Int>) throws -> Double { try model.outputs(of: batch.slice(range))[0] }
            let whole = try loss(0..<(2 * half)), first = try loss(0..<half), second = try loss(half..<(2 * half))
            let single = try loss(0..<1), rest = try loss(1..<(2 * half)), n = Double(2 * half)
            func agree(_ a: Double, _ b: Double) -> Bool {
                abs(a - b) <= Self.tolerance * max(abs(whole), abs(first), abs(second), 1e-300)
            }
            // Parts of unequal size tell a mean from what is alike in both halves.
            isMean = isMean && agree(whole, (first + second) / 2) && agree(whole, (single + (n - 1) * rest) / n)
            isSum = isSum && agree(whole, first + second) && agree(whole, single + rest)
        }
        finding = isMean ? .mean : isSum ? .sum : .neither
    }
}
