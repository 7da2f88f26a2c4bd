import MatrixFree
import Objectives
import Tensors

/// How curvature and gradient noise lie to each other: tr(AΣ), and tr((A + δI)⁻¹Σ), with the covariance Σ = (1/n) Σ gᵢgᵢᵀ − ggᵀ of the
/// examples' gradients.
///
/// tr(AΣ) is what noise of stochastic gradients costs a step (Zhu et al. 2019, arXiv 1803.00195). With the Hessian or a matrix near it for A
/// the second is Takeuchi's information criterion (Thomas et al. 2020, arXiv 1906.07774): P where the model is the truth.
public struct NoiseAlignment: Sendable, Equatable {
    /// tr(AΣ).
    public let trace: StochasticEstimate
    /// tr Σ, from the same probes.
    public let noise: StochasticEstimate
    /// tr((A + δI)⁻¹Σ); nil where no δ was given, or A + δI has a direction along which it is not positive.
    public let criterion: StochasticEstimate?
    /// δ; nil where none was given.
    public let shift: Double?
    /// The largest ‖b − (A + δI)x‖/‖b‖ of the solves; nil where there were none.
    public let residual: Double?
    /// Products made, with A and with the gradients' covariance.
    public let products: Int

    /// - Parameters:
    ///   - curvature: A.
    ///   - shift: δ, at least 0; nil to leave the second trace out.
    ///   - probes: random vectors, at least 2; 30, ours.
    ///   - tolerance: of the solves; 1e-3, ours.
    ///   - progress: called before every probe with those before; what it throws ends the work.
    /// - Throws: `ObjectiveError.noEmpiricalFisher` for what is no mean over examples; what the objective throws.
    public init(
        of curvature: CurvatureOperator, shift: Double? = nil, probes: Int = 30, tolerance: Double = 1e-3,
        maximumProducts: Int = 1000, seed: UInt64 = 0, progress: (Int) throws -> Void = { _ in }
    ) throws {
        precondition(probes > 1, "\(probes) probes")
        let (objective, theta) = (curvature.objective, curvature.theta)
        let covariance = CurvatureOperator(objective, at: theta, .empiricalFisher)
        let gradient = try objective.valueAndGradient(at: theta).gradient
        let random = RandomNumbers(seed: seed).named("noise alignment")
        var traces: [Double] = [], noises: [Double] = [], criteria: [Double] = []
        var worst = 0.0, isPositive = true, products = 0
        for probe in 0..<probes {
            try progress(probe)
            let z = random.named("probe \(probe)").signs(theta.count)
            var drawn = try covariance.apply(z)
            Vectors.add(-Vectors.dot(gradient, z), gradient, to: &drawn)
            traces.append(Vectors.dot(try curvature.apply(z), drawn))
            noises.append(Vectors.dot(z, drawn))
            products += 2
            guard let shift, isPositive else { continue }
            let found = try ConjugateGradients(shift: shift, tolerance: tolerance, maximumProducts: maximumProducts)
                .run(
                    curvature, z
                ) { _ in try progress(probe) }
            products += found.products
            worst = max(worst, found.residual)
            isPositive = !found.metNegativeCurvature
            criteria.append(Vectors.dot(found.solution, drawn))
        }
        (trace, noise) = (StochasticEstimate(samples: traces), StochasticEstimate(samples: noises))
        let isSolved = shift != nil && isPositive
        criterion = isSolved ? StochasticEstimate(samples: criteria) : nil
        (self.shift, residual, self.products) = (shift, isSolved ? worst : nil, products)
    }
}
