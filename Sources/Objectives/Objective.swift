import Tensors

/// What the analyses see of a network and its data: a function of θ ∈ Rᴾ with exact derivatives.
///
/// All vectors are Float64 of length `dimension`; what is computed in Float32 is rounded on the way in.
public protocol Objective: AnyObject {
    /// P, the length of θ.
    var dimension: Int { get }

    /// L(θ), and the share of examples classified right where that is defined.
    func evaluate(at theta: [Double]) throws -> Evaluation

    /// L(θ + Σₖ cₖ dₖ) for each c of `coordinates`, with dₖ of `directions`. Several points at once cost less than one by one.
    func evaluate(at theta: [Double], along directions: [[Double]], coordinates: [[Double]]) throws -> [Evaluation]

    /// L(θ) and ∇L(θ).
    func valueAndGradient(at theta: [Double]) throws -> (value: Double, gradient: [Double])

    /// H v for each v, where H = ∇²L(θ); exact, no finite differences. Several at once cost less than one by one.
    func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]]

    /// G v for each v, where G = Jᵀ H_ℓ J is the Gauss–Newton matrix.
    func gaussNewtonVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]]

    /// F̂ v for each v, where F̂ = (1/n) Σ gᵢgᵢᵀ is the empirical Fisher matrix, gᵢ the gradient of example i's own loss. Objectives
    /// that are no mean over examples throw `ObjectiveError.noEmpiricalFisher`.
    func empiricalFisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]]
}

/// The value of an objective at a point.
public struct Evaluation: Sendable, Equatable {
    public let loss: Double
    /// In [0, 1]; nil for regression and for analytic objectives.
    public let accuracy: Double?

    public init(loss: Double, accuracy: Double? = nil) { (self.loss, self.accuracy) = (loss, accuracy) }
}

extension Objective {
    public func evaluate(at theta: [Double], along directions: [[Double]], coordinates: [[Double]]) throws
        -> [Evaluation]
    {
        try coordinates.map { try evaluate(at: Self.point(theta, along: directions, $0)) }
    }

    /// θ + Σₖ cₖ dₖ; θ itself, to the bit, where all cₖ are 0.
    static func point(_ theta: [Double], along directions: [[Double]], _ coordinates: [Double]) -> [Double] {
        var point = theta
        for (c, direction) in zip(coordinates, directions) where c != 0 { Vectors.add(c, direction, to: &point) }
        return point
    }

    public func empiricalFisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        throw ObjectiveError.noEmpiricalFisher
    }

    /// L(θ).
    public func value(at theta: [Double]) throws -> Double { try evaluate(at: theta).loss }

    /// H v.
    public func hessianVectorProduct(at theta: [Double], along v: [Double]) throws -> [Double] {
        try hessianVectorProducts(at: theta, along: [v])[0]
    }

    /// G v.
    public func gaussNewtonVectorProduct(at theta: [Double], along v: [Double]) throws -> [Double] {
        try gaussNewtonVectorProducts(at: theta, along: [v])[0]
    }
}
