import Foundation
import MatrixFree
import Objectives
import ReferenceModels
import Tensors
import Testing

@testable import Analyses

/// The diagonal, the log-determinant and the gradient's share in the top space of `SpectrumAnalysis`.
@Suite struct SpectrumExtrasTests {
    /// Axes are eigenvectors: the share of a gradient is that of its first components.
    @Test(arguments: [1, 2, 4]) func gradientShare(_ count: Int) throws {
        let eigenvalues = [9, 5, 2, 1.0], linear = [1, -2, 3, 0.5]
        var matrix = [Double](repeating: 0, count: 16)
        for i in 0..<4 { matrix[5 * i] = eigenvalues[i] }
        let objective = QuadraticObjective(matrix: matrix, linear: linear)
        var analysis = SpectrumAnalysis(largest: count)
        analysis.findsGradientShare = true
        let found = try #require(try analysis.run(objective, at: [0, 0, 0, 0]).gradientShare)
        let squares = linear.map { $0 * $0 }
        #expect(abs(found - squares.prefix(count).reduce(0, +) / squares.reduce(0, +)) < 1e-8)
        #expect(found <= 1)
        let flat = QuadraticObjective(matrix: matrix, linear: [0, 0, 0, 0])
        #expect(try analysis.run(flat, at: [0, 0, 0, 0]).gradientShare?.isNaN == true)
        analysis.findsGradientShare = false
        #expect(try analysis.run(objective, at: [0, 0, 0, 0]).gradientShare == nil)
    }

    /// Of a network, against its dense Gauss–Newton matrix: diagonal, determinant, effective dimension.
    @Test func network() throws {
        let r = try Reference.mlp(), objective = try r.objective(), n = r.theta.count
        let columns = try objective.gaussNewtonVectorProducts(
            at: r.theta, along: (0..<n).map { i in (0..<n).map { $0 == i ? 1 : 0 } })
        let values = try SymmetricMatrix(dimension: n, elements: columns.flatMap { $0 }).eigendecomposition().values
        var analysis = SpectrumAnalysis(largest: 0)
        (analysis.kind, analysis.estimatesDiagonal, analysis.determinantShift) = (.ggn, true, 0.01)
        analysis.probes = n
        let found = try analysis.run(objective, at: r.theta, layout: r.network.parameters)
        let diagonal = try #require(found.diagonal), determinant = try #require(found.determinant)
        for i in 0..<n { #expect(abs(diagonal.values[i] - columns[i][i]) < 1e-12) }
        #expect(diagonal.isExact && diagonal.means.count == r.network.parameters.tensors.count)
        let clipped = values.map { max(0, $0) }
        let exact = clipped.reduce(0) { $0 + log($1 + 0.01) }
        let dimension = clipped.reduce(0) { $0 + $1 / ($1 + 0.01) }
        func agrees(_ estimate: StochasticEstimate, _ exact: Double) -> Bool {
            abs(estimate.value - exact) < 4 * (estimate.standardError ?? 0) + 2e-3 * abs(exact)
        }
        #expect(agrees(determinant.value, exact) && agrees(determinant.effectiveDimension, dimension), "\(determinant)")
        #expect(abs(determinant.value.value - determinant.relative.value - Double(n) * log(0.01)) < 1e-9)
        #expect(determinant.settled && found.products == n + determinant.products)

        analysis.probes = 30
        let estimated = try #require(try analysis.run(objective, at: r.theta).diagonal)
        #expect(!estimated.isExact && estimated.products == 30 && estimated.means.isEmpty)
        #expect(
            zip(estimated.values, columns.indices).allSatisfy {
                abs($0 - columns[$1][$1]) < 6 * estimated.standardErrors[$1] + 1e-3
            })
        analysis.kind = .hessian
        #expect(throws: UnusableRequest.self) { try analysis.run(objective, at: r.theta) }
    }
}
