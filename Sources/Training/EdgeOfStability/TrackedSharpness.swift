import MatrixFree
import Objectives
import Tensors

/// λmax at a moment of a training, beside the value at which its rule stops being stable.
public struct TrackedSharpness: Sendable, Equatable {
    /// Steps taken before.
    public let step: Int
    /// Training loss at that moment.
    public let loss: Double
    /// λmax of the Hessian of the training loss.
    public let largestEigenvalue: Double
    /// ‖Hv − λv‖.
    public let residual: Double
    /// ‖g‖₂ of the training loss.
    public let gradientNorm: Double
    /// Nil where the rule has no known edge (see `TrainingConfiguration.stabilityEdge`).
    public let edge: Double?
    /// The share of ‖∇L‖² in the space of the largest eigenvectors (Gur-Ari et al. 2018, arXiv 1812.04754);
    /// nil where not asked for, and where the gradient is 0.
    public let topSpaceShare: Double?
    /// Of Adam and AdamW; nil for other rules.
    public let preconditioned: Preconditioned?

    /// The sharpness that an adaptive rule meets (Cohen et al. 2022, arXiv 2207.14484).
    public struct Preconditioned: Sendable, Equatable {
        /// λmax of P⁻¹H, P being what the rule divides its steps by.
        public let largestEigenvalue: Double
        /// ‖P^(−½)HP^(−½)v − λv‖.
        public let residual: Double
        /// λmax up to which the rule is stable on a quadratic while P stays.
        public let edge: Double

        /// A measurement of these values.
        public init(largestEigenvalue: Double, residual: Double, edge: Double) {
            (self.largestEigenvalue, self.residual, self.edge) = (largestEigenvalue, residual, edge)
        }
    }

    /// A measurement of these values.
    public init(
        step: Int, loss: Double, largestEigenvalue: Double, residual: Double, gradientNorm: Double, edge: Double?,
        topSpaceShare: Double? = nil, preconditioned: Preconditioned? = nil
    ) {
        (self.step, self.loss, self.largestEigenvalue) = (step, loss, largestEigenvalue)
        (self.residual, self.gradientNorm, self.edge) = (residual, gradientNorm, edge)
        (self.topSpaceShare, self.preconditioned) = (topSpaceShare, preconditioned)
    }

    /// Measures at θ, by Lanczos from a start of its own each time, so that a training that is resumed measures the same bits.
    ///
    /// - Parameters:
    ///   - tolerance: residual relative to λ. 1e-3, ours: λ is then right to about six digits, far beyond what it fluctuates.
    ///   - top: eigenvectors of whose space the gradient's share is measured; 0 for none.
    ///   - preconditioner: of an adaptive rule, with its edge; nil for others.
    ///   - edge: from the gradient.
    init(
        _ objective: any Objective, at theta: [Double], step: Int, tolerance: Double = 1e-3, top: Int = 0,
        preconditioner: Preconditioner? = nil, edge: ([Double]) -> Double?
    ) throws {
        let (loss, gradient) = try objective.valueAndGradient(at: theta)
        func largest(
            _ curvature: CurvatureOperator, count: Int = 1, eigenvectors: Bool = false
        ) throws -> (value: Double, residual: Double, vectors: [[Double]]) {
            let spectrum = try Lanczos(
                largest: count, tolerance: tolerance, maximumProducts: 300 * count, rounding: objective.rounding,
                eigenvectors: eigenvectors
            ).run(curvature)
            return spectrum.largest.first.map { ($0.value, $0.residual, spectrum.largestVectors) } ?? (.nan, .nan, [])
        }
        let plain = try largest(
            CurvatureOperator(objective, at: theta), count: max(1, min(top, theta.count)), eigenvectors: top > 0)
        let scaled = try preconditioner.map { preconditioner in
            let decayed = PenalizedObjective(objective, weightDecay: preconditioner.weightDecay)
            let found = try largest(
                CurvatureOperator(
                    decayed, at: theta, scaling: preconditioner.diagonal.map { 1 / $0.squareRoot() }))
            return Preconditioned(
                largestEigenvalue: found.value, residual: found.residual, edge: preconditioner.edge)
        }
        self.init(
            step: step, loss: loss, largestEigenvalue: plain.value, residual: plain.residual,
            gradientNorm: Vectors.norm(gradient), edge: edge(gradient),
            topSpaceShare: top > 0 ? Vectors.share(of: gradient, in: plain.vectors) : nil, preconditioned: scaled)
    }

    private static let keys = (
        loss: "loss", eigenvalue: "lambda_max", residual: "lambda_residual", gradient: "gradient_norm",
        edge: "stability_edge", share: "top_space_share", scaled: "preconditioned_lambda_max",
        scaledResidual: "preconditioned_residual",
        scaledEdge: "preconditioned_edge"
    )

    /// As an epoch's record keeps it.
    public var measures: [String: Double] {
        var measures = [
            Self.keys.loss: loss, Self.keys.eigenvalue: largestEigenvalue, Self.keys.residual: residual,
            Self.keys.gradient: gradientNorm,
        ]
        measures[Self.keys.edge] = edge
        measures[Self.keys.share] = topSpaceShare
        if let preconditioned {
            measures[Self.keys.scaled] = preconditioned.largestEigenvalue
            measures[Self.keys.scaledResidual] = preconditioned.residual
            measures[Self.keys.scaledEdge] = preconditioned.edge
        }
        return measures
    }

    /// Nil where a record has none.
    public init?(step: Int, measures: [String: Double]) {
        guard let eigenvalue = measures[Self.keys.eigenvalue] else { return nil }
        func number(_ key: String) -> Double { measures[key] ?? .nan }
        self.init(
            step: step, loss: number(Self.keys.loss), largestEigenvalue: eigenvalue,
            residual: number(Self.keys.residual), gradientNorm: number(Self.keys.gradient),
            edge: measures[Self.keys.edge], topSpaceShare: measures[Self.keys.share],
            preconditioned: measures[Self.keys.scaled].map {
                Preconditioned(
                    largestEigenvalue: $0, residual: number(Self.keys.scaledResidual),
                    edge: number(Self.keys.scaledEdge))
            })
    }
}
