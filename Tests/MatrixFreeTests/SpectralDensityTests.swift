import Foundation
import Tensors
import Testing

@testable import MatrixFree

@Suite struct SpectralDensityTests {
    static let spectrum = Spectra.classifier(200)
    static let matrix = Spectra.dense(spectrum)

    @Test func weightsSumToOneForEveryProbe() throws {
        let density = try StochasticLanczosQuadrature(probes: 5, steps: 30, deflates: false, settling: nil)
            .run(Self.matrix)
        #expect(density.quadratures.count == 5)
        #expect(density.products == 150 && density.steps == 30 && density.deflated.isEmpty)
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
        let density = try StochasticLanczosQuadrature(probes: 1, steps: 4, deflates: false, seed: 6).run(matrix)
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
        let settings = StochasticLanczosQuadrature(probes: 20, steps: 20, deflates: false, settling: nil, seed: 1)
        let density = try settings.run(Self.matrix)
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
        let settings = StochasticLanczosQuadrature(probes: 3, steps: 40, deflates: false)
        let density = try settings.run(Spectra.dense(spectrum))
        #expect(density.products == 6)
        for q in density.quadratures {
            #expect(largestDifference(q.nodes, [-1, 2]) < 1e-13)
            #expect(abs(q.weights.reduce(0, +) - 1) < 1e-14)
        }
        // The survey takes one of each out, and probes see the others.
        let deflated = try StochasticLanczosQuadrature(probes: 3, steps: 40).run(Spectra.dense(spectrum))
        #expect(deflated.products == 8 && largestDifference(deflated.deflated, [-1, 2]) < 1e-13)
        #expect(abs(deflated.nodesAndWeights.weights.reduce(0, +) - 1) < 1e-14)
        #expect(abs(deflated.mean { $0 * $0 }.value - 2.5) < 0.5)
        let identity = try StochasticLanczosQuadrature(probes: 2).run(DiagonalMatrix([3, 3, 3]))
        #expect(identity.density.allSatisfy { $0.isFinite })
        #expect(abs(identity.mean { $0 }.value - 3) < 1e-14)
    }

    /// Fewer side by side, and vectors in a file where not even one probe's fit: slabs of memory of the same size give the same bits.
    @Test(arguments: [20, 0]) func memoryLimitChangesNothing(_ vectors: Int) throws {
        let a = CountedOperator(Self.matrix)
        let b = CountedOperator(Self.matrix)
        let settings = StochasticLanczosQuadrature(probes: 4, steps: 20, deflates: false, settling: nil)
        var least = settings
        least.memoryLimit = vectors * 200 * 8
        #expect(try settings.run(a).quadratures == least.run(b).quadratures)
        #expect(a.calls == 20 && b.calls == 80)
    }

    /// What the survey finds is exact, and the rest unbiased: the mean over 200 seeds is that of all eigenvalues, at isolated
    /// eigenvalues and within the bulk, and its deviation is nowhere larger than that of as many probes without a survey.
    @Test func deflationIsUnbiasedAndHasLessVariance() throws {
        let values = Spectra.classifier(120), matrix = Spectra.dense(values), sigma = 0.05
        let exact = SpectralQuadrature(
            nodes: values.sorted(), weights: values.map { _ in 1.0 / 120 }, residuals: values.map { _ in 0 })
        let points = [4.5, 2.75, 1.23, 0.71, 0.1, 0, -0.03]
        let truth = SpectralDensity.broadened(exact, sigma: sigma, at: points)
        var errors: [[[Double]]] = [[], []]
        var products = [0, 0]
        for seed in 0..<200 {
            for deflates in [false, true] {
                let density = try StochasticLanczosQuadrature(
                    probes: 4, steps: 25, deflates: deflates, settling: deflates ? 0.1 : nil, sigma: sigma, points: 2,
                    seed: UInt64(seed)
                ).run(matrix)
                let curves = density.quadratures.map { SpectralDensity.broadened($0, sigma: sigma, at: points) }
                let number = deflates ? 1 : 0
                errors[number].append(
                    points.indices.map { i in
                        curves.reduce(0) { $0 + $1[i] } / 4 - truth[i]
                    })
                products[number] += density.products
            }
        }
        #expect(Double(products[1]) < 0.75 * Double(products[0]), "\(products)")
        for i in points.indices {
            let deviations = errors.map { one in (one.reduce(0) { $0 + $1[i] * $1[i] } / 200).squareRoot() }
            let mean = errors[1].reduce(0) { $0 + $1[i] } / 200
            // Four standard errors of a mean over 200; what is left where there is no variance is 1e-3 of an eigenvalue.
            let one = 1 / (120 * sigma * (2 * Double.pi).squareRoot())
            #expect(abs(mean) < 4 * deviations[1] / 200.0.squareRoot() + 1e-3 * one, "at \(points[i]): \(mean)")
            #expect(deviations[1] < 1.2 * deviations[0], "at \(points[i]): \(deviations)")
            if i < 3 { #expect(deviations[1] < 0.02 * one && deviations[0] > 0.2 * one, "\(deviations)") }
        }
    }

    /// A space that the survey spans leaves nothing to estimate.
    @Test func smallMatricesAreExact() throws {
        let values = Spectra.flat(40, -1, 3)
        let density = try StochasticLanczosQuadrature(probes: 3).run(Spectra.dense(values))
        #expect(density.products == 40 && largestDifference(density.deflated, values) < 1e-12)
        #expect(density.standardError.allSatisfy { $0 < 1e-13 })
        #expect(largestDifference(density.nodesAndWeights.nodes, values) < 1e-12)
        #expect(density.nodesAndWeights.weights.allSatisfy { abs($0 - 0.025) < 1e-14 })
    }

    @Test func bitsDoNotDependOnThreads() throws {
        let before = Threads.count
        defer { Threads.count = before }
        let matrix = DiagonalMatrix((0..<9000).map { 1 / (1 + 0.1 * Double($0)) } + [3, -1])
        let found = try [1, 2, 3].map { threads in
            Threads.count = threads
            return try StochasticLanczosQuadrature(probes: 2, steps: 30).run(matrix)
        }
        #expect(found[0].quadratures == found[1].quadratures && found[0].quadratures == found[2].quadratures)
        #expect(!found[0].deflated.isEmpty)
    }
}
