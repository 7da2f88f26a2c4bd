import Foundation
import Tensors
import Testing

@testable import MatrixFree

/// The density's outliers are the eigenvalues that stand apart from the bulk: all of them, each once, and nothing else.
@Suite struct OutlierTests {
    static let high = (0..<12).map { 1.3 + 0.4 * Double($0) }

    static func outliers(_ spectrum: [Double], steps: Int = 50, seed: Int) throws -> (low: [Double], high: [Double]) {
        try StochasticLanczosQuadrature(probes: 3, steps: steps, points: 2, seed: UInt64(seed)).run(
            DiagonalOfAnyBasis(spectrum, seed: seed)
        ).outliers()
    }

    /// Twelve above and two below of 150, whatever the probes: by their estimated weights, it would be more or fewer.
    @Test func twelveOfManySeeds() throws {
        let spectrum = Self.high + [-3, -1.5] + Spectra.flat(136, -1, 1)
        let wrong = try (0..<200).filter { seed in
            let (low, high) = try Self.outliers(spectrum, seed: seed)
            return largestDifference(high, Self.high) > 1e-6 || largestDifference(low, [-3, -1.5]) > 1e-6
        }
        #expect(wrong.isEmpty, "\(wrong.count) of 200 seeds list others, such as \(wrong.prefix(5))")
    }

    /// Random bulks, whose edges converge as outliers do: a semicircle, and numbers without any order.
    @Test func noneInABulk() throws {
        for seed in 0..<20 {
            let random = RandomNumbers(seed: UInt64(seed)), n = 120
            var elements = random.normals(n * n)
            for j in 0..<n { for i in 0..<j { elements[i + j * n] = elements[j + i * n] } }
            let semicircle = try SymmetricMatrix(dimension: n, elements: elements).eigendecomposition().values
            for spectrum in [semicircle, (0..<n).map { random.uniform(at: $0) }] {
                let (low, high) = try Self.outliers(spectrum, seed: seed)
                #expect(low.isEmpty && high.isEmpty, "seed \(seed): \(low), \(high)")
                let range = spectrum.max()! - spectrum.min()!
                let added = [1.5, 2, 4].map { spectrum.max()! + $0 * range }
                #expect(largestDifference(try Self.outliers(spectrum + added, seed: seed).high, added) < 1e-6 * range)
            }
        }
    }

    /// Neither a shift nor a sign changes which they are; a spectrum that decays without a gap has none.
    @Test func shiftsAndDecay() throws {
        let spectrum = Self.high + [-3, -1.5] + Spectra.flat(136, -1, 1)
        let shifted = try Self.outliers(spectrum.map { $0 + 1000 }, seed: 1)
        #expect(shifted.high.count == 12 && shifted.low.count == 2)
        let reversed = try Self.outliers(spectrum.map { -$0 }, seed: 1)
        #expect(reversed.high.count == 2 && reversed.low.count == 12)
        let decaying = try Self.outliers(Spectra.decaying(200, ratio: 0.95), seed: 2)
        #expect(decaying.high.isEmpty && decaying.low.isEmpty)
    }

    /// Nodes that rounding alone tells apart, as in the null space of an empirical Fisher matrix, are no outliers.
    @Test func roundingOfZero() {
        let probe = SpectralQuadrature(
            nodes: [-1e-16, 1e-17, 2, 4], weights: [0.05, 0.85, 0.05, 0.05], residuals: [0, 0, 1e-9, 1e-9])
        #expect(probe.outliers(from: [0, 1, 2, 3], of: 100).isEmpty)
        #expect(probe.outliers(from: [3, 2, 1, 0], of: 100) == [4, 2])
    }

    /// A bulk of equal eigenvalues, as of a matrix of low rank, and a spectrum without a bulk.
    @Test func lowRank() throws {
        let rank = try Self.outliers([5, 4, 2, -3] + [Double](repeating: 0, count: 100), seed: 3)
        #expect(largestDifference(rank.high, [2, 4, 5]) < 1e-9 && largestDifference(rank.low, [-3]) < 1e-9)
        // Eigenvalues that fall to zero have no end but that of rounding.
        let falling = try Self.outliers(
            (0..<60).map { pow(0.4, Double($0)) } + [Double](repeating: 0, count: 200), seed: 3)
        #expect(falling.high.count <= 8 && falling.low.isEmpty)
        let halves = try Self.outliers(
            [Double](repeating: 2, count: 50) + [Double](repeating: -1, count: 50), seed: 3)
        #expect(halves.high.isEmpty && halves.low.isEmpty)
        let one = try Self.outliers([Double](repeating: 2, count: 50), seed: 3)
        #expect(one.high.isEmpty && one.low.isEmpty)
        // Of a repeated outlier a Krylov space holds one vector, and another once rounding has brought it in.
        let repeated = try Self.outliers([5, 5, 4] + Spectra.flat(100, -1, 1), seed: 3)
        #expect(repeated.high.map { $0.rounded() } == [4, 5, 5] || repeated.high.map { $0.rounded() } == [4, 5])
    }
}

/// Q Λ Qᵀ with Q of two reflections, so that signs are no exact probes of it; a product takes 5P multiplications.
private struct DiagonalOfAnyBasis: LinearOperator {
    let spectrum: [Double], mirrors: [[Double]]
    var dimension: Int { spectrum.count }

    init(_ spectrum: [Double], seed: Int) {
        self.spectrum = spectrum
        mirrors = (0..<2).map {
            var normal = RandomNumbers(seed: UInt64(seed)).named("mirror \($0)").normals(spectrum.count)
            Vectors.scale(&normal, by: 1 / Vectors.norm(normal))
            return normal
        }
    }

    func apply(_ vector: [Double]) -> [Double] {
        var x = vector
        for mirror in mirrors { Vectors.add(-2 * Vectors.dot(mirror, x), mirror, to: &x) }
        x = zip(x, spectrum).map { $0 * $1 }
        for mirror in mirrors.reversed() { Vectors.add(-2 * Vectors.dot(mirror, x), mirror, to: &x) }
        return x
    }
}
