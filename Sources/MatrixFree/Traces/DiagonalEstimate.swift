import Tensors

/// The diagonal of H from products with it: what each coordinate is curved by.
///
/// The part of H in the range of a sketch is taken exactly, as `HutchPlusPlus` takes its trace (Baston, Nakatsukasa 2022, arXiv
/// 2208.03268, in the symmetric form), and the rest is estimated by random signs z (Bekas, Kokiopoulou, Saad 2007,
/// doi:10.1016/j.apnum.2007.01.003):
///
///     diag H = 2 Σ qₖ ∘ Hqₖ − diag(QQᵀHQQᵀ) + E z ∘ (I − QQᵀ)H(I − QQᵀ)z.
///
/// It is unbiased, and its sum is the trace that `HutchPlusPlus` finds with the same budget and seed.
public struct DiagonalEstimate: Sendable, Equatable {
    /// diag H, P numbers.
    public let values: [Double]
    /// The standard error of each over probes, P numbers; 0 where the diagonal is exact.
    public let standardErrors: [Double]
    /// The mean of all elements, tr H/P.
    public let mean: StochasticEstimate
    /// Of parts of the coordinates, the means of their elements, in the order in which they were asked for.
    public let means: [StochasticEstimate]
    /// Whether every element comes from a product of its own.
    public let isExact: Bool
    /// Matrix–vector products made.
    public let products: Int

    /// Estimates the diagonal, or computes it where the budget has a product for every coordinate.
    ///
    /// - Parameters:
    ///   - products: the budget, at least 6: a third each for the sketch, its products, and probes. A third of it are vectors in memory.
    ///   - parts: ranges of coordinates within 0 ..< P, for `means`; none of them empty.
    ///   - blockSize: vectors handed to the operator at once, at least 1. Default 4, ours.
    ///   - progress: called before every block of products with those made; what it throws ends the work.
    /// - Throws: `MatrixFreeError` for settings that have no answer and for products that are not finite; what the operator throws.
    public init(
        of matrix: some LinearOperator, products budget: Int, parts: [Range<Int>] = [], blockSize: Int = 4,
        seed: UInt64 = 0, progress: (Int) throws -> Void = { _ in }
    ) throws {
        guard budget >= 6, blockSize > 0 else {
            throw MatrixFreeError.invalidArgument(
                "diagonal: \(budget) products in blocks of \(blockSize); expected at least 6 products")
        }
        var counter = try ProductCounter(matrix)
        let n = matrix.dimension
        func blocks(_ count: Int, _ body: (Range<Int>) throws -> Void) throws {
            for first in stride(from: 0, to: count, by: blockSize) {
                try progress(counter.products)
                try body(first..<min(first + blockSize, count))
            }
        }
        if budget >= n {
            var values = Vectors.zeros(n)
            try blocks(n) { range in
                for (index, column) in zip(range, try counter.columns(range)) { values[index] = column[index] }
            }
            (self.values, standardErrors, isExact) = (values, Vectors.zeros(n), true)
            mean = StochasticEstimate(exact: Self.mean(values, 0..<n))
            means = parts.map { part in StochasticEstimate(exact: Self.mean(values, part)) }
            products = counter.products
            return
        }
        // The same random vectors as the trace's.
        let random = HutchPlusPlus.random(seed), sketchSize = budget / 3
        let basis = try HutchPlusPlus.range(
            of: &counter, sketchSize, blockSize: blockSize, random, progress: progress)
        var inside = Vectors.zeros(n)
        try blocks(basis.count) { range in
            let vectors = range.map(basis.vector)
            for (q, var product) in zip(vectors, try counter.apply(block: vectors)) {
                // 2Hq − QQᵀHq = Hq + (I − QQᵀ)Hq.
                Self.add(q, product, to: &inside)
                basis.removeComponents(from: &product)
                Self.add(q, product, to: &inside)
            }
        }
        let probes = budget - 2 * sketchSize
        var center = Vectors.zeros(n), squares = Vectors.zeros(n), count = 0.0
        let ranges = [0..<n] + parts
        var samples = ranges.map { _ in [Double]() }
        try blocks(probes) { range in
            let signs = range.map { random.named("probe \($0)").signs(n) }
            let vectors = signs.map { z in
                var g = z
                basis.removeComponents(from: &g)
                return g
            }
            for (z, var product) in zip(signs, try counter.apply(block: vectors)) {
                basis.removeComponents(from: &product)
                count += 1
                // Welford's means and sums of squares.
                for i in 0..<n {
                    let sample = z[i] * product[i], deviation = sample - center[i]
                    center[i] += deviation / count
                    squares[i] += deviation * (sample - center[i])
                    product[i] = sample
                }
                for (number, part) in ranges.enumerated() { samples[number].append(Self.mean(product, part)) }
            }
        }
        values = Vectors.sum(inside, 1, center)
        standardErrors = squares.map { ($0 / ((count - 1) * count)).squareRoot() }
        let all = zip(ranges, samples).map { StochasticEstimate(samples: $1, offset: Self.mean(inside, $0)) }
        (mean, means) = (all[0], Array(all.dropFirst()))
        (isExact, products) = (false, counter.products)
    }

    /// The largest element of those that are candidates by the estimate, each from a product of its own where the diagonal is estimated: at most the
    /// largest of all, and that where it is among them.
    ///
    /// - Parameters:
    ///   - matrix: the one that was estimated.
    ///   - candidates: how many, at least 1.
    /// - Throws: what products throw.
    public func largest(of matrix: some LinearOperator, candidates: Int) throws -> Double {
        if isExact { return values.max()! }
        let best = values.indices.sorted { (values[$0], $1) > (values[$1], $0) }.prefix(candidates).sorted()
        var counter = try ProductCounter(matrix)
        return try best.map { try counter.columns($0..<$0 + 1)[0][$0] }.max()!
    }

    /// sum ← sum + a ∘ b.
    private static func add(_ a: [Double], _ b: [Double], to sum: inout [Double]) {
        for i in sum.indices { sum[i] += a[i] * b[i] }
    }

    private static func mean(_ values: [Double], _ part: Range<Int>) -> Double {
        part.reduce(0) { $0 + values[$1] } / Double(part.count)
    }
}
