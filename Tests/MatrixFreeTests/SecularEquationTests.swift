import Foundation
import Tensors
import Testing

@testable import MatrixFree

@Suite struct SecularEquationTests {
    /// One dimension in closed form: the boundary, unless the parabola's own maximum −γ/θ is inside.
    @Test(arguments: [
        (2.0, 1.0, 3.0), (2, -1, 3), (-2, 1, 3), (-2, 1, 0.25), (0, 1, 3), (0, 0, 3), (-1, 0, 3), (1, 0, 3),
    ])
    func oneDimension(_ theta: Double, _ gamma: Double, _ radius: Double) {
        let solution = SecularEquation(eigenvalues: [theta], linear: [gamma], radius: radius).solve()
        let inner = theta < 0 ? -gamma / theta : .infinity
        if abs(inner) <= radius || (theta == 0 && gamma == 0) {
            #expect(solution.multiplier == 0 && !solution.isActive)
            #expect(abs(solution.coefficients[0] - (gamma == 0 ? 0 : inner)) < 1e-15)
        } else {
            #expect(solution.isActive)
            #expect(abs(abs(solution.coefficients[0]) - radius) < 1e-14)
            #expect(solution.coefficients[0] * gamma >= 0)
            #expect(abs(solution.multiplier - (theta + abs(gamma) / radius)) < 1e-14)
        }
    }

    /// The nearly hard case: s = λ − θmax goes as the linear term along the top eigenvector, far below the rounding of λ,
    /// and the solution still lies on the boundary and satisfies (s + δᵢ)cᵢ = γᵢ.
    @Test(arguments: [1e-3, 1e-12, 1e-40, 1e-200, 0])
    func linearTermVanishesAlongTheTop(_ gamma: Double) {
        let values = [-3.0, 0.5, 1]
        let linear = [1.0, -0.25, gamma]
        let solution = SecularEquation(eigenvalues: values, linear: linear, radius: 10).solve()
        #expect(abs(Vectors.norm(solution.coefficients) - 10) < 1e-13)
        #expect(solution.isHardCase == (gamma == 0))
        #expect(solution.coefficients[2] > 9.9)
        #expect(abs(solution.coefficients[0] - 0.25) < 1e-4)
        #expect(abs(solution.coefficients[1] + 0.5) < 1e-3)
        #expect(abs(solution.multiplier - 1 - gamma / solution.coefficients[2]) < 1e-15)
    }

    /// Radii over many orders: ‖c‖ = ρ, λ ≥ θmax and stationarity, all relative to rounding.
    @Test(arguments: [1e-12, 1e-6, 1e-2, 1, 1e3, 1e9])
    func boundaryIsMet(_ radius: Double) {
        let values = Spectra.flat(30, -4, 7)
        let linear = RandomNumbers(seed: 8).normals(30)
        let solution = SecularEquation(eigenvalues: values, linear: linear, radius: radius).solve()
        #expect(abs(Vectors.norm(solution.coefficients) - radius) < 1e-13 * radius)
        #expect(solution.multiplier >= 7)
        for (c, (theta, gamma)) in zip(solution.coefficients, zip(values, linear)).dropLast() {
            #expect(abs((solution.multiplier - theta) * c - gamma) < 1e-12 * max(abs(gamma), 1))
        }
    }
}
