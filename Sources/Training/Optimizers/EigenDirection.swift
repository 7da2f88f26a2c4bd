import Objectives
import Tensors

/// The climb of Eigen-SAM (Luo et al. 2024, arXiv 2501.12666): SAM's along the unit gradient ĝ, and beside it along the part of the
/// Hessian's top eigenvector v that is orthogonal to ĝ, on the side where the loss rises,
///
///     ε = ρ (ĝ + α sign(ĝᵀv) (v − (ĝᵀv) ĝ)).
///
/// ‖ε‖ is ρ√(1 + α² (1 − (ĝᵀv)²)), a little more than ρ, as in the authors' code (RitianLuo/EigenSAM). v is estimated on a step's batch
/// every so many steps, by five power iterations from the last v, with the stored statistics of batch normalisation, as there. Here the
/// first step has one, too, from a random start, and the batch is not augmented for it.
public struct EigenDirection: Sendable, Hashable {
    /// α: how much of the eigenvector is added. 0.2, the default of the authors' code; 0 is SAM.
    public let alpha: Double

    /// The direction for α.
    public init(alpha: Double = 0.2) { self.alpha = alpha }

    /// Power iterations of an estimate: 5, the authors'.
    static let products = 5

    /// ĝ + α sign(ĝᵀv) (v − (ĝᵀv) ĝ); a gradient of 0 gives 0.
    ///
    /// - Parameter vector: v, of length 1.
    /// - Precondition: vectors of the same length.
    public func direction(_ gradient: [Double], vector: [Double]) -> [Double] {
        var unit = gradient
        Vectors.scale(&unit, by: 1 / (Vectors.norm(gradient) + SharpnessAwareAscent.leastNorm))
        let share = Vectors.dot(unit, vector)
        guard share != 0 else { return unit }
        let side = share > 0 ? alpha : -alpha
        Vectors.scale(&unit, by: 1 - side * share)
        Vectors.add(side, vector, to: &unit)
        return unit
    }

    /// Power iterations towards the eigenvector of the largest |λ|, which has length 1.
    ///
    /// - Parameter start: the last v; nil for a random one.
    /// - Throws: what the objective throws.
    static func vector(
        of objective: any Objective, at theta: [Double], from start: [Double]?, seed: UInt64
    ) throws -> [Double] {
        var vector = start ?? RandomNumbers(seed: seed).named("eigensam").normals(theta.count)
        for _ in 0..<products {
            let product = try objective.hessianVectorProduct(at: theta, along: vector)
            let length = Vectors.norm(product)
            // Nothing curves: any direction is as good.
            guard length > 0, length.isFinite else { break }
            vector = product
            Vectors.scale(&vector, by: 1 / length)
        }
        let length = Vectors.norm(vector)
        Vectors.scale(&vector, by: length > 0 ? 1 / length : 0)
        return vector
    }
}
