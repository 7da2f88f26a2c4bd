import MatrixFree
import Objectives
import Tensors

/// The sharpness of Keskar et al. 2017 (arXiv 1609.04836, metric 2.1), in percent:
///
///     φ = 100 · (max_{z ∈ C} L(θ + Az) − L(θ)) / (1 + L(θ)),   C: |z_i| ≤ ε(|(A⁺θ)_i| + 1).
///
/// A box, not a ball. A is the identity, or a random P × k matrix of entries N(0, 1). The maximum is searched by L-BFGS-B with
/// few iterations, so that it stays near θ: what is found is a lower bound of φ.
public struct KeskarSharpness: Sendable, Codable {
    /// In percent: the largest over the repeats in the full space, which all look for one maximum; the mean over the repeats in
    /// random subspaces, each of which has its own.
    public let value: Double
    /// ε.
    public let epsilon: Double
    /// k; nil for the full space.
    public let subspace: Int?
    /// φ of every repeat. In the full space the first starts at θ and the others at random points of the box; in subspaces every
    /// one draws an A and starts at θ.
    public let repeats: [Double]
    /// Over the repeats; 0 for a single one.
    public let standardDeviation: Double
    /// Losses with their gradients, all repeats together.
    public let gradients: Int
    /// Of these, losses that were not finite. None of them is a maximum.
    public let nonfinite: Int

    enum CodingKeys: String, CodingKey {
        case value, epsilon, subspace, repeats, gradients, nonfinite
        case standardDeviation = "standard_deviation"
    }

    /// The mean of φ over the repeats.
    public var mean: Double { repeats.reduce(0, +) / Double(repeats.count) }

    /// - Parameters:
    ///   - epsilon: 1e-3 and 5e-4 are the paper's.
    ///   - subspace: 100 in the paper; nil for the full space.
    ///   - iterations: of L-BFGS-B, at most; 10, the paper's.
    ///   - repeats: 5, the paper's.
    ///   - memoryLimit: bytes for A; beyond it, its columns are computed anew at every use.
    ///   - progress: called before every iteration with the number of the repeat; what it throws ends the search.
    public init(
        _ objective: any Objective, at theta: [Double], epsilon: Double = 1e-3, subspace: Int? = nil,
        iterations: Int = 10, repeats: Int = 5, seed: UInt64 = 0,
        memoryLimit: Int = MemoryBudget.forSpeed,
        progress: (Int) throws -> Void = { _ in }
    ) throws {
        precondition(epsilon > 0 && repeats > 0 && iterations > 0 && subspace ?? 1 > 0, "a box of \(epsilon)")
        let random = RandomNumbers(seed: seed).named("keskar")
        let center = try objective.value(at: theta)
        var found: [Double] = [], gradients = 0, nonfinite = 0
        for number in 0..<repeats {
            try progress(number)
            let stream = random.named("repeat \(number)")
            let space = subspace.map {
                RandomSubspace(dimension: theta.count, count: $0, random: stream, memoryLimit: memoryLimit)
            }
            let coordinates = try space?.coordinates(of: theta) ?? theta
            let box = try BoxConstraint(halfWidths: coordinates.map { epsilon * (abs($0) + 1) })
            let start = box.upper.enumerated().map { i, width in
                space != nil || number == 0 ? 0 : width * (2 * stream.uniform(at: i) - 1)
            }
            func negative(_ z: [Double]) throws -> (value: Double, gradient: [Double]) {
                let move = space?.combination(z) ?? z
                let (value, gradient) = try objective.valueAndGradient(at: Vectors.sum(theta, 1, move))
                let slope = (space?.transposed(gradient) ?? gradient).map { -$0 }
                guard value.isFinite, slope.allSatisfy(\.isFinite) else {
                    nonfinite += 1
                    return (.infinity, slope.map { _ in 0 })
                }
                return (-value, slope)
            }
            // A start beyond what can be computed begins nearer to θ.
            var first = start, known = try negative(start)
            for _ in 0..<Ascent.halvings where !known.value.isFinite && first.contains(where: { $0 != 0 }) {
                gradients += 1
                first = first.map { $0 / 2 }
                known = try negative(first)
            }
            let minimum = try LBFGSB(maximumIterations: iterations).minimize(
                in: box, from: first, progress: { _ in try progress(number) }
            ) { z in z == first ? known : try negative(z) }
            gradients += minimum.evaluations
            found.append(100 * (-minimum.value - center) / (1 + center))
        }
        let mean = found.reduce(0, +) / Double(repeats)
        let square = found.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        // θ itself is in the box.
        value = max(0, subspace == nil ? found.max()! : mean)
        standardDeviation = repeats > 1 ? (square / Double(repeats - 1)).squareRoot() : 0
        (self.epsilon, self.subspace, self.repeats, self.gradients) = (epsilon, subspace, found, gradients)
        self.nonfinite = nonfinite
    }
}
