import Calibration
import Foundation
import Tensors
import Testing

@testable import MatrixFree

/// Intervals of 95 % hold the true value in 95 % of 200 seeds, and miss it on both sides alike.
@Suite struct CalibrationTests {
    /// A decaying spectrum: most of the variance is of a few directions, so samples are skewed like χ².
    static let decaying = (0..<60).map { 10 / Double($0 + 1) - 0.2 }
    static let matrix = Spectra.dense(decaying)
    static let trace = decaying.reduce(0, +)
    static let norm = decaying.reduce(0) { $0 + $1 * $1 }.squareRoot()

    @Test func hutchinson() throws {
        try check { try Hutchinson(probes: 20, seed: $0).run(Self.matrix) }
    }

    @Test func hutchPlusPlus() throws {
        try check { try HutchPlusPlus(products: 45, seed: $0).run(Self.matrix) }
    }

    /// Trace and Frobenius norm of the matrix over many seeds.
    private func check(_ estimate: (UInt64) throws -> TraceEstimate) throws {
        var trace = Coverage(), norm = Coverage()
        for seed in 0..<200 {
            let found = try estimate(UInt64(seed))
            trace.record(try #require(found.trace.interval95), of: Self.trace)
            norm.record(try #require(found.frobeniusNorm.interval95), of: Self.norm)
        }
        #expect(trace.chiSquare < Coverage.bound, "trace: \(trace)")
        #expect(norm.chiSquare < Coverage.bound, "norm: \(norm)")
    }

    @Test func blockTraces() throws {
        let blocks = [0..<12, 12..<60], n = 60
        let exact = blocks.map { block in block.reduce(0) { $0 + Self.matrix.elements[$1 * n + $1] } }
        var coverage = blocks.map { _ in Coverage() }
        for seed in 0..<200 {
            let found = try BlockTraces(probes: 30, seed: UInt64(seed)).run(Self.matrix, blocks: blocks)
            for i in blocks.indices { coverage[i].record(try #require(found[i].interval95), of: exact[i]) }
        }
        for one in coverage { #expect(one.chiSquare < Coverage.bound, "\(one)") }
    }

    /// Squares of normal numbers, the most skewed samples that a trace can have: that of a single eigenvalue. Intervals of
    /// Student's t alone miss in 10 %, all on one side.
    @Test func samplesOfASingleEigenvalue() throws {
        var hall = Coverage(), student = Coverage()
        let t = StudentDistribution(degreesOfFreedom: 19).quantile(0.975)
        for seed in 0..<200 {
            let estimate = StochasticEstimate(samples: RandomNumbers(seed: UInt64(seed)).normals(20).map { $0 * $0 })
            hall.record(try #require(estimate.interval95), of: 1)
            let half = t * estimate.standardError!
            student.record((estimate.value - half)...(estimate.value + half), of: 1)
        }
        #expect(hall.chiSquare < Coverage.bound, "\(hall)")
        #expect(student.chiSquare > 2 * Coverage.bound, "the test tells them apart: \(student)")
    }

    /// At eight points of the density: on isolated eigenvalues, where one eigenvalue's weights are all there is, and in the
    /// bulk. Where the survey takes the isolated ones out, there is no variance left there to speak of.
    @Test(arguments: [false, true]) func density(deflates: Bool) throws {
        let values = [9.0, 7, 5, 3.4, -4] + Spectra.flat(45, -1, 1), sigma = 0.15
        let matrix = Spectra.dense(values)
        let points = (deflates ? [] : [9.0, 7, 5, 3.4, -4]) + [-0.6, 0, 0.6]
        let exact = SpectralDensity.broadened(
            SpectralQuadrature(nodes: values, weights: values.map { _ in 0.02 }, residuals: values), sigma: sigma,
            at: points)
        var coverage = points.map { _ in Coverage() }
        // From −4 − 4σ to 9 + 4σ in steps of 0.2: all of the points are on the grid.
        let settings = StochasticLanczosQuadrature(
            probes: 10, steps: deflates ? 12 : 30, deflates: deflates, sigma: sigma, points: 72)
        for seed in 0..<200 {
            var settings = settings
            settings.seed = UInt64(seed)
            let density = try settings.run(matrix)
            for (i, x) in points.enumerated() {
                if deflates { #expect((2...12).contains(density.deflated.count)) }
                let index = Int(((x - density.grid[0]) / (density.grid[1] - density.grid[0])).rounded())
                #expect(abs(density.grid[index] - x) < 1e-6)
                coverage[i].record(density.intervalLow[index]...density.intervalHigh[index], of: exact[i])
            }
        }
        for (x, one) in zip(points, coverage) { #expect(one.chiSquare < Coverage.bound, "at \(x): \(one)") }
        // Two degrees of freedom for each of eight points that are hardly correlated: 39.3 with a probability of 1e-3, and for
        // three points 22.5.
        let sum = coverage.reduce(0) { $0 + $1.chiSquare }
        #expect(sum < (deflates ? 22.5 : 39.3), "\(coverage)")
    }
}
