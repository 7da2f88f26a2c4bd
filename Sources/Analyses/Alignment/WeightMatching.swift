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

    /// Orders of dimensions that are tried; 5, ours.
    public static let usualOrders = 5

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
        var scores = WeightScores(symmetry, second, layout)
        let found = try DimensionDescent.best(
            of: orders, from: symmetry.identity, seed: seed, named: "weight matching", largest: 0,
            value: { -Vectors.norm(Vectors.sum(first, -1, symmetry.permuted(second, by: $0))) },
            scores: { try scores.of($0, first, $1) }, progress: progress)
        (permutations, passes) = (found.permutations, found.passes)
    }
}

/// What weights make of units in each other's place, for one network whose units are permuted step by step.
struct WeightScores {
    private let symmetry: PermutationSymmetry, layout: ParameterLayout
    private let second: [Double]
    /// B with its units as `current` has them.
    private var aligned: [Double], current: [[Int]]

    init(_ symmetry: PermutationSymmetry, _ second: [Double], _ layout: ParameterLayout) {
        (self.symmetry, self.second, self.layout) = (symmetry, second, layout)
        (aligned, current) = (second, symmetry.identity)
    }

    /// πB.
    mutating func aligned(by permutations: [[Int]]) -> [Double] {
        let changed = Set(permutations.indices.filter { permutations[$0] != current[$0] })
        guard !changed.isEmpty else { return aligned }
        current = permutations
        for (index, forms) in symmetry.parameters.enumerated()
        where forms.contains(where: { !changed.isDisjoint(with: $0.dimensions) }) {
            symmetry.permute(tensor: index, of: second, by: permutations, to: &aligned)
        }
        return aligned
    }

    /// For units i of A and j of B, the sum of ⟨A's part of unit i, B's part of unit j⟩ over all tensors, where B's other dimensions are permuted.
    mutating func of(_ dimension: Int, _ first: [Double], _ permutations: [[Int]]) throws -> [Double] {
        let count = symmetry.dimensions[dimension].size, second = aligned(by: permutations)
        var sums = [Double](repeating: 0, count: count * count)
        for (index, forms) in symmetry.parameters.enumerated() {
            let shape = layout.tensors[index].shape, range = layout.range(index)
            for (axis, form) in forms.enumerated() {
                for places in form.places(of: dimension) {
                    try RowProducts.add(
                        Self.rows(first[range], shape, axis, places), Self.rows(second[range], shape, axis, places),
                        count: count, to: &sums)
                }
            }
        }
        // Its own units are permuted, too: column j is of unit π(j).
        var scores = sums
        for (place, unit) in permutations[dimension].enumerated() {
            for row in 0..<count { scores[row * count + unit] = sums[row * count + place] }
        }
        return scores
    }

    /// The elements of each unit, one row a unit.
    private static func rows(_ values: ArraySlice<Double>, _ shape: [Int], _ axis: Int, _ places: [[Int]]) -> [Double] {
        let outer = shape[..<axis].reduce(1, *), inner = shape[(axis + 1)...].reduce(1, *), extent = shape[axis]
        return values.withUnsafeBufferPointer { values in
            [Double](unsafeUninitializedCapacity: places.reduce(0) { $0 + $1.count } * outer * inner) { rows, count in
                for unit in places {
                    for place in unit {
                        for block in 0..<outer {
                            let start = (block * extent + place) * inner
                            for i in 0..<inner { rows.initializeElement(at: count + i, to: values[start + i]) }
                            count += inner
                        }
                    }
                }
            }
        }
    }
}
