/// An objective from closures: any function, with as many derivatives as are given.
///
/// ```swift
/// let bowl = ClosureObjective(
///     dimension: 2, value: { 2 * $0[0] * $0[0] + $0[1] * $0[1] }, gradient: { [4 * $0[0], 2 * $0[1]] },
///     hessianVectorProduct: { _, v in [4 * v[0], 2 * v[1]] })
/// ```
public final class ClosureObjective: Objective {
    /// A function of θ.
    public typealias Value = (_ theta: [Double]) throws -> Double
    /// A vector of θ's length at θ.
    public typealias Gradient = (_ theta: [Double]) throws -> [Double]
    /// A symmetric matrix at θ times a vector.
    public typealias Product = (_ theta: [Double], _ vector: [Double]) throws -> [Double]

    /// P, the length of θ.
    public let dimension: Int
    private let value: Value
    private let gradient: Gradient?
    private let hessian: Product?, gaussNewton: Product?

    /// - Parameters:
    ///   - dimension: P, the length of θ.
    ///   - value: L(θ).
    ///   - gradient: ∇L(θ), P numbers. A worst case needs it.
    ///   - hessianVectorProduct: ∇²L(θ) v, P numbers. A spectrum needs it, and the audit of a slice uses it.
    ///   - gaussNewtonVectorProduct: G(θ) v, P numbers; only for spectra of the Gauss–Newton matrix.
    public init(
        dimension: Int, value: @escaping Value, gradient: Gradient? = nil, hessianVectorProduct: Product? = nil,
        gaussNewtonVectorProduct: Product? = nil
    ) {
        precondition(dimension > 0, "an objective of \(dimension) parameters")
        (self.dimension, self.value, self.gradient) = (dimension, value, gradient)
        (hessian, gaussNewton) = (hessianVectorProduct, gaussNewtonVectorProduct)
    }

    /// L(θ), and the accuracy where examples are classified.
    public func evaluate(at theta: [Double]) throws -> Evaluation { Evaluation(loss: try value(theta)) }

    /// L(θ) and ∇L(θ), P numbers.
    public func valueAndGradient(at theta: [Double]) throws -> (value: Double, gradient: [Double]) {
        guard let gradient else { throw ObjectiveError.noGradient }
        return (try value(theta), try checked(try gradient(theta)))
    }

    /// H v for each v, P numbers each.
    public func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        guard let hessian else { throw ObjectiveError.noHessian }
        return try vectors.map { try checked(try hessian(theta, $0)) }
    }

    /// G v for each v, P numbers each.
    public func gaussNewtonVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        guard let gaussNewton else { throw ObjectiveError.noGaussNewton }
        return try vectors.map { try checked(try gaussNewton(theta, $0)) }
    }

    private func checked(_ vector: [Double]) throws -> [Double] {
        guard vector.count == dimension else {
            throw ObjectiveError.wrongLength(found: vector.count, expected: dimension)
        }
        return vector
    }
}
