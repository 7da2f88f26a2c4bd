import Datasets
import Essentials
import Foundation
import MatrixFree
import Networks
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
        for i in 0..<n {
            let error: Double = abs(estimated.values[i] - columns[i][i])
            #expect(error < 6 * estimated.standardErrors[i] + 1e-3)
        }
        analysis.kind = .hessian
        #expect(throws: UnusableRequest.self) { try analysis.run(objective, at: r.theta) }
    }

    /// Σ (n_c/n) H_c v = H v to rounding, with classes of very different sizes; each class against its own examples.
    @Test func classes() throws {
        let data = try DataSpecification("digits").load(.train)
        guard case .classes(let labels, _) = data.targets else { preconditionFailure("digits without classes") }
        let some = labels.indices.filter { labels[$0] != 3 && (labels[$0] > 2 || $0 < 100) && $0 < 300 }
        let loss = try Labelled(data.subset(some)), theta = loss.theta
        var analysis = SpectrumAnalysis(largest: 2)
        (analysis.findsClasses, analysis.probes) = (true, loss.dimension)
        let found = try analysis.run(loss, at: theta)
        #expect(found.classes.map(\.label) == [0, 1, 2, 4, 5, 6, 7, 8, 9])
        #expect(found.classes.reduce(0) { $0 + $1.examples } == some.count)
        let v = RandomNumbers(seed: 5).normals(loss.dimension)
        var sum = Vectors.zeros(loss.dimension), gradient = sum, trace = 0.0
        for part in found.classes {
            let own = try loss.restricted(to: some.indices.filter { Int(labels[some[$0]]) == part.label })
            #expect(abs(part.share - Double(part.examples) / Double(some.count)) < 1e-15)
            Vectors.add(part.share, try own.hessianVectorProduct(at: theta, along: v), to: &sum)
            let slope = try own.valueAndGradient(at: theta).gradient
            Vectors.add(part.share, slope, to: &gradient)
            trace += part.share * part.trace.value
            #expect(abs(part.gradientNorm - Vectors.norm(slope)) < 1e-12)
            let exact = try Lanczos(largest: 2).run(CurvatureOperator(own, at: theta)).largest.map(\.value)
            #expect(zip(part.eigenvalues, exact).allSatisfy { abs($0 - $1) < 1e-3 * exact[0] })
            for (overlap, vector) in zip(part.overlaps, found.vectors) {
                #expect(abs(overlap - abs(Vectors.dot(vector, slope)) / part.gradientNorm) < 1e-12)
            }
        }
        var settings = StudyMeasures.Settings()
        settings.measures = [.classLargestEigenvalue, .empiricalFisherTrace]
        let measures = try StudyMeasures(loss, at: theta, settings)
        let sharpest: Double = found.classes.map { $0.eigenvalues[0] }.max()!
        #expect(abs(measures[.classLargestEigenvalue] - sharpest) < 1e-3 * sharpest)
        // The examples of this objective have no gradients of their own.
        #expect(measures.values[.empiricalFisherTrace]?.isNaN == true)
        let product = try loss.hessianVectorProduct(at: theta, along: v)
        #expect(Vectors.norm(Vectors.sum(product, -1, sum)) < 1e-12 * Vectors.norm(product))
        let whole = try loss.valueAndGradient(at: theta).gradient
        #expect(Vectors.norm(Vectors.sum(whole, -1, gradient)) < 1e-13)
        let all = try HutchPlusPlus(products: loss.dimension).run(CurvatureOperator(loss, at: theta)).trace.value
        #expect(abs(trace - all) < 1e-10 * abs(all))
    }

    /// A small network on labelled examples.
    private final class Labelled: ExampleObjective {
        let data: Dataset, base: NetworkObjective
        var theta: [Double] { base.network.parameters.initialValues(seed: 2) }
        var dimension: Int { base.dimension }
        var examples: Int { data.count }

        init(_ data: Dataset) throws {
            self.data = data
            base = try NetworkObjective(
                network: Network(
                    canonical: "mlp:64-5-10;activation=tanh", inputShape: data.exampleShape, outputs: data.outputWidth),
                data: data, loss: .crossEntropy(labelSmoothing: 0), precision: .double)
        }
        func evaluate(at theta: [Double]) throws -> Evaluation { try base.evaluate(at: theta) }
        func valueAndGradient(at theta: [Double]) throws -> (value: Double, gradient: [Double]) {
            try base.valueAndGradient(at: theta)
        }
        func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
            try base.hessianVectorProducts(at: theta, along: vectors)
        }
        func restricted(to examples: [Int]) throws -> any Objective { try Labelled(data.subset(examples)).base }
        var classes: [[Int]] {
            guard case .classes(let labels, let count) = data.targets else { return [] }
            return (0..<count).map { label in labels.indices.filter { Int(labels[$0]) == label } }
        }
    }

    /// A regression has no classes.
    @Test func noClasses() throws {
        var analysis = SpectrumAnalysis()
        analysis.findsClasses = true
        let bowl = QuadraticObjective(matrix: [2, 0, 0, 1], linear: [1, 1])
        #expect(throws: UnusableRequest.self) { try analysis.run(bowl, at: [0, 0]) }
    }
}
