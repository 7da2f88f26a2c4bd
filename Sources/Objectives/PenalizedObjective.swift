import Tensors

/// An objective with the term that weight decay minimises: L(θ) + ½λ‖θ‖². Gradients of `SGD` with weight decay λ are those of
/// this sum; every parameter decays, biases and norm scales too, as they do in training.
///
/// H + λI takes the place of H. The term is half a sum of squares, so its own Gauss–Newton matrix is λI: G + λI takes the place
/// of G. It is no part of any example's loss, and the empirical Fisher matrix is not defined with it.
public final class PenalizedObjective: Objective {
    /// The objective without the term.
    public let base: any Objective
    /// λ; with 0 this is the base itself.
    public let weightDecay: Double

    /// - Precondition: a finite weight decay of 0 or more.
    public init(_ base: any Objective, weightDecay: Double) {
        precondition(weightDecay >= 0 && weightDecay.isFinite, "a weight decay of \(weightDecay)")
        (self.base, self.weightDecay) = (base, weightDecay)
    }

    /// P, the length of θ.
    public var dimension: Int { base.dimension }
    /// Bytes that an analysis may take for vectors of θ's length.
    public var vectorMemory: Int { base.vectorMemory }
    /// The relative rounding error of a product.
    public var rounding: Double { base.rounding }

    private func penalized(_ evaluation: Evaluation, at theta: [Double]) -> Evaluation {
        guard weightDecay != 0 else { return evaluation }
        let penalty = 0.5 * weightDecay * Vectors.dot(theta, theta)
        return Evaluation(loss: evaluation.loss + penalty, accuracy: evaluation.accuracy)
    }

    /// L(θ), and the accuracy where examples are classified.
    public func evaluate(at theta: [Double]) throws -> Evaluation {
        penalized(try base.evaluate(at: theta), at: theta)
    }

    /// L(θ + Σₖ cₖ dₖ) for each c of `coordinates`.
    public func evaluate(at theta: [Double], along directions: [[Double]], coordinates: [[Double]]) throws
        -> [Evaluation]
    {
        let evaluations = try base.evaluate(at: theta, along: directions, coordinates: coordinates)
        guard weightDecay != 0 else { return evaluations }
        return zip(evaluations, coordinates).map { evaluation, coordinates in
            penalized(evaluation, at: Self.point(theta, along: directions, coordinates))
        }
    }

    /// That of the base: the term is the same for all examples.
    public func standardError(at theta: [Double]) throws -> Double? { try base.standardError(at: theta) }

    /// L(θ) and ∇L(θ), P numbers.
    public func valueAndGradient(at theta: [Double]) throws -> (value: Double, gradient: [Double]) {
        var (value, gradient) = try base.valueAndGradient(at: theta)
        guard weightDecay != 0 else { return (value, gradient) }
        value += 0.5 * weightDecay * Vectors.dot(theta, theta)
        Vectors.add(weightDecay, theta, to: &gradient)
        return (value, gradient)
    }

    /// H v for each v, P numbers each.
    public func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        shifted(try base.hessianVectorProducts(at: theta, along: vectors), vectors)
    }

    /// G v for each v, P numbers each.
    public func gaussNewtonVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        shifted(try base.gaussNewtonVectorProducts(at: theta, along: vectors), vectors)
    }

    /// F v for each v, P numbers each.
    public func fisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        guard weightDecay == 0 else { throw ObjectiveError.noFisher(loss: nil) }
        return try base.fisherVectorProducts(at: theta, along: vectors)
    }

    /// F̂ v for each v, P numbers each.
    public func empiricalFisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        guard weightDecay == 0 else { throw ObjectiveError.noEmpiricalFisher }
        return try base.empiricalFisherVectorProducts(at: theta, along: vectors)
    }

    /// A v + λv.
    private func shifted(_ products: [[Double]], _ vectors: [[Double]]) -> [[Double]] {
        guard weightDecay != 0 else { return products }
        return zip(products, vectors).map { Vectors.sum($0, weightDecay, $1) }
    }
}
