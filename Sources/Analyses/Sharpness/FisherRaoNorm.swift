import Objectives
import Tensors

/// The Fisher–Rao norm of a network's weights (Liang et al. 2019, arXiv 1711.01530), with the Gauss–Newton matrix G: θᵀGθ, one product.
///
/// Rescaling of layers that leaves the network's function as it is leaves it as it is. For cross-entropy, G is the Fisher matrix with targets
/// drawn from the model. Of a ReLU network without biases of L layers it is L² E[fᵀH_ℓ f], f being the outputs and H_ℓ the Hessian of the
/// loss by them.
public struct FisherRaoNorm: Sendable, Codable, Equatable {
    /// θᵀGθ, the square of the norm.
    public let value: Double

    /// The norm, √(θᵀGθ).
    public var norm: Double { max(0, value).squareRoot() }

    /// - Throws: what the objective throws, such as `ObjectiveError.noGaussNewton`.
    public init(_ objective: any Objective, at theta: [Double]) throws {
        value = Vectors.dot(theta, try objective.gaussNewtonVectorProduct(at: theta, along: theta))
    }
}
