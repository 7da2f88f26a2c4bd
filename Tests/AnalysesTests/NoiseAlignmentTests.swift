import Datasets
import MatrixFree
import Networks
import Objectives
import ReferenceModels
import Tensors
import Testing

@testable import Analyses

/// tr(HΣ) and tr((H + δI)⁻¹Σ), against dense matrices and a regression for which the model is the truth.
@Suite struct NoiseAlignmentTests {
    /// Linear regression on points that come twice, once above and once below a plane by 1: at the plane g = 0 and Σ is H itself.
    private func regression(_ points: Int, width: Int) throws -> (objective: NetworkObjective, theta: [Double]) {
        let random = RandomNumbers(seed: 8)
        let x = (0..<points).flatMap { i in
            let row = random.named("\(i)").normals(width)
            return row + row
        }
        let plane = random.named("plane").normals(width)
        let y = (0..<points).flatMap { i -> [Double] in
            let height = Vectors.dot(plane, Array(x[2 * i * width..<(2 * i + 1) * width]))
            return [height + 1, height - 1]
        }
        let network = Network(
            Architecture { $0.dense($1, "fc", 1, bias: false) }, specification: "plane", inputShape: [width], outputs: 1
        )
        let data = Dataset(
            name: "plane", arrays: [.init(name: "", values: .doubles(x), shape: [width])], targets: .values(y, width: 1)
        )
        return (
            try NetworkObjective(network: network, data: data, loss: .halfMeanSquaredError, precision: .double), plane
        )
    }

    /// The criterion is P: exactly for every probe but for what the solves leave.
    @Test func regression() throws {
        let (objective, theta) = try regression(40, width: 6)
        let curvature = CurvatureOperator(objective, at: theta)
        let found = try NoiseAlignment(of: curvature, shift: 0, probes: 5, tolerance: 1e-12)
        let criterion = try #require(found.criterion)
        #expect(abs(criterion.value - 6) < 1e-9, "\(found)")
        #expect(try #require(criterion.standardError) < 1e-9)
        #expect(try #require(found.residual) <= 1e-12)
        // With δ it is Σ λ/(λ + δ), within the errors over probes.
        let columns = try (0..<6).map { i in try curvature.apply((0..<6).map { $0 == i ? 1 : 0 }) }
        let values = try SymmetricMatrix(dimension: 6, elements: columns.flatMap { $0 }).eigendecomposition().values
        let damped = try #require(NoiseAlignment(of: curvature, shift: 0.5, probes: 400, tolerance: 1e-9).criterion)
        let exact = values.reduce(0) { $0 + $1 / ($1 + 0.5) }
        #expect(abs(damped.value - exact) < 4 * damped.standardError! && damped.standardError! < 0.05 * exact)
        #expect(try NoiseAlignment(of: curvature, probes: 2).criterion == nil)
    }

    /// Away from a minimum, against dense matrices of a network: Σ has − ggᵀ.
    @Test func dense() throws {
        let r = try Reference.mlp(), objective = try r.objective(), n = r.theta.count
        let units = (0..<n).map { i in (0..<n).map { $0 == i ? 1.0 : 0 } }
        let h = try objective.hessianVectorProducts(at: r.theta, along: units)
        var sigma = try objective.empiricalFisherVectorProducts(at: r.theta, along: units)
        let gradient = try objective.valueAndGradient(at: r.theta).gradient
        for i in 0..<n { Vectors.add(-gradient[i], gradient, to: &sigma[i]) }
        let exact = (0..<n).reduce(0) { $0 + Vectors.dot(h[$1], sigma[$1]) }
        let trace = (0..<n).reduce(0) { $0 + sigma[$1][$1] }
        let found = try NoiseAlignment(of: CurvatureOperator(objective, at: r.theta), probes: 300)
        #expect(abs(found.trace.value - exact) < 4 * found.trace.standardError!, "\(found), exact \(exact)")
        #expect(abs(found.noise.value - trace) < 4 * found.noise.standardError!)
        #expect(found.trace.standardError! < 0.2 * abs(exact) && found.products == 600)
        var analysis = SpectrumAnalysis(largest: 0)
        (analysis.measuresNoise, analysis.noiseDamping, analysis.kind) = (true, 0.1, .ggn)
        let result = try #require(try analysis.run(objective, at: r.theta).noise)
        #expect(try #require(result.residual) <= 1e-3 && result.criterion!.value > 0)
    }

    /// Negative curvature is said, and conjugate gradients give back what they have.
    @Test func negative() throws {
        let matrix = DiagonalMatrix([3, 2, 1, -1])
        let found = try ConjugateGradients().run(matrix, [1, 1, 1, 1])
        #expect(found.metNegativeCurvature && !found.converged)
        let shifted = try ConjugateGradients(shift: 2, tolerance: 1e-12).run(matrix, [1, 1, 1, 1])
        #expect(shifted.converged && !shifted.metNegativeCurvature)
        for (x, exact) in zip(shifted.solution, [0.2, 0.25, 1.0 / 3, 1.0] as [Double]) {
            #expect(abs(x - exact) < 1e-11)
        }
        #expect(try ConjugateGradients().run(matrix, [0, 0, 0, 0]).residual == 0)
        let few = try ConjugateGradients(shift: 2, tolerance: 1e-12, maximumProducts: 2).run(matrix, [1, 1, 1, 1])
        #expect(!few.converged && few.products == 2 && few.residual > 1e-6)
    }
}
