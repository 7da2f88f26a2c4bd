import MatrixFree
import Objectives
import ReferenceModels
import Tensors
import Testing

@testable import Analyses

/// Spectrum, slices and sharpness against PyTorch's in Float64 (Tests/Fixtures/README.md).
@Suite struct ReferenceTests {
    static func reference(_ which: String) throws -> Reference { try which == "mlp" ? .mlp() : .cnn() }

    @Test(arguments: ["mlp", "cnn"]) func eigenvalues(_ which: String) throws {
        let r = try Self.reference(which)
        let objective = try r.objective()
        for (kind, file, lowCount) in [(CurvatureKind.hessian, "hessian_eigenvalues", 5), (.ggn, "ggn_eigenvalues", 0)]
        {
            let all = try r.vector(file)
            let spectrum = try Lanczos(largest: 5, smallest: lowCount, tolerance: 1e-5, maximumProducts: 2000).run(
                CurvatureOperator(objective, at: r.theta, kind))
            #expect(spectrum.converged)
            for (i, found) in spectrum.largest.enumerated() {
                let exact = all[all.count - 1 - i]
                #expect(abs(found.value - exact) < 1e-7 * abs(exact), "\(kind) top \(i)")
                // An eigenvalue lies within the residual.
                #expect(abs(found.value - exact) <= found.residual + 1e-10)
            }
            for (i, found) in spectrum.smallest.enumerated() {
                #expect(abs(found.value - all[i]) < 1e-7 * abs(all[i]), "\(kind) bottom \(i)")
            }
        }
    }

    @Test(arguments: ["mlp", "cnn"]) func slices(_ which: String) throws {
        let r = try Self.reference(which)
        let objective = try r.objective()
        let slice2D = try #require(r.numbers["slice_2d"] as? [String: Any])
        let expected = try #require(slice2D["values"] as? [[Double]])
        for (files, normalization, bound) in [
            // The stored normalised directions divide by the norm plus 1e-10, as Li et al. do; ours do not.
            (["dir1_filternorm", "dir2_filternorm"], DirectionNormalization.none, 1e-10),
            (["dir1_raw", "dir2_raw"], .filter, 1e-8),
        ] {
            let directions = SliceDirections(
                try files.map(r.vector), kind: "file", at: r.theta, r.network.parameters, normalization: normalization,
                orthogonalizes: false)
            let axis = SliceAxis(range: -1...1, points: 5)
            var computation = SliceComputation(directions, alpha: axis, beta: axis)
            try computation.run(objective, at: r.theta)
            let slice = try computation.result(objective, at: r.theta)
            for row in 0..<5 {
                for column in 0..<5 {
                    let (got, want) = (slice.loss[row * 5 + column], expected[column][row])
                    #expect(abs(got - want) < bound * want, "\(row), \(column)")
                }
            }
            #expect(slice.audit.centerIsExact == true)
        }
        let slice1D = try #require(r.numbers["slice_1d"] as? [String: [Double]])
        let directions = SliceDirections(
            [try r.vector("dir1_filternorm")], kind: "file", at: r.theta, r.network.parameters, normalization: .none,
            orthogonalizes: false)
        var computation = SliceComputation(directions, alpha: SliceAxis(range: -1...1, points: 21))
        try computation.run(objective, at: r.theta)
        let slice = try computation.result(objective, at: r.theta)
        #expect(relativeError(slice.loss, slice1D["values"]!) < 1e-10)
    }

    @Test(arguments: ["mlp", "cnn"]) func sharpness(_ which: String) throws {
        let r = try Self.reference(which)
        let objective = try r.objective()
        let expected = try #require(r.numbers["sharpness"] as? [String: Any])
        let search = WorstCaseSearch(Ball(radius: 0.05))
        let found = try search.run(objective, at: r.theta)
        let one = try #require(expected["sam_one_step_increase"] as? Double)
        #expect(abs(found.oneStep - one) < 1e-9)
        let best = try #require(expected["worst_case_increase"] as? Double)
        // As many starts as the reference has, and as long.
        #expect(found.lowerBound >= best * (1 - 1e-8))
        #expect(found.lowerBound <= best * (1 + 1e-6), "more than the best known: \(found.lowerBound) over \(best)")
        // The ε reported is feasible and has the increase reported.
        #expect(Vectors.norm(found.epsilon) <= 0.05 * (1 + 1e-12))
        let again = try objective.value(at: Vectors.sum(r.theta, 1, found.epsilon)) - objective.value(at: r.theta)
        #expect(abs(again - found.lowerBound) < 1e-12)
        let quadratic = try #require(expected["quadratic_model_max"] as? Double)
        #expect(abs(try #require(found.quadraticModel) - quadratic) < 1e-4 * quadratic)
        // Adaptive, η = 0: T² ∘ g, not T ∘ g.
        let asam = try #require(expected["asam_one_step_increase"] as? Double)
        let ball = Ball(radius: 0.05, scaling: Ball.adaptiveScaling(r.theta, eta: 0))
        let gradient = try objective.valueAndGradient(at: r.theta).gradient
        let step = ball.scaled(ball.farthest(along: ball.scaled(gradient)))
        #expect(abs(try objective.value(at: Vectors.sum(r.theta, 1, step)) - r.number("loss") - asam) < 1e-9)
    }
}
