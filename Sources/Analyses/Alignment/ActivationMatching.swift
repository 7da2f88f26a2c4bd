import Datasets
import Essentials
import MatrixFree
import Models
import Networks
import Objectives
import Tensors

/// The permutation of one network's hidden units whose activations go with another's: activation matching (Li et al. 2015, arXiv 1511.07543;
/// Ainsworth et al. 2022, arXiv 2209.04836, section 3.1), by correlation (Jordan et al. 2022, arXiv 2211.08403).
///
/// Both networks see the same examples in evaluation mode. Activations are compared where products and convolutions read them
/// (`HiddenDimensions.activations`). A pair of units is worth its Pearson correlation over examples and positions, summed over the activations that
/// have these units. A unit that does not vary correlates with none; where that is so of both, they are matched by their
/// weights. The permutation of a dimension is an exact linear assignment; where dimensions depend on each other, such as heads and their channels, one after another, as in `WeightMatching`.
public struct ActivationMatching: Sendable {
    /// Of each hidden dimension: unit i of the aligned network is the unit `permutations[dimension][i]` of B.
    public let permutations: [[Int]]
    /// Passes over all dimensions, the last of which changed nothing.
    public let passes: Int
    /// The mean correlation of units in each other's place over all that are compared, before and after.
    public internal(set) var correlations: (before: Double, after: Double)
    /// Examples that both networks saw.
    public let examples: Int
    /// Of each activation what its rows count, and the correlations of all pairs of rows.
    private let pair: PairedActivations, matrices: [[Double]]

    /// The mean correlation of units in each other's place.
    func correlation(of permutations: [[Int]]) -> Double {
        Self.total(pair, matrices, permutations) / Self.compared(pair)
    }

    /// How many pairs of units stand in each other's place.
    private static func compared(_ pair: PairedActivations) -> Double {
        Double(max(1, pair.units.reduce(0) { $0 + $1.size }))
    }

    private static func total(_ pair: PairedActivations, _ matrices: [[Double]], _ permutations: [[Int]]) -> Double {
        zip(pair.units, matrices).reduce(0) { sum, entry in
            let (form, matrix) = entry, size = form.size
            return form.sources(permutations).enumerated().reduce(sum) {
                $0 + matrix[$1.offset * size + $1.element]
            }
        }
    }

    /// - Parameters:
    ///   - symmetry: of both networks.
    ///   - data: the examples, as the networks see them.
    ///   - seed: of the orders of dimensions.
    ///   - memory: what the process may take.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Throws: `Alignment.Failure.differentGraphs`; `ObjectiveError` where the data do not fit or memory is too small; `MatrixFreeError`.
    public init(
        _ symmetry: PermutationSymmetry, of second: Model, to first: Model, on data: Dataset, seed: UInt64 = 0,
        memory: MemoryBudget = MemoryBudget(), monitor: Monitor = .silent
    ) throws {
        guard let pair = PairedActivations(first.network, second.network) else {
            throw Alignment.Failure.differentGraphs
        }
        let moments = try ActivationMoments(pair, first, second, data, memory, monitor)
        let units = pair.units, matrices = moments.correlations
        func total(_ permutations: [[Int]]) -> Double { Self.total(pair, matrices, permutations) }
        func scores(_ dimension: Int, _ permutations: [[Int]]) -> [Double] {
            let count = symmetry.dimensions[dimension].size
            var scores = [Double](repeating: 0, count: count * count), others = permutations
            others[dimension] = Array(0..<count)
            for (form, matrix) in zip(units, matrices) {
                let occurrences = form.places(of: dimension)
                guard !occurrences.isEmpty else { continue }
                let sources = form.sources(others), size = form.size
                for places in occurrences {
                    for (i, own) in places.enumerated() {
                        for (j, other) in places.enumerated() {
                            for (a, b) in zip(own, other) { scores[i * count + j] += matrix[a * size + sources[b]] }
                        }
                    }
                }
            }
            return scores
        }
        let compared = Self.compared(pair)
        let found = try DimensionDescent.best(
            of: WeightMatching.usualOrders, from: symmetry.identity, seed: seed, named: "activation matching",
            largest: (1 - 1e-12) * compared, value: total, scores: scores
        ) { try monitor.update("activation matching", $0, of: WeightMatching.usualOrders) }
        permutations = try Self.matchingStill(
            moments.still(in: symmetry, pair), of: found.permutations, symmetry, second, first, seed, monitor)
        (passes, examples, self.pair, self.matrices) = (found.passes, moments.examples, pair, matrices)
        correlations = (total(symmetry.identity) / compared, found.value / compared)
    }

    /// Permutations in which units that vary in neither network change places by their weights.
    ///
    /// - Parameter still: of each dimension, whether a unit of A, and of B, does not vary.
    private static func matchingStill(
        _ still: [(first: [Bool], second: [Bool])], of permutations: [[Int]], _ symmetry: PermutationSymmetry,
        _ second: Model, _ first: Model, _ seed: UInt64, _ monitor: Monitor
    ) throws -> [[Int]] {
        let free = zip(permutations, still).map { units, still in
            units.indices.filter { still.first[$0] && still.second[units[$0]] }
        }
        guard free.contains(where: { $0.count > 1 }) else { return permutations }
        var weights = WeightScores(symmetry, second.theta, first.network.parameters)
        return try DimensionDescent.run(
            from: permutations, RandomNumbers(seed: seed).named("still units"),
            scores: { dimension, current in
                let own = current[dimension], rows = free[dimension], count = own.count
                guard rows.count > 1 else { return [Double](repeating: 0, count: count * count) }
                let scores = try weights.of(dimension, first.theta, current)
                // No assignment gains as much as one unit that should stay loses.
                let bar = 1 + 2 * Double(count) * scores.reduce(0) { max($0, abs($1)) }
                var allowed = [Double](repeating: -bar, count: count * count)
                for row in own.indices { allowed[row * count + own[row]] = 0 }
                for row in rows {
                    for other in rows { allowed[row * count + own[other]] = scores[row * count + own[other]] }
                }
                return allowed
            }, progress: { try monitor.check() }
        ).permutations
    }
}

/// Means, variances and products of two networks' activations over examples and positions, in Float64.
private struct ActivationMoments {
    /// Of each activation: for row i of A and j of B the correlation, 0 where one does not vary.
    let correlations: [[Double]]
    /// Of each activation, whether a row of A, and of B, varies.
    private let varies: [(first: [Bool], second: [Bool])]
    let examples: Int

    init(
        _ pair: PairedActivations, _ first: Model, _ second: Model, _ data: Dataset, _ memory: MemoryBudget,
        _ monitor: Monitor
    ) throws {
        let objective = try PredictionSums(
            pair.network, statistics: first.buffers + second.buffers, on: data, first.metadata.precision,
            memory: memory, task: "activations", monitor: monitor)
        examples = objective.examples
        // Of an activation of n rows: how many numbers a row has, Σa, Σb, Σa², Σb², Σ abᵀ.
        let sizes = pair.units.map(\.size)
        var starts: [Int] = [], length = 0
        for size in sizes {
            starts.append(length)
            let (square, overflow) = size.multipliedReportingOverflow(by: size)
            let (next, overflows) = length.addingReportingOverflow(overflow ? .max : 1 + 4 * size + square)
            guard !overflows, next < 1 << 50 else {
                throw ObjectiveError.memoryTooSmall(given: memory.limit, needed: .max)
            }
            length = next
        }
        let theta = first.theta + second.theta
        func compute() throws -> [Double] {
            try objective.sums(at: theta, numbers: length) { rows, sums in
                for (number, (size, start)) in zip(sizes, starts).enumerated() {
                    let (a, b) = (rows[number], rows[sizes.count + number]), place = start + 1
                    sums[start] += Double(a.count / size)
                    PredictionSums.addMoments(a, units: size, to: &sums, place, place + 2 * size)
                    PredictionSums.addMoments(b, units: size, to: &sums, place + size, place + 3 * size)
                    try RowProducts.add(a, b, count: size, to: &sums, from: place + 4 * size)
                }
            }
        }
        let sums =
            try monitor.journal?.numbers(digested: theta.count) {
                Alignment.key("activations", first, second, data)
            } compute: {
                try compute()
            } ?? compute()
        let found = zip(sizes, starts).map { Self.correlation(of: sums[$1...], $0) }
        (correlations, varies) = (found.map(\.matrix), found.map(\.varies))
    }

    /// Of each dimension, the units of A, and of B, that vary in no activation.
    func still(in symmetry: PermutationSymmetry, _ pair: PairedActivations) -> [(first: [Bool], second: [Bool])] {
        symmetry.dimensions.enumerated().map { dimension, found in
            var still = (
                first: [Bool](repeating: true, count: found.size), second: [Bool](repeating: true, count: found.size)
            )
            for (form, varies) in zip(pair.units, varies) {
                for places in form.places(of: dimension) {
                    for (unit, own) in places.enumerated() {
                        if own.contains(where: { varies.first[$0] }) { still.first[unit] = false }
                        if own.contains(where: { varies.second[$0] }) { still.second[unit] = false }
                    }
                }
            }
            return still
        }
    }

    private static func correlation(
        of sums: ArraySlice<Double>, _ size: Int
    ) -> (matrix: [Double], varies: (first: [Bool], second: [Bool])) {
        let first = sums.startIndex, count = sums[first]
        func vector(_ number: Int) -> [Double] {
            (0..<size).map { sums[first + 1 + number * size + $0] / count }
        }
        let means = (vector(0), vector(1))
        func scales(_ means: [Double], _ squares: [Double]) -> [Double] {
            zip(means, squares).map {
                let variance = PredictionSums.variance(mean: $0, square: $1)
                return variance > 0 ? 1 / variance.squareRoot() : 0
            }
        }
        let (a, b) = (scales(means.0, vector(2)), scales(means.1, vector(3)))
        var result = [Double](repeating: 0, count: size * size)
        for i in 0..<size where a[i] > 0 {
            for j in 0..<size where b[j] > 0 {
                let covariance = sums[first + 1 + 4 * size + i * size + j] / count - means.0[i] * means.1[j]
                result[i * size + j] = covariance * a[i] * b[j]
            }
        }
        return (result, (a.map { $0 > 0 }, b.map { $0 > 0 }))
    }
}
