import Datasets
import Foundation
import MatrixFree
import Networks
import Objectives
import ReferenceModels
import Tensors
import Testing

@testable import Analyses

@Suite struct CurvatureTests {
    /// (1/n) Σ gᵢ(gᵢᵀv) with every example's gradient computed alone.
    @Test(arguments: [1, 7, 40]) func empiricalFisher(_ batchSize: Int) throws {
        let r = try Reference.mlp()
        let n = 40, data = r.data.subset(Array(0..<n))
        func objective(_ part: Dataset, _ batch: Int) throws -> NetworkObjective {
            try NetworkObjective(
                network: r.network, statistics: r.buffers, data: part, loss: .crossEntropy(labelSmoothing: 0.1),
                precision: .double, batchSize: batch)
        }
        let v = RandomNumbers(seed: 3).normals(r.theta.count)
        var exact = [Double](repeating: 0, count: v.count)
        for i in 0..<n {
            let gradient = try objective(data.subset([i]), 1).valueAndGradient(at: r.theta).gradient
            Vectors.add(Vectors.dot(gradient, v) / Double(n), gradient, to: &exact)
        }
        let whole = try objective(data, batchSize)
        let found = try CurvatureOperator(whole, at: r.theta, .empiricalFisher).apply(v)
        #expect(relativeError(found, exact) < 1e-12)
        // It is neither the Fisher matrix nor the outer product of the mean gradient.
        let fisher = try CurvatureOperator(whole, at: r.theta, .fisher).apply(v)
        #expect(relativeError(fisher, exact) > 0.1)
        let mean = try whole.valueAndGradient(at: r.theta).gradient
        #expect(relativeError(mean.map { $0 * Vectors.dot(mean, v) }, exact) > 0.1)
    }

    /// The Fisher matrix (1/n) Σᵢ Σ_k p_k gᵢ_k gᵢ_kᵀ, with the gradient for every class k weighted by the network's own probability, is
    /// the Gauss–Newton matrix for cross-entropy; with smoothed labels too, as they are no part of it.
    @Test(arguments: [0, 0.2]) func fisherIsGaussNewton(_ smoothing: Double) throws {
        let n = 6, network = try Network("mlp:5-4-3", inputShape: [5], outputs: 3)
        let x = RandomNumbers(seed: 1).normals(n * 5), theta = RandomNumbers(seed: 2).normals(network.parameters.count)
        func objective(_ rows: [Int], _ labels: [Int32], _ smoothing: Double = 0) throws -> NetworkObjective {
            let data = Dataset(
                name: "normal", inputs: .doubles(rows.flatMap { x[($0 * 5)..<($0 * 5 + 5)] }), exampleShape: [5],
                targets: .classes(labels, count: 3))
            return try NetworkObjective(
                network: network, data: data, loss: .crossEntropy(labelSmoothing: smoothing),
                precision: .double)
        }
        let v = RandomNumbers(seed: 3).normals(theta.count)
        var exact = [Double](repeating: 0, count: theta.count)
        for i in 0..<n {
            for k in 0..<3 {
                // −log p_k and its gradient.
                let (loss, gradient) = try objective([i], [Int32(k)]).valueAndGradient(at: theta)
                Vectors.add(exp(-loss) * Vectors.dot(gradient, v) / Double(n), gradient, to: &exact)
            }
        }
        let whole = try objective(Array(0..<n), (0..<n).map { Int32($0 % 3) }, smoothing)
        for kind in [CurvatureKind.ggn, .fisher] {
            #expect(relativeError(try CurvatureOperator(whole, at: theta, kind).apply(v), exact) < 1e-12)
        }
        #expect(relativeError(try CurvatureOperator(whole, at: theta).apply(v), exact) > 0.01)
    }

    /// The low end of a matrix without negative eigenvalues is zero; that is found without exhausting the space, in Float32 too.
    @Test(arguments: [Precision.float, .double], [CurvatureKind.ggn, .empiricalFisher])
    func lowEndOfASemidefiniteMatrix(_ precision: Precision, _ kind: CurvatureKind) throws {
        let r = try Reference.mlp()
        let found = try Lanczos(
            largest: 2, smallest: 3, relativeFloor: kind.relativeFloor,
            rounding: precision == .float ? 0x1p-23 : 0x1p-52
        ).run(CurvatureOperator(try r.objective(precision), at: r.theta, kind))
        #expect(found.converged && found.products < 400, "\(found.products) products")
        for pair in found.smallest { #expect(abs(pair.value) < 1e-4 * found.largest[0].value) }
    }

    @Test func analyticObjectivesHaveNoFisherMatrices() {
        let objective = RosenbrockObjective()
        #expect(throws: ObjectiveError.noEmpiricalFisher) {
            try CurvatureOperator(objective, at: [1, 2], .empiricalFisher).apply([1, 0])
        }
        #expect(throws: ObjectiveError.noFisher(loss: nil)) {
            try CurvatureOperator(objective, at: [1, 2], .fisher).apply([1, 0])
        }
    }

    /// Every tensor's block against the dense submatrix, from products with unit vectors.
    @Test func layerBlocks() throws {
        let data = try DataSpecification("digits").load(.train).subset(Array(0..<50))
        let network = try Network("mlp:64-3-10", inputShape: [64], outputs: 10)
        let objective = try NetworkObjective(
            network: network, data: data, loss: .crossEntropy(labelSmoothing: 0), precision: .double)
        let theta = RandomNumbers(seed: 8).normals(network.parameters.count).map { 0.3 * $0 }
        let (layers, products) = try LayerCurvature.all(
            CurvatureOperator(objective, at: theta), network.parameters, tolerance: 1e-6, probes: 200)
        #expect(layers.map(\.name) == network.parameters.tensors.map(\.name))
        #expect(products > 200)
        for (index, layer) in layers.enumerated() where network.parameters.range(index).count <= 30 {
            let range = network.parameters.range(index)
            let units = range.map { i in (0..<theta.count).map { $0 == i ? 1.0 : 0 } }
            let columns = try objective.hessianVectorProducts(at: theta, along: units).map { Array($0[range]) }
            let dense = SymmetricMatrix(dimension: range.count, elements: columns.flatMap { $0 })
            let top = try dense.eigendecomposition().values.last!
            #expect(abs(layer.largestEigenvalue - top) < 1e-8 * abs(top), "\(layer.name)")
            let trace = columns.indices.reduce(0) { $0 + columns[$1][$1] }
            // Small blocks are exact.
            let isSmall = range.count <= LayerCurvature.smallBlock
            #expect((layer.trace.standardError == 0) == isSmall)
            #expect(
                abs(layer.trace.value - trace) <= 4 * layer.trace.standardError! + 1e-12 * abs(trace), "\(layer.name)")
            #expect(layer.converged)
        }
    }

    /// Least squares with k outputs repeats every eigenvalue k times (½ mean r²: those of XᵀX/(nk)); the Gauss–Newton matrix is
    /// the Hessian.
    @Test func linearLeastSquaresRepeatsItsEigenvalues() throws {
        let n = 30, d = 4, k = 3
        let x = RandomNumbers(seed: 1).normals(n * d), y = RandomNumbers(seed: 2).normals(n * k)
        let data = Dataset(
            name: "normal", inputs: .doubles(x), exampleShape: [d], targets: .values(y, width: k))
        let network = try Network("linear", inputShape: [d], outputs: k)
        let objective = try NetworkObjective(
            network: network, data: data, loss: .halfMeanSquaredError, precision: .double)
        // With the bias, rows are (x, 1).
        var gram = [Double](repeating: 0, count: 25)
        for example in 0..<n {
            let row = Array(x[(example * d)..<(example * d + d)]) + [1]
            for i in 0..<5 { for j in 0..<5 { gram[i * 5 + j] += row[i] * row[j] / Double(n * k) } }
        }
        let exact = Array(try SymmetricMatrix(dimension: 5, elements: gram).eigendecomposition().values.reversed())
        let theta = RandomNumbers(seed: 3).normals(network.parameters.count)
        for kind in [CurvatureKind.hessian, .ggn] {
            let found = try Lanczos(largest: 7, smallest: 3, tolerance: 1e-8, multiplicities: true).run(
                CurvatureOperator(objective, at: theta, kind))
            let expected = exact.flatMap { [$0, $0, $0] }
            #expect(relativeError(found.largest.map(\.value), Array(expected.prefix(7))) < 1e-8, "\(kind)")
            #expect(relativeError(found.smallest.map(\.value), Array(repeating: exact[4], count: 3)) < 1e-6)
        }
    }
}
