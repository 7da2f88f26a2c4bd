import Essentials
import MatrixFree
import Networks
import Tensors

/// The permutation of one network's hidden units that brings its weights nearest to another's: weight matching (Ainsworth et al. 2022, arXiv
/// 2209.04836, algorithm 1).
///
/// One dimension after another gets the permutation that makes Σ ⟨A, πB⟩ largest while the others stay, by an exact linear assignment, until no
/// dimension gains. Each step makes ‖A − πB‖₂ smaller or leaves it. Where it ends, another order of dimensions may end nearer, so that several are
/// tried, each from the identity, and the nearest is kept.
public struct WeightMatching: Sendable {
    /// Of each hidden dimension: unit i of the aligned network is the unit `permutations[dimension][i]` of B.
    public let permutations: [[Int]]
    /// Passes over all dimensions, the last of which changed nothing, of the order that was kept.
    public let passes: Int
    /// ‖A − B‖₂ before, and after.
    public let distances: (before: Double, after: Double)

    /// Orders of dimensions that are tried; 5, ours.
    public static let usualOrders = 5
    /// Passes after which it ends in any case. The paper's.
    public static let mostPasses = 100

    /// - Parameters:
    ///   - symmetry: of both networks.
    ///   - first: θ of A, P numbers.
    ///   - second: θ of B.
    ///   - layout: of both.
    ///   - seed: of the orders of dimensions.
    ///   - orders: how many are tried. One that leaves no distance is the last.
    ///   - progress: called before every pass with the orders done; what it throws ends the work.
    /// - Throws: `MatrixFreeError` for a dimension beyond what BLAS counts.
    public init(
        _ symmetry: PermutationSymmetry, _ first: [Double], _ second: [Double], _ layout: ParameterLayout,
        seed: UInt64 = 0, orders: Int = usualOrders, progress: (Int) throws -> Void = { _ in }
    ) throws {
        precondition(orders > 0, "\(orders) orders")
        var best: (permutations: [[Int]], passes: Int, distance: Double)?
        for order in 0..<orders where best?.distance != 0 {
            let random = RandomNumbers(seed: seed).named("weight matching \(order)")
            let found = try Self.descend(symmetry, first, second, layout, random) { try progress(order) }
            let aligned = symmetry.permuted(second, by: found.permutations)
            let distance = Vectors.norm(Vectors.sum(first, -1, aligned))
            if best.map({ distance < $0.distance }) ?? true { best = (found.permutations, found.passes, distance) }
        }
        (permutations, passes) = (best!.permutations, best!.passes)
        distances = (Vectors.norm(Vectors.sum(first, -1, second)), best!.distance)
    }

    /// One dimension after another, until none gains.
    private static func descend(
        _ symmetry: PermutationSymmetry, _ first: [Double], _ second: [Double], _ layout: ParameterLayout,
        _ random: RandomNumbers, _ progress: () throws -> Void
    ) throws -> (permutations: [[Int]], passes: Int) {
        var permutations = symmetry.identity, passes = 0, gains = true
        while gains, passes < mostPasses {
            try progress()
            gains = false
            for dimension in random.named("\(passes)").permutation(symmetry.dimensions.count) {
                let scores = try scores(dimension, symmetry, first, second, layout, permutations)
                let count = symmetry.dimensions[dimension].size
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

    /// For units i of A and j of B, the sum of ⟨A's part of unit i, B's part of unit j⟩ over all tensors, where B's other dimensions are permuted.
    private static func scores(
        _ dimension: Int, _ symmetry: PermutationSymmetry, _ first: [Double], _ second: [Double],
        _ layout: ParameterLayout, _ permutations: [[Int]]
    ) throws -> [Double] {
        let count = symmetry.dimensions[dimension].size
        var scores = [Double](repeating: 0, count: count * count), others = permutations
        others[dimension] = Array(0..<count)
        for (index, forms) in symmetry.parameters.enumerated() {
            let shape = layout.tensors[index].shape, range = layout.range(index)
            for (axis, form) in forms.enumerated() {
                for places in form.places(of: dimension) {
                    // Every other axis as it is permuted now; along this one, all but the dimension itself.
                    var sources = forms.map { $0.sources(permutations) }
                    sources[axis] = form.sources(others)
                    let other = PermutationSymmetry.gather(second[range], shape, sources)
                    let rows = (
                        Self.rows(Array(first[range]), shape, axis, places), Self.rows(other, shape, axis, places)
                    )
                    try RowProducts.add(rows.0, rows.1, count: count, to: &scores)
                }
            }
        }
        return scores
    }

    /// The elements of each unit, one row a unit.
    private static func rows(_ values: [Double], _ shape: [Int], _ axis: Int, _ places: [[Int]]) -> [Double] {
        let outer = shape[..<axis].reduce(1, *), inner = shape[(axis + 1)...].reduce(1, *), extent = shape[axis]
        var rows: [Double] = []
        rows.reserveCapacity(values.count)
        for unit in places {
            for place in unit {
                for block in 0..<outer {
                    let start = (block * extent + place) * inner
                    rows.append(contentsOf: values[start..<start + inner])
                }
            }
        }
        return rows
    }
}
