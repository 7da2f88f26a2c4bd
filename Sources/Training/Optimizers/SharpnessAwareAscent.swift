import Networks
import Tensors

/// The climb of sharpness-aware minimisation, to θ + ε, where the gradient for the step is taken.
///
/// SAM (Foret et al. 2021, arXiv 2010.01412): ε = ρ g/(‖g‖₂ + 1e-12). ASAM (Kwon et al. 2021, arXiv 2102.11600):
/// ε = ρ T²g/(‖Tg‖₂ + 1e-12) with T = |θ| + η on weights and 1 on biases and normalisation parameters. The authors' code has T = |θ| + η on
/// every parameter with "weight" in its name, so on normalisation scales, too.
///
/// Some tensors alone may be perturbed: g is then their part of the gradient, also in ‖g‖, and ε is 0 elsewhere. With the scales and shifts
/// of normalisation layers that is SAM-ON (Mueller et al. 2023, arXiv 2306.04226).
public struct SharpnessAwareAscent: Sendable, Hashable {
    /// What T is.
    public enum Scaling: Sendable, Hashable {
        /// 1: SAM.
        case none
        /// |θ| + η on tensors of two or more dimensions, 1 on others: ASAM, but for normalisation scales.
        case weights(eta: Double)
        /// |θ| + η on every parameter.
        case all(eta: Double)
    }

    /// ρ, the length of ε (of T⁻¹ε where T is not 1).
    public let rho: Double
    /// What T is; 1 by default.
    public let scaling: Scaling
    /// λ of the penalty ½λ‖θ‖² that counts to the loss that is climbed; 0 by default, where decay is the base optimiser's affair.
    public let weightDecay: Double

    /// The names of the tensors that are perturbed; nil for all.
    public let perturbed: Set<String>?

    /// Keeps a zero gradient from dividing by zero, as in Foret's code.
    static let leastNorm = 1e-12

    /// A climb of radius ρ.
    public init(rho: Double, scaling: Scaling = .none, weightDecay: Double = 0, perturbed: Set<String>? = nil) {
        (self.rho, self.scaling, self.weightDecay, self.perturbed) = (rho, scaling, weightDecay, perturbed)
    }

    /// ε at θ for the gradient there.
    public func perturbation(at theta: [Double], gradient: [Double], layout: ParameterLayout) -> [Double] {
        precondition(
            theta.count == layout.count && gradient.count == layout.count,
            "θ of length \(theta.count) and a gradient of \(gradient.count) for \(layout.count) parameters")
        return perturbation(at: theta, along: penalized(gradient, at: theta), layout: layout)
    }

    /// g + λθ, the gradient of the loss that is climbed.
    func penalized(_ gradient: [Double], at theta: [Double]) -> [Double] {
        weightDecay == 0 ? gradient : Vectors.sum(gradient, weightDecay, theta)
    }

    /// ε along a direction that has all that it is made of.
    ///
    /// - Parameter isUnit: whether its length is one that ρ multiplies as it is.
    func perturbation(
        at theta: [Double], along direction: [Double], layout: ParameterLayout, isUnit: Bool = false
    ) -> [Double] {
        var climbed = direction
        if let perturbed {
            for (index, tensor) in layout.tensors.enumerated() where !perturbed.contains(tensor.name) {
                for i in layout.range(index) { climbed[i] = 0 }
            }
        }
        for (index, tensor) in layout.tensors.enumerated() {
            if let eta = eta(of: tensor) { Self.multiply(&climbed, by: theta, eta, layout.range(index)) }
        }
        Vectors.scale(&climbed, by: isUnit ? rho : rho / (Vectors.norm(climbed) + Self.leastNorm))
        for (index, tensor) in layout.tensors.enumerated() {
            if let eta = eta(of: tensor) { Self.multiply(&climbed, by: theta, eta, layout.range(index)) }
        }
        return climbed
    }

    /// η where T is |θ| + η, nil where it is 1.
    private func eta(of tensor: TensorSpecification) -> Double? {
        switch scaling {
        case .none: nil
        case .weights(let eta): tensor.shape.count >= 2 ? eta : nil
        case .all(let eta): eta
        }
    }

    /// v ← (|θ| + η) v in a range.
    private static func multiply(_ vector: inout [Double], by theta: [Double], _ eta: Double, _ range: Range<Int>) {
        vector.withUnsafeMutableBufferPointer { vector in
            theta.withUnsafeBufferPointer { theta in
                for i in range { vector[i] *= abs(theta[i]) + eta }
            }
        }
    }
}
