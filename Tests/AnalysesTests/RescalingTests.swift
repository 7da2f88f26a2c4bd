import MatrixFree
import Objectives
import ReferenceModels
import Tensors
import Testing

@testable import Analyses

/// Dinh et al. 2017 (arXiv 1703.04933): multiplying a ReLU network's first layer by a and dividing the second's weights by a
/// leaves the function as it is. Measures relative to the weights must not move; curvature does.
@Suite struct RescalingTests {
    @Test(arguments: [10.0, 100.0]) func rescaled(_ a: Double) throws {
        let r = try Reference.mlp()
        let objective = try r.objective()
        var theta = r.theta
        for (index, tensor) in r.network.parameters.tensors.enumerated() {
            let factor = tensor.name.hasPrefix("fc1") ? a : tensor.name == "fc2.weight" ? 1 / a : 1
            for i in r.network.parameters.range(index) { theta[i] *= factor }
        }
        #expect(abs(try objective.value(at: theta) - objective.value(at: r.theta)) < 1e-12)

        func slice(_ point: [Double]) throws -> Slice {
            let pair = SliceDirections(
                SliceDirections.random(2, dimension: point.count, seed: 5), kind: "random", at: point,
                r.network.parameters,
                normalization: .filter, orthogonalizes: false)
            var computation = SliceComputation(
                pair, alpha: SliceAxis(range: -1...1, points: 5), beta: SliceAxis(range: -1...1, points: 3))
            try computation.run(objective, at: point)
            return try computation.result(objective, at: point)
        }
        let (before, after) = (try slice(r.theta), try slice(theta))
        #expect(relativeError(after.loss, before.loss) < 1e-11)

        // Adaptive with η = 0: one step, worst case and average, all relative to |θ|.
        func adaptive(_ point: [Double]) throws -> (WorstCaseSharpness, AverageCaseSharpness) {
            let scaling = Ball.adaptiveScaling(point, eta: 0)
            var search = WorstCaseSearch(Ball(radius: 0.05, scaling: scaling))
            search.restarts = 1
            return (
                try search.run(objective, at: point),
                try AverageCaseSharpness(objective, at: point, deviation: 0.05, scaling: scaling, pairs: 5)
            )
        }
        let ((worst, average), (worstAfter, averageAfter)) = (try adaptive(r.theta), try adaptive(theta))
        #expect(abs(worstAfter.oneStep - worst.oneStep) < 1e-9 * worst.oneStep)
        #expect(abs(worstAfter.lowerBound - worst.lowerBound) < 1e-4 * worst.lowerBound)
        #expect(abs(averageAfter.value - average.value) < 1e-8 * abs(average.value))

        let curvature = try [r.theta, theta].map { point in
            try Lanczos(largest: 1).run(CurvatureOperator(objective, at: point)).largest[0].value
        }
        let traces = try [r.theta, theta].map { point in
            try HutchPlusPlus(products: 60).run(CurvatureOperator(objective, at: point)).trace.value
        }
        // The second layer's block of H grows with a².
        #expect(curvature[1] > 0.1 * a * a * curvature[0])
        #expect(traces[1] > 0.1 * a * a * traces[0])
    }
}
