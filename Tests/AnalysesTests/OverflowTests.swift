import Objectives
import Tensors
import Testing

@testable import Analyses

/// Losses that are not finite are counted and never a bound.
@Suite struct OverflowTests {
    /// |θ|²/2 within a radius of the origin, and a number that is not finite beyond it.
    final class Bowl: Objective {
        let dimension: Int, limit: Double, beyond: Double

        init(dimension: Int, limit: Double, beyond: Double) {
            (self.dimension, self.limit, self.beyond) = (dimension, limit, beyond)
        }

        func valueAndGradient(at theta: [Double]) -> (value: Double, gradient: [Double]) {
            let norm = Vectors.norm(theta)
            guard norm <= limit else { return (beyond, theta.map { _ in .nan }) }
            return (norm * norm / 2, theta)
        }
        func evaluate(at theta: [Double]) -> Evaluation { Evaluation(loss: valueAndGradient(at: theta).value) }
        func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] { vectors }
    }

    static let numbers: [Double] = [.infinity, -.infinity, .nan]

    /// The best point within the limit is found to be at most the limit's, and more than none.
    @Test(arguments: numbers, [Ball.Norm.l2, .linf]) func worstCase(_ beyond: Double, _ norm: Ball.Norm) throws {
        let bowl = Bowl(dimension: 6, limit: 1, beyond: beyond), theta = [0.1, 0, 0, 0, 0, 0]
        let found = try WorstCaseSearch(Ball(norm: norm, radius: 3)).run(bowl, at: theta)
        #expect(found.nonfinite > 0)
        #expect(found.lowerBound <= 0.5 - 0.005 + 1e-12 && found.lowerBound > 0.05)
        #expect(found.spread.isFinite)
        // Within the limit nothing is lost.
        let small = try WorstCaseSearch(Ball(norm: .l2, radius: 0.5)).run(bowl, at: theta)
        #expect(small.nonfinite == 0 && abs(small.lowerBound - (0.6 * 0.6 - 0.01) / 2) < 1e-12)
    }

    /// The mean is of the pairs that are finite; the others are counted.
    @Test(arguments: numbers) func averageCase(_ beyond: Double) throws {
        let theta = [Double](repeating: 0, count: 4), pairs = 200
        let limited = Bowl(dimension: 4, limit: 2, beyond: beyond)
        let whole = Bowl(dimension: 4, limit: .infinity, beyond: beyond)
        let found = try AverageCaseSharpness(limited, at: theta, deviation: 1, pairs: pairs)
        let all = try AverageCaseSharpness(whole, at: theta, deviation: 1, pairs: pairs)
        #expect(all.nonfinite == 0 && abs(all.value - 2) < 4 * all.standardError)
        // Of |ε|² ~ χ² with 4 degrees, a share of 3e⁻² is beyond 4; both of a pair are or neither is. Four deviations.
        let share = 0.40600584970983811, deviation = 2 * (Double(pairs) * share * (1 - share)).squareRoot()
        #expect(abs(Double(found.nonfinite) - 2 * Double(pairs) * share) < 4 * deviation)
        #expect(found.nonfinite.isMultiple(of: 2) && found.samples == 2 * pairs)
        #expect(found.value.isFinite && found.standardError.isFinite && found.value < all.value)
        let none = try AverageCaseSharpness(
            Bowl(dimension: 4, limit: 1e-9, beyond: beyond), at: theta, deviation: 1, pairs: 5)
        #expect(none.nonfinite == 10 && none.value.isNaN)
    }

    @Test(arguments: numbers) func box(_ beyond: Double) throws {
        let theta = [Double](repeating: 0.01, count: 8)
        for subspace in [nil, 3] as [Int?] {
            let found = try KeskarSharpness(
                Bowl(dimension: 8, limit: 0.5, beyond: beyond), at: theta, epsilon: 1, subspace: subspace)
            let center = 8 * 0.01 * 0.01 / 2
            #expect(found.nonfinite > 0 && found.value.isFinite && found.value >= 0)
            #expect(found.value <= 100 * (0.125 - center) / (1 + center) + 1e-9)
        }
    }

    /// Sums and squares of numbers near the largest that there are do not overflow.
    @Test func hugeNumbers() throws {
        let objective = ClosureObjective(
            dimension: 1, value: { 1e200 * $0[0] * $0[0] }, gradient: { [2e200 * $0[0]] })
        let average = try AverageCaseSharpness(objective, at: [0], deviation: 1)
        #expect(average.value.isFinite && average.standardError.isFinite && average.standardError > 0)
    }
}
