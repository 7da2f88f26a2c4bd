import Objectives
import Tensors

/// The increase of the loss at the one step that SAM takes (Foret et al. 2021, arXiv 2010.01412): a gradient and a value, and no
/// more vectors than a step of a training holds. It bounds the worst case from below.
public struct OneStepSharpness: Sendable {
    /// L(θ + ε) − L(θ) at ε = ρ T²g/‖Tg‖₂, or ρ T sign(g) in the cube. May be infinite or NaN.
    public let increase: Double
    /// What the gradient alone says of it: ρ‖Tg‖₂, or ρ‖Tg‖₁ in the cube.
    public let firstOrder: Double
    /// ‖T⁻¹ε‖_p: ρ, or 0 where the gradient is 0.
    public let epsilonNorm: Double
    /// ε, P numbers.
    public let epsilon: [Double]

    /// - Parameters:
    ///   - theta: P numbers.
    ///   - value: L(θ).
    ///   - gradient: ∇L(θ), P numbers.
    /// - Throws: what the objective throws.
    public init(
        _ objective: any Objective, at theta: [Double], _ ball: Ball, value: Double, gradient: [Double]
    ) throws {
        let slope = ball.scaled(gradient), step = ball.farthest(along: slope)
        var ascent = Ascent(objective, at: theta, ball, base: value)
        increase = try ascent.increase(step)
        (firstOrder, epsilonNorm, epsilon) = (ball.support(slope), ball.length(step), ball.scaled(step))
    }
}
