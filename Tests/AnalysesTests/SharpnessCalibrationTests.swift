import Calibration
import Objectives
import Tensors
import Testing

@testable import Analyses

/// Intervals of 95 % hold the expected value in 95 % of 200 seeds, and miss it on both sides alike.
@Suite struct SharpnessCalibrationTests {
    /// Quadratics whose mean increase is ½ρ² tr H: one curved direction, a few, and curvatures of both signs.
    @Test(arguments: [[1], [5, 3, 1, 0.5, 0.1], [5, 3, 1, -0.5, -2, 2]] as [[Double]])
    func averageCase(_ curvatures: [Double]) throws {
        let objective = ClosureObjective(dimension: curvatures.count) { theta in
            zip(theta, curvatures).reduce(0) { $0 + $1.0 * $1.0 * $1.1 / 2 } + theta[0]
        }
        let exact = 0.5 * 0.04 * curvatures.reduce(0, +)
        var coverage = Coverage()
        for seed in 0..<200 {
            let found = try AverageCaseSharpness(
                objective, at: curvatures, deviation: 0.2, pairs: 20, seed: UInt64(seed))
            coverage.record(try #require(found.interval95), of: exact)
        }
        #expect(coverage.chiSquare < Coverage.bound, "\(coverage)")
    }

    /// Data sets of 40 examples with linear losses of slopes ~ N(0, 1) in 3 dimensions, in batches of 4. A batch's worst case
    /// is ρ‖mean slope‖, ρ/√4 times a number of χ distribution with the mean √(8/π).
    @Test func batches() throws {
        var search = WorstCaseSearch(Ball(radius: 0.1))
        (search.steps, search.restarts) = (1, 0)
        let exact = 0.05 * (8 / Double.pi).squareRoot()
        var coverage = Coverage()
        for seed in 0..<200 {
            let slopes = (0..<40).map { RandomNumbers(seed: UInt64(seed)).named("\($0)").normals(3) }
            let found = try BatchwiseSharpness(search, at: [1, 2, 3], examples: 40, batchSize: 4) { part in
                var mean = [0.0, 0, 0]
                for i in part { Vectors.add(1 / Double(part.count), slopes[i], to: &mean) }
                return QuadraticObjective(matrix: [Double](repeating: 0, count: 9), linear: mean)
            }
            coverage.record(try #require(found.interval95), of: exact)
        }
        #expect(coverage.chiSquare < Coverage.bound, "\(coverage)")
    }
}
