import MatrixFree
import Objectives
import Tensors

/// m-sharpness (Foret et al. 2021, arXiv 2010.01412; Andriushchenko & Flammarion 2022, arXiv 2206.06232): the mean over
/// batches of m examples of each batch's own worst case. With m = n it is the worst case itself; it grows as m shrinks, because
/// every batch chooses its own ε.
public struct BatchwiseSharpness: Sendable, Codable {
    /// m.
    public let batchSize: Int
    /// Means over the batches, each counting by its size, or by the weights of its elements.
    public let lowerBound: Double, oneStep: Double, estimate: Double
    /// Of `lowerBound`, over the batches; nil for a single one. It says how far other data of the same kind would move the
    /// mean. Another partition of these data moves it less.
    public let standardError: Double?
    /// Covers the mean over all such data with probability 95 % (`StochasticEstimate.interval95`); nil for a single batch.
    public let interval95: ClosedRange<Double>?
    /// What was found on every batch.
    public let batches: [WorstCaseSharpness]
    /// Examples of every batch.
    public let sizes: [Int]

    /// Losses of all batches that were not finite. None of them is a bound.
    public var nonfinite: Int { batches.reduce(0) { $0 + $1.nonfinite } }

    enum CodingKeys: String, CodingKey {
        case estimate, interval95, batches, sizes
        case batchSize = "m"
        case lowerBound = "lower_bound"
        case oneStep = "one_step"
        case standardError = "standard_error"
    }

    /// The examples of every batch: a random partition by the seed, each batch in the order of the data; the last may be smaller.
    public static func partition(_ examples: Int, batchSize: Int, seed: UInt64) -> [[Int]] {
        precondition(batchSize > 0 && examples > 0, "batches of \(batchSize) of \(examples) examples")
        let order = RandomNumbers(seed: seed).named("m-sharpness").permutation(examples)
        return stride(from: 0, to: examples, by: batchSize).map {
            order[$0..<min($0 + batchSize, examples)].sorted()
        }
    }

    /// - Parameters:
    ///   - search: of the worst case on each batch.
    ///   - objective: the loss on some examples.
    ///   - weight: how much some examples count.
    ///   - all: runs the search of each batch, given how many there are, in any order or elsewhere, or takes what was found before.
    ///   - progress: called as each batch begins and after its starts, with the batches done.
    public init(
        _ search: WorstCaseSearch, at theta: [Double], examples: Int, batchSize: Int,
        progress: @escaping (_ batch: Int, _ count: Int) throws -> Void = { _, _ in },
        weight: ([Int]) throws -> Double = { Double($0.count) },
        all: (_ count: Int, _ search: (_ batch: Int) throws -> WorstCaseSharpness) throws -> [WorstCaseSharpness] = {
            try (0..<$0).map($1)
        },
        objective: @escaping ([Int]) throws -> any Objective
    ) throws {
        // Batches in which no label counts have no loss.
        let parts = try Self.partition(examples, batchSize: batchSize, seed: search.seed).filter { try weight($0) > 0 }
        let found = try all(parts.count) { number in
            var search = search
            search.progress = { _, _, _ in try progress(number, parts.count) }
            try progress(number, parts.count)
            let objective = try objective(parts[number])
            var best = try search.run(
                objective, at: theta,
                model: LocalModel(
                    objective, at: theta, scaling: search.ball.scaling, radii: search.ball.quadraticRadii,
                    vectors: WorstCaseSearch.eigenvectors, memoryLimit: search.memoryLimit, seed: search.seed))
            best.forgetEpsilon()
            return best
        }
        let sizes = parts.map(\.count), weights = try parts.map(weight), total = weights.reduce(0, +)
        func mean(_ value: (WorstCaseSharpness) -> Double) -> Double {
            zip(found, weights).reduce(0) { $0 + value($1.0) * ($1.1 / total) }
        }
        let bound = StochasticEstimate(samples: found.map(\.lowerBound), weights: weights)
        (lowerBound, standardError, interval95) = (bound.value, bound.standardError, bound.interval95)
        (oneStep, estimate) = (mean(\.oneStep), mean(\.estimate))
        (self.batchSize, batches, self.sizes) = (min(batchSize, examples), found, sizes)
    }
}
