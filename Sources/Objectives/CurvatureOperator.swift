import MatrixFree
import Tensors

/// Which matrix of second derivatives.
public enum CurvatureKind: String, Sendable, Codable, CaseIterable {
    /// ∇²L, with negative curvature.
    case hessian
    /// Jᵀ H_ℓ J, with H_ℓ the Hessian of an example's loss by the outputs.
    case ggn
    /// (1/n) Σ E[gᵢgᵢᵀ], with gᵢ the gradient of an example's loss for targets drawn from the model's own distribution
    /// (`Loss.hasModelDistribution`). Where an example's loss is a mean over K elements, it is the K-th part of the Gauss–Newton matrix.
    case fisher
    /// (1/n) Σ gᵢgᵢᵀ of the examples' own gradients at their labels: another matrix (Kunstner et al. 2019, arXiv 1905.12558), which
    /// nears the Fisher matrix only where the model is the truth.
    case empiricalFisher = "empirical-fisher"

    /// For `Lanczos`: matrices without negative eigenvalues end in zeros, which cannot be resolved from each other; that they are
    /// zero within a tenth of the tolerance times the spread is all there is to know. 0.1, ours.
    public var relativeFloor: Double { self == .hessian ? 1e-4 : 0.1 }
}

/// A curvature matrix of an objective at a point, as something that multiplies vectors. With a scaling T it is T H T.
public struct CurvatureOperator: LinearOperator {
    /// What is curved.
    public let objective: any Objective
    /// Where.
    public let theta: [Double]
    /// Which matrix.
    public let kind: CurvatureKind
    /// The diagonal of T; nil for the identity.
    public let scaling: [Double]?

    /// - Parameter scaling: the diagonal of T, P numbers; nil for the identity.
    public init(
        _ objective: any Objective, at theta: [Double], _ kind: CurvatureKind = .hessian, scaling: [Double]? = nil
    ) {
        (self.objective, self.theta, self.kind, self.scaling) = (objective, theta, kind, scaling)
    }

    /// P, the length of θ.
    public var dimension: Int { objective.dimension }

    /// The matrix times a vector, P numbers.
    public func apply(_ x: [Double]) throws -> [Double] { try apply(block: [x])[0] }

    /// The matrix times several vectors at once, P numbers each.
    public func apply(block: [[Double]]) throws -> [[Double]] {
        let vectors = block.map { Vectors.product(scaling, $0) }
        let products =
            switch kind {
            case .hessian: try objective.hessianVectorProducts(at: theta, along: vectors)
            case .ggn: try objective.gaussNewtonVectorProducts(at: theta, along: vectors)
            case .fisher: try objective.fisherVectorProducts(at: theta, along: vectors)
            case .empiricalFisher: try objective.empiricalFisherVectorProducts(at: theta, along: vectors)
            }
        return products.map { Vectors.product(scaling, $0) }
    }
}
