import Foundation
import Objectives
import Tensors
import Testing

@testable import Analyses

/// The learning coefficient where it is known, and chains that have not mixed.
@Suite struct LearningCoefficientTests {
    /// Σ ½ nβh/(nβh + γ), which is P/2 where all curvatures are far above γ.
    @Test(arguments: [0.0, 50]) func regular(_ localization: Double) throws {
        let curvatures = [3.0, 2, 1, 0.5, 0.3], inverse = 200.0
        var matrix = [Double](repeating: 0, count: 25)
        for (i, value) in curvatures.enumerated() { matrix[6 * i] = value }
        // Its minimum is at (1, 1, 1, 1, 1), with the value 4.
        let objective = QuadraticObjective(
            matrix: matrix, linear: curvatures.map { -$0 }, constant: 4 + curvatures.reduce(0, +) / 2)
        let found = try LearningCoefficient(
            objective, at: [1, 1, 1, 1, 1], inverseTemperature: inverse, localization: localization, draws: 2000)
        let exact = curvatures.reduce(0) { $0 + 0.5 * inverse * $1 / (inverse * $1 + localization) }
        #expect(
            abs(found.value - exact) < 4 * found.standardError + 0.02 * exact, "\(found.value), \(exact), \(found.rhat)"
        )
        #expect(found.standardError < 0.1 * exact && found.rhat < 1.05 && found.chains.count == 4)
        #expect(0.4...0.75 ~= found.acceptance && found.effectiveSamples > 200)
        #expect(found.gradients == 1 + 4 * 4000)
    }

    /// Σ θᵢ^(2pᵢ): Σ 1/(2pᵢ), at any temperature.
    @Test(arguments: [20.0, 500]) func monomials(_ inverse: Double) throws {
        let powers = [1.0, 2, 3]
        let objective = ClosureObjective(
            dimension: 3, value: { zip($0, powers).reduce(0) { $0 + pow($1.0 * $1.0, $1.1) } },
            gradient: { zip($0, powers).map { 2 * $1 * $0 * pow($0 * $0, $1 - 1) } })
        let found = try LearningCoefficient(
            objective, at: [0, 0, 0], inverseTemperature: inverse, localization: 0, draws: 8000, seed: 2)
        let exact = powers.reduce(0) { $0 + 1 / (2 * $1) }
        #expect(
            abs(found.value - exact) < 4 * found.standardError + 0.03 * exact, "\(found.value), \(exact), \(found.rhat)"
        )
    }

    /// A valley that is far longer than the chains have time for: no value, and the chains are still there to be seen.
    @Test func notMixed() throws {
        let objective = ClosureObjective(
            dimension: 2, value: { 5e5 * $0[0] * $0[0] + 0.25 * ($0[1] - 20) * ($0[1] - 20) },
            gradient: { [1e6 * $0[0], 0.5 * ($0[1] - 20)] })
        let found = try LearningCoefficient(
            objective, at: [0, 0], inverseTemperature: 1e3, localization: 0, draws: 100)
        #expect(found.value.isNaN && found.standardError.isNaN && !found.hasMixed && found.chains.count == 4)
    }

    /// R̂ and independent draws of known sequences: independent normals, one chain elsewhere, an autoregression.
    @Test func diagnostics() {
        let chains = (0..<4).map { RandomNumbers(seed: UInt64($0)).normals(2000) }
        #expect(LearningCoefficient.splitRhat(chains) < 1.01)
        let independent = LearningCoefficient.effectiveSamples(chains)
        #expect(6500...8000 ~= independent, "\(independent)")
        var moved = chains
        moved[2] = moved[2].map { $0 + 1 }
        #expect(LearningCoefficient.splitRhat(moved) > 1.05)
        // xₜ = 0.8 xₜ₋₁ + noise: (1 − 0.8)/(1 + 0.8) of the draws.
        let slow = chains.map { noise in
            var x = 0.0
            return noise.map { z -> Double in
                x = 0.8 * x + z
                return x
            }
        }
        let effective = LearningCoefficient.effectiveSamples(slow)
        #expect(abs(effective / (8000.0 / 9) - 1) < 0.3, "\(effective)")
    }
}
