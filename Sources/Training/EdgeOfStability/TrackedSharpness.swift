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

    /// A measurement of these values.
    public init(
        step: Int, loss: Double, largestEigenvalue: Double, residual: Double, gradientNorm: Double, edge: Double?
    ) {
        (self.step, self.loss, self.largestEigenvalue) = (step, loss, largestEigenvalue)
        (self.residual, self.gradientNorm, self.edge) = (residual, gradientNorm, edge)
    }

    /// Measures at θ, by Lanczos from a start of its own each time, so that a training that is resumed measures the same bits.
    ///
    /// - Parameters:
    ///   - tolerance: residual relative to λ. 1e-3, ours: λ is then right to about six digits, far beyond what it fluctuates.
    ///   - edge: from the gradient.
    init(
        _ objective: any Objective, at theta: [Double], step: Int, tolerance: Double = 1e-3,
        edge: ([Double]) -> Double?
    ) throws {
        let (loss, gradient) = try objective.valueAndGradient(at: theta)
        let spectrum = try Lanczos(
            largest: 1, tolerance: tolerance, maximumProducts: 300, rounding: objective.rounding, eigenvectors: false
        ).run(CurvatureOperator(objective, at: theta))
        let top = spectrum.largest.first
        self.init(
            step: step, loss: loss, largestEigenvalue: top?.value ?? .nan, residual: top?.residual ?? .nan,
            gradientNorm: Vectors.norm(gradient), edge: edge(gradient))
    }

    private static let keys = (
        loss: "loss", eigenvalue: "lambda_max", residual: "lambda_residual", gradient: "gradient_norm",
        edge: "stability_edge"
    )

    /// As an epoch's record keeps it.
    public var measures: [String: Double] {
        var measures = [
            Self.keys.loss: loss, Self.keys.eigenvalue: largestEigenvalue, Self.keys.residual: residual,
            Self.keys.gradient: gradientNorm,
        ]
        measures[Self.keys.edge] = edge
        return measures
    }

    /// Nil where a record has none.
    public init?(step: Int, measures: [String: Double]) {
        guard let eigenvalue = measures[Self.keys.eigenvalue] else { return nil }
        func number(_ key: String) -> Double { measures[key] ?? .nan }
        self.init(
            step: step, loss: number(Self.keys.loss), largestEigenvalue: eigenvalue,
            residual: number(Self.keys.residual), gradientNorm: number(Self.keys.gradient),
            edge: measures[Self.keys.edge])
    }
}
