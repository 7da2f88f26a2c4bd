import Networks
import Objectives
import Tensors

/// The gradient of a loss at a point, and how much of it lies in each tensor.
public struct GradientNorms: Sendable {
    /// L(θ) and the accuracy there.
    public let evaluation: Evaluation
    /// ∇L(θ), P numbers in the order of θ.
    public let gradient: [Double]
    /// ‖∇L(θ)‖₂.
    public let norm: Double
    /// The norm of each tensor's part, in the order of θ; empty where the tensors are not known.
    public let layers: [(name: String, norm: Double)]

    /// Computes the gradient.
    ///
    /// - Parameter layout: the tensors of θ; nil where θ is a plain vector.
    /// - Throws: what the objective throws.
    public init(_ objective: any Objective, at theta: [Double], layout: ParameterLayout? = nil) throws {
        let gradient = try objective.valueAndGradient(at: theta).gradient
        layers =
            layout.map { layout in
                layout.tensors.indices.map {
                    (layout.tensors[$0].name, Vectors.norm(Array(gradient[layout.range($0)])))
                }
            } ?? []
        (self.gradient, norm) = (gradient, Vectors.norm(gradient))
        evaluation = try objective.evaluate(at: theta)
    }
}
