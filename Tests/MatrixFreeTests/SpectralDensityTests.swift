import Foundation
import Tensors
import Testing

@testable import MatrixFree

@Suite struct SpectralDensityTests {
    static let spectrum = Spectra.classifier(200)
    static let matrix = Spectra.dense(spectrum)

    @Test func weightsSumToOneForEveryProbe() throws {
        let density = try StochasticLanczosQuadrature(probes: 5, steps: 30).run(Self.matrix)
        #expect(density.quadratures.count == 5)
        #expect(density.products == 150)
        for q in density.quadratures {
            #expect(q.nodes.count == 30)
            #expect(abs(q.weights.reduce(0, +) - 1) < 1e-13)
            #expect(q.weights.allSatisfy { $0 >= 0 })
        }
        #expect(abs(density.nodesAndWeights.weights.reduce(0, +) - 1) < 1e-13)
    }

    /// m-point Gauss quadrature is exact to degree 2m − 1: vᵀHᵏv by k products, for k ≤ 7 with m = 4 and not for k = 8.
    /// (Squaring the weights twice, a known bug, fails at k = 0.)
    @Test func momentsOfAProbeMatch() throws {
        let matrix = Spectra.dense(Spectra.flat(80, -1, 2))
        let density = try StochasticLanczosQuadrature(probes: 1, steps: 4, seed: 6).run(matrix)
        let q = density.quadratures[0]
        var v = RandomNumbers(seed: 6).named("lanczos quadrature").named("probe 0").signs(80)
        Vectors.scale(&v, by: 1 / Vectors.norm(v))
        var power = v
        for k in 0...8 {
            let exact = Vectors.dot(v, power)
            let quadrature = zip(q.nodes, q.weights).reduce(0) { $0 + $1.1 * pow($1.0, Double(k)) }
            if k <= 7 { #expect(abs(quadrature - exact) < 1e-12) } else { #expect(abs(quadrature - exact) > 1e-6) }
            power = matrix.apply(power)
        }
    }

    /// Mean and mean square of all eigenvalues, within four standard errors over 20 probes.
    @Test func momentsOfTheSpectrumMatch() throws {
        let density = try StochasticLanczosQuadrature(probes: 20, steps: 20, seed: 1).run(Self.matrix)
        for power in [1.0, 2] {
            let estimate = density.mean { pow($0, power) }
            let exact = Self.spectrum.map { pow($0, power) }.reduce(0, +) / 200
            #expect(abs(estimate.value - exact) < 4 * estimate.standardError!)
            #expect(estimate.standardError! < 0.3 * exact)
        }
    }

    /// The grid reaches 4σ beyond the nodes, where 6e-5 of a Gaussian is outside; the sum over a grid finer than σ is the integral.
    @Test func densityIntegratesToOneAndMatchesTheExactOne() throws {
        let values = Spectra.flat(300, -1, 3)
        let density = try StochasticLanczosQuadrature(probes: 10, steps: 60, sigma: 0.1).run(Spectra.dense(values))
        let spacing = density.grid[1] - density.grid[0]
        #expect(abs(density.density.reduce(0, +) * spacing - 1) < 1e-4)
        let exact = SpectralDensity.broadened(
            SpectralQuadrature(
                nodes: values, weights: values.map { _ in 1.0 / 300 }, residuals: values.map { _ in 0 }),
            sigma: 0.1, at: density.grid)
        // The largest of the pointwise deviations in standard errors of 9 degrees of freedom.
        let worst = zip(zip(density.density, exact), density.standardError).map { abs($0.0 - $0.1) / ($1 + 1e-3) }
            .max()!
        #expect(worst < 5)
        #expect(density.standardError.max()! < 0.1)
    }

    @Test func exhaustedKrylovSpacesStopEarly() throws {
        let spectrum = [Double](repeating: 2, count: 50) + [Double](repeating: -1, count: 50)
        let density = try StochasticLanczosQuadrature(probes: 3, steps: 40).run(Spectra.dense(spectrum))
        #expect(density.products == 6)
        for q in density.quadratures {
            #expect(largestDifference(q.nodes, [-1, 2]) < 1e-13)
            #expect(abs(q.weights.reduce(0, +) - 1) < 1e-14)
        }
        let identity = try StochasticLanczosQuadrature(probes: 2).run(DiagonalMatrix([3, 3, 3]))
        #expect(identity.density.allSatisfy { $0.isFinite })
        #expect(abs(identity.mean { $0 }.value - 3) < 1e-14)
    }

    @Test func memoryLimitRunsFewerProbesAtOnceWithTheSameResult() throws {
        let a = CountedOperator(Self.matrix)
        let b = CountedOperator(Self.matrix)
        let wide = try StochasticLanczosQuadrature(probes: 4, steps: 20, blockSize: 4).run(a)
        let narrow = try StochasticLanczosQuadrature(probes: 4, steps: 20, memoryLimit: 20 * 200 * 8, blockSize: 4).run(
            b)
        #expect(wide.quadratures == narrow.quadratures)
        #expect(a.calls == 20 && b.calls == 80)
        #expect(throws: MatrixFreeError.self) {
            try StochasticLanczosQuadrature(probes: 4, steps: 20, memoryLimit: 1000).run(Self.matrix)
        }
    }
}
