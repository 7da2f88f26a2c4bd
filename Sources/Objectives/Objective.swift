import Tensors

/// A function of θ ∈ Rᴾ with exact derivatives: all that the analyses see of a network and its data.
///
/// All vectors are Float64 of length `dimension`. What is computed in Float32 is rounded on the way in. Only a value is required:
/// whoever calls for a derivative that an objective does not have gets an `ObjectiveError` that names it.
public protocol Objective: AnyObject {
    /// P, the length of θ.
    var dimension: Int { get }

    /// L(θ), and the share of examples classified right where that is defined.
    func evaluate(at theta: [Double]) throws -> Evaluation

    /// L(θ + Σₖ cₖ dₖ) for each c of `coordinates`, with dₖ of `directions`.
    ///
    /// Where all cₖ are 0 it has the bits of `evaluate(at:)`. By default points are evaluated one by one.
    func evaluate(at theta: [Double], along directions: [[Double]], coordinates: [[Double]]) throws -> [Evaluation]

    /// L(θ) and ∇L(θ), P numbers.
    ///
    /// - Throws: `ObjectiveError.noGradient` by default.
    func valueAndGradient(at theta: [Double]) throws -> (value: Double, gradient: [Double])

    /// H v for each v, where H = ∇²L(θ): exact, no finite differences. Several at once cost less than one by one.
    ///
    /// - Throws: `ObjectiveError.noHessian` by default.
    func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]]

    /// G v for each v, where G = Jᵀ H_ℓ J is the Gauss–Newton matrix.
    ///
    /// - Throws: `ObjectiveError.noGaussNewton` by default.
    func gaussNewtonVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]]

    /// F v for each v, where F = (1/n) Σ E[gᵢgᵢᵀ] is the Fisher matrix: gᵢ is the gradient of example i's own loss, and its targets are drawn
    /// from the model's own distribution of them.
    ///
    /// - Throws: `ObjectiveError.noFisher` by default, for what has no model of targets.
    func fisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]]

    /// F̂ v for each v, where F̂ = (1/n) Σ gᵢgᵢᵀ is the empirical Fisher matrix, gᵢ the gradient of example i's own loss.
    ///
    /// - Throws: `ObjectiveError.noEmpiricalFisher` by default, for what is no mean over examples.
    func empiricalFisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]]

    /// The standard error of L(θ) as a mean over examples that were drawn at random: s/√n, s the deviation of the examples' losses. With
    /// weights, that of Σ wℓ / Σ w to first order. Nil by default, and where examples have no losses of their own.
    func standardError(at theta: [Double]) throws -> Double?

    /// Bytes that an analysis may take for vectors of θ's length, such as a Krylov basis; 4 GiB by default, which holds 500 vectors
    /// of a million parameters.
    var vectorMemory: Int { get }

    /// The relative rounding error of a product: 2⁻⁵² by default, 2⁻²³ for what is computed in Float32.
    var rounding: Double { get }
}

/// An objective that is a mean over examples, and is known for any part of them, too.
public protocol ExampleObjective: Objective {
    /// n.
    var examples: Int { get }

    /// Whether it is a mean over examples that can be taken apart; false for a loss of fixed batches.
    var hasParts: Bool { get }

    /// The mean over some of the examples alone, by their numbers from 0.
    func restricted(to examples: [Int]) throws -> any Objective

    /// How much some of the examples count in the mean: as many as they are by default. Of a loss whose elements have weights, or labels
    /// that do not count, the sum of the weights.
    func weight(of examples: [Int]) throws -> Double

    /// Examples of each class, by their numbers from 0: one element a class, empty for a class without any. None by default, and
    /// where examples have no class or more than one.
    var classes: [[Int]] { get }

    /// As `classes`, but all examples of each, however many they are.
    var examplesByClass: [[Int]] { get }
}

extension ExampleObjective {
    /// True.
    public var hasParts: Bool { true }

    /// As many as they are.
    public func weight(of examples: [Int]) -> Double { Double(examples.count) }

    /// None.
    public var classes: [[Int]] { [] }

    /// `classes`.
    public var examplesByClass: [[Int]] { classes }
}

/// The value of an objective at a point.
public struct Evaluation: Sendable, Equatable {
    /// L.
    public let loss: Double
    /// In [0, 1]; nil for regression and for analytic objectives; NaN where the loss is, because outputs that are NaN
    /// choose no class.
    public let accuracy: Double?

    /// - Parameter accuracy: in [0, 1]; nil where nothing is classified.
    public init(loss: Double, accuracy: Double? = nil) {
        (self.loss, self.accuracy) = (loss, loss.isNaN ? accuracy.map { _ in .nan } : accuracy)
    }
}

extension Objective {
    /// Evaluates the points one by one.
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

    /// Nil.
    public func standardError(at theta: [Double]) throws -> Double? { nil }

    /// - Throws: `ObjectiveError.noGradient`.
    public func valueAndGradient(at theta: [Double]) throws -> (value: Double, gradient: [Double]) {
        throw ObjectiveError.noGradient
    }

    /// - Throws: `ObjectiveError.noHessian`.
    public func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        throw ObjectiveError.noHessian
    }

    /// - Throws: `ObjectiveError.noGaussNewton`.
    public func gaussNewtonVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        throw ObjectiveError.noGaussNewton
    }

    /// - Throws: `ObjectiveError.noFisher`.
    public func fisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        throw ObjectiveError.noFisher(loss: nil)
    }

    /// - Throws: `ObjectiveError.noEmpiricalFisher`.
    public func empiricalFisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        throw ObjectiveError.noEmpiricalFisher
    }

    /// 4 GiB.
    public var vectorMemory: Int { 4 << 30 }
    /// 2⁻⁵².
    public var rounding: Double { 0x1p-52 }

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
