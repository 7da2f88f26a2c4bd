import Tensors

/// c + gᵀθ + ½ θᵀAθ with a dense symmetric A (row-major, P × P). Its Gauss–Newton matrix is taken to be A.
public final class QuadraticObjective: Objective {
    /// P, the length of θ.
    public let dimension: Int
    /// A, row-major, P × P; g; and c.
    public let matrix: [Double], linear: [Double], constant: Double

    /// - Precondition: a matrix of P × P elements, symmetric.
    public init(matrix: [Double], linear: [Double], constant: Double = 0) {
        precondition(
            matrix.count == linear.count * linear.count, "a \(matrix.count)-element matrix for \(linear.count) unknowns"
        )
        dimension = linear.count
        (self.matrix, self.linear, self.constant) = (matrix, linear, constant)
    }

    private func applied(_ v: [Double]) -> [Double] {
        (0..<dimension).map { i in (0..<dimension).reduce(0) { $0 + matrix[i * dimension + $1] * v[$1] } }
    }

    /// L(θ), and the accuracy where examples are classified.
    public func evaluate(at theta: [Double]) -> Evaluation { Evaluation(loss: value(at: theta)) }
    /// L(θ).
    public func value(at theta: [Double]) -> Double {
        constant + Vectors.dot(linear, theta) + 0.5 * Vectors.dot(theta, applied(theta))
    }
    /// L(θ) and ∇L(θ), P numbers.
    public func valueAndGradient(at theta: [Double]) -> (value: Double, gradient: [Double]) {
        (value(at: theta), Vectors.sum(linear, 1, applied(theta)))
    }
    /// H v for each v, P numbers each.
    public func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] {
        vectors.map(applied)
    }
    /// G v for each v, P numbers each.
    public func gaussNewtonVectorProducts(at theta: [Double], along vectors: [[Double]]) -> [[Double]] {
        vectors.map(applied)
    }
}

/// Rosenbrock's function (1 − x)² + 100 (y − x²)² of θ = (x, y); as a least-squares problem its residuals are √2(1 − x) and
/// √200 (y − x²), which gives the Gauss–Newton matrix.
public final class RosenbrockObjective: Objective {
    /// P, the length of θ.
    public let dimension = 2
    /// The function of two variables.
    public init() {}

    /// L(θ), and the accuracy where examples are classified.
    public func evaluate(at t: [Double]) -> Evaluation { Evaluation(loss: value(at: t)) }
    /// L(θ).
    public func value(at t: [Double]) -> Double {
        let r = t[1] - t[0] * t[0]
        return (1 - t[0]) * (1 - t[0]) + 100 * r * r
    }
    /// L(θ) and ∇L(θ), P numbers.
    public func valueAndGradient(at t: [Double]) -> (value: Double, gradient: [Double]) {
        let r = t[1] - t[0] * t[0]
        return (value(at: t), [-2 * (1 - t[0]) - 400 * t[0] * r, 200 * r])
    }
    /// H v for each v, P numbers each.
    public func hessianVectorProducts(at t: [Double], along vectors: [[Double]]) -> [[Double]] {
        let a = 2 - 400 * t[1] + 1200 * t[0] * t[0], b = -400 * t[0]
        return vectors.map { [a * $0[0] + b * $0[1], b * $0[0] + 200 * $0[1]] }
    }
    /// G v for each v, P numbers each.
    public func gaussNewtonVectorProducts(at t: [Double], along vectors: [[Double]]) -> [[Double]] {
        let a = 2 + 800 * t[0] * t[0], b = -400 * t[0]
        return vectors.map { [a * $0[0] + b * $0[1], b * $0[0] + 200 * $0[1]] }
    }
}
