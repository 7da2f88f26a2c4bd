import Foundation
import Tensors
import Testing

@testable import Objectives

/// Derivatives against the function alone: halving the step, what remains after the gradient's term must shrink like h², and
/// after the Hessian's like h³.
@Suite struct TaylorTests {
    /// Mean rates, in powers of two a halving, of both remainders. Steps are such that higher terms are small (h|v| ≤ 0.01) and
    /// the last remainder is far above rounding.
    private func rates(_ objective: any Objective, _ theta: [Double], _ v: [Double], gradient: [Double], hv: [Double])
        throws -> (Double, Double)
    {
        let value = try objective.value(at: theta)
        let slope = Vectors.dot(gradient, v), curvature = Vectors.dot(v, hv)
        let largest = 0.01 / Vectors.norm(v), halvings = 3
        let remainders = try [0, halvings].map { k in
            let h = largest * pow(0.5, Double(k))
            let first = try objective.value(at: Vectors.sum(theta, h, v)) - value - h * slope
            return (abs(first), abs(first - 0.5 * h * h * curvature))
        }
        // Rounding of a mean of a few losses of size 1: some 1e-16; a hundredth of the smallest remainder would show in the rate.
        try #require(remainders[1].1 > 2e-14)
        return (
            log2(remainders[0].0 / remainders[1].0) / Double(halvings),
            log2(remainders[0].1 / remainders[1].1) / Double(halvings)
        )
    }

    @Test(arguments: SmoothModel.all) func remaindersShrink(_ model: SmoothModel) throws {
        let objective = try model.objective(), theta = model.theta, v = model.direction(5)
        let gradient = try objective.valueAndGradient(at: theta).gradient
        let hv = try objective.hessianVectorProduct(at: theta, along: v)
        let (first, second) = try rates(objective, theta, v, gradient: gradient, hv: hv)
        #expect(first > 1.9)
        #expect(second > 2.9)
        // The tester notices a gradient or a product that is wrong by one per cent.
        let wrongGradient = try rates(objective, theta, v, gradient: gradient.map { $0 * 1.01 }, hv: hv)
        #expect(wrongGradient.0 < 1.9)
        let wrongProduct = try rates(objective, theta, v, gradient: gradient, hv: hv.map { $0 * 1.01 })
        #expect(wrongProduct.1 < 2.9)
    }

    /// uᵀHv = vᵀHu and uᵀGv = vᵀGu to rounding, and vᵀGv ≥ 0.
    @Test(arguments: SmoothModel.all) func symmetry(_ model: SmoothModel) throws {
        let objective = try model.objective(), theta = model.theta
        let u = model.direction(6), v = model.direction(7)
        let h = try objective.hessianVectorProducts(at: theta, along: [u, v])
        let g = try objective.gaussNewtonVectorProducts(at: theta, along: [u, v])
        for product in [h, g] {
            // Rounding of some 10⁴ operations (1e-12 of the product's size) with room.
            let size = Vectors.norm(u) * Vectors.norm(product[1])
            #expect(abs(Vectors.dot(u, product[1]) - Vectors.dot(v, product[0])) < 1e-12 * size)
            #expect(size > 0)
        }
        #expect(Vectors.dot(u, g[0]) > 0 && Vectors.dot(v, g[1]) > 0)
        // Neither is the other.
        #expect(zip(h[0], g[0]).contains { abs($0 - $1) > 1e-6 })
    }

    /// Both are linear in v.
    @Test(arguments: SmoothModel.all) func linearity(_ model: SmoothModel) throws {
        let objective = try model.objective(), theta = model.theta
        let u = model.direction(6), v = model.direction(7), mixed = Vectors.sum(u, -2.5, v)
        for products in [
            try objective.hessianVectorProducts(at: theta, along: [u, v, mixed]),
            try objective.gaussNewtonVectorProducts(at: theta, along: [u, v, mixed]),
        ] {
            let expected = Vectors.sum(products[0], -2.5, products[1])
            let difference = Vectors.norm(Vectors.sum(products[2], -1, expected))
            #expect(difference < 1e-13 * (Vectors.norm(products[0]) + 2.5 * Vectors.norm(products[1])))
        }
    }

    @Test func rosenbrock() throws {
        let objective = RosenbrockObjective(), theta = [0.3, -0.7], v = [1.0, 0.4]
        let gradient = objective.valueAndGradient(at: theta).gradient
        let (first, second) = try rates(
            objective, theta, v, gradient: gradient, hv: objective.hessianVectorProducts(at: theta, along: [v])[0])
        #expect(first > 1.9 && second > 2.9)
        #expect(objective.valueAndGradient(at: [1, 1]) == (0, [0, 0]))
        // Where residuals vanish, the Gauss–Newton matrix is the Hessian; elsewhere they differ by 400 (x² − y) in one element.
        #expect(
            objective.gaussNewtonVectorProducts(at: [1, 1], along: [v])
                == objective.hessianVectorProducts(at: [1, 1], along: [v]))
        let difference =
            objective.hessianVectorProducts(at: theta, along: [[1, 0]])[0][0]
            - objective.gaussNewtonVectorProducts(at: theta, along: [[1, 0]])[0][0]
        #expect(abs(difference - 400 * (0.09 + 0.7)) < 1e-10)
    }

    @Test func quadratic() {
        let objective = QuadraticObjective(matrix: [2, -1, -1, 3], linear: [0.5, -1], constant: 4)
        // ½ (2·1 − 2·2 + 3·4) + 0.5 − 2 + 4 at (1, 2).
        #expect(objective.value(at: [1, 2]) == 7.5)
        #expect(objective.valueAndGradient(at: [1, 2]).gradient == [0.5, 4])
        #expect(objective.hessianVectorProducts(at: [1, 2], along: [[1, 0], [0, 1]]) == [[2, -1], [-1, 3]])
    }
}
