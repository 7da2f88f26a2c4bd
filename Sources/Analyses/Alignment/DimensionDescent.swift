import MatrixFree
import Tensors

/// One hidden dimension after another gets its best permutation, an exact linear assignment, while the others stay, until none gains.
enum DimensionDescent {
    /// Passes after which it ends in any case (Ainsworth et al. 2022, arXiv 2209.04836).
    static let mostPasses = 100

    /// - Parameters:
    ///   - start: a permutation of each dimension.
    ///   - random: of the order of dimensions in each pass.
    ///   - scores: what each unit j of B is worth in the place i of a dimension, row by row, while the other dimensions are permuted as given.
    ///   - progress: called before every pass; what it throws ends the work.
    /// - Returns: the permutations, and the passes over all dimensions, the last of which changed nothing.
    static func run(
        from start: [[Int]], _ random: RandomNumbers,
        scores: (_ dimension: Int, _ permutations: [[Int]]) throws -> [Double],
        progress: () throws -> Void
    ) throws -> (permutations: [[Int]], passes: Int) {
        var permutations = start, passes = 0, gains = true
        while gains, passes < mostPasses {
            try progress()
            gains = false
            for dimension in random.named("\(passes)").permutation(start.count) {
                let scores = try scores(dimension, permutations), count = start[dimension].count
                let now = (0..<count).reduce(0) { $0 + scores[$1 * count + permutations[dimension][$1]] }
                let best = LinearAssignment(largest: scores, count: count)
                // Sums in another order differ by rounding.
                if best.value > now + 1e-12 * max(abs(now), abs(best.value)), best.columns != permutations[dimension] {
                    permutations[dimension] = best.columns
                    gains = true
                }
            }
            passes += 1
        }
        return (permutations, passes)
    }

    /// Several descents from the identity, each in an order of its own, of which the best is kept.
    ///
    /// - Parameters:
    ///   - name: of the random numbers.
    ///   - value: of permutations; the larger, the better. The largest that is possible ends the search.
    static func best(
        of orders: Int, from identity: [[Int]], seed: UInt64, named name: String, largest: Double,
        value: ([[Int]]) -> Double, scores: (Int, [[Int]]) throws -> [Double], progress: (_ order: Int) throws -> Void
    ) throws -> (permutations: [[Int]], passes: Int, value: Double) {
        precondition(orders > 0, "\(orders) orders")
        var best: (permutations: [[Int]], passes: Int, value: Double)?
        for order in 0..<orders where best.map({ $0.value < largest }) ?? true {
            let random = RandomNumbers(seed: seed).named("\(name) \(order)")
            let found = try run(from: identity, random, scores: scores) { try progress(order) }
            let value = value(found.permutations)
            if best.map({ value > $0.value }) ?? true { best = (found.permutations, found.passes, value) }
        }
        return best!
    }
}
