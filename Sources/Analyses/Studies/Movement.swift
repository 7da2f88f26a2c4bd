import Tensors

/// How much a number of each run moves when its recipe changes a little, against how much it orders the runs.
///
/// With x the value of a run, x′ one of a training of its changed recipe, and a group for each run of x and all its x′, an analysis of
/// variance with one factor (Fisher 1925) gives the mean squares between and within groups, MSB and MSW. Then σ²w = MSW and
/// σ²b = (MSB − MSW)/n₀, 0 where that is negative, with n₀ the size of a group: (N − Σnᵢ²/N)/(r − 1) for r groups of nᵢ and N in all
/// (Searle, Casella & McCulloch 1992, *Variance Components*, section 3.6).
public struct Movement: Sendable, Equatable {
    /// A number of a run whose recipe was changed.
    public struct Change: Sendable, Equatable {
        /// Of the run.
        public let run: Int
        /// Which change: those of one label are compared with each other.
        public let label: String
        /// NaN where there is none.
        public let value: Double

        /// A number under a change.
        public init(run: Int, label: String, value: Double) { (self.run, self.label, self.value) = (run, label, value) }
    }

    /// √(mean of (x′ − x)²) over all runs and changes; nil without any, as the others.
    public let moved: Double?
    /// σw and σb.
    public let within: Double?, between: Double?
    /// The intraclass correlation ICC(1) = σ²b/(σ²b + σ²w) (Shrout & Fleiss 1979, doi:10.1037/0033-2909.86.2.420): near 1 where recipes
    /// differ by far more than their trainings do, 0 where they do not. Nil where nothing differs.
    public let share: Double?
    /// Where the middle 95 % of the resamples of `share` lie: a percentile bootstrap over runs, rough where they are few.
    public let shareInterval: ClosedRange<Double>?
    /// Kendall's τ-b between the order of the runs and that under a change, made to all of them alike; the mean over changes.
    public let tau: Double?
    /// The share of pairs of runs whose order a change turns over; a tie under the change turns none.
    public let turnedOver: Double?
    /// Pairs that were looked at, over all changes.
    public let pairs: Int

    /// - Parameters:
    ///   - original: the number of each run. Runs without one are left out.
    ///   - changes: of one kind, or of all.
    ///   - resamples: of the bootstrap; 2000, as of `KendallTau`.
    ///   - seed: of the bootstrap.
    public init(_ original: [Double], _ changes: [Change], resamples: Int = 2000, seed: UInt64 = 0) {
        let changes = changes.filter { $0.value.isFinite && original[$0.run].isFinite }
        var groups = [[Double]](repeating: [], count: original.count)
        for change in changes { groups[change.run].append(change.value) }
        for (run, value) in original.enumerated() where !groups[run].isEmpty { groups[run].append(value) }
        groups.removeAll(where: \.isEmpty)

        let squares = changes.map { ($0.value - original[$0.run]) * ($0.value - original[$0.run]) }
        moved = squares.isEmpty ? nil : (squares.reduce(0, +) / Double(squares.count)).squareRoot()
        let components = VarianceComponents(groups)
        within = components.map { $0.within.squareRoot() }
        between = components.map { $0.between.squareRoot() }
        share = components?.share
        shareInterval = share == nil ? nil : Self.interval(groups, resamples, seed)

        var taus: [Double] = [], turned = 0, pairs = 0
        for label in Set(changes.map(\.label)).sorted() {
            let same = changes.filter { $0.label == label }
            let before = same.map { original[$0.run] }, after = same.map(\.value)
            if let tau = KendallTau.value(before, after) { taus.append(tau) }
            for i in same.indices {
                for j in 0..<i where before[i] != before[j] {
                    pairs += 1
                    if before[i] < before[j] ? after[i] > after[j] : after[i] < after[j] { turned += 1 }
                }
            }
        }
        tau = taus.isEmpty ? nil : taus.reduce(0, +) / Double(taus.count)
        turnedOver = pairs == 0 ? nil : Double(turned) / Double(pairs)
        self.pairs = pairs
    }

    private static func interval(_ groups: [[Double]], _ resamples: Int, _ seed: UInt64) -> ClosedRange<Double>? {
        let random = RandomNumbers(seed: seed).named("movement"), count = groups.count
        let found = (0..<resamples).compactMap { resample in
            let drawn = (0..<count).map { i in
                groups[min(count - 1, Int(random.uniform(at: resample * count + i) * Double(count)))]
            }
            return VarianceComponents(drawn)?.share
        }.sorted()
        guard !found.isEmpty else { return nil }
        func quantile(_ share: Double) -> Double { found[min(found.count - 1, Int(share * Double(found.count)))] }
        return quantile(0.025)...quantile(0.975)
    }
}

/// Variances between and within groups.
private struct VarianceComponents {
    let between: Double, within: Double

    /// Nil where both are 0.
    var share: Double? { between + within > 0 ? between / (between + within) : nil }

    /// Nil for fewer than two groups, or without a second number in any.
    init?(_ groups: [[Double]]) {
        let total = groups.reduce(0) { $0 + $1.count }, r = groups.count
        guard r > 1, total > r else { return nil }
        let means = groups.map { $0.reduce(0, +) / Double($0.count) }
        let mean = zip(groups, means).reduce(0) { $0 + Double($1.0.count) * $1.1 } / Double(total)
        let squaresBetween = zip(groups, means).reduce(0.0) {
            $0 + Double($1.0.count) * ($1.1 - mean) * ($1.1 - mean)
        }
        let squaresWithin = zip(groups, means).reduce(0.0) { sum, group in
            sum + group.0.reduce(0) { $0 + ($1 - group.1) * ($1 - group.1) }
        }
        let n0 =
            (Double(total) - groups.reduce(0) { $0 + Double($1.count * $1.count) } / Double(total)) / Double(r - 1)
        within = squaresWithin / Double(total - r)
        between = max(0, (squaresBetween / Double(r - 1) - within) / n0)
    }
}
