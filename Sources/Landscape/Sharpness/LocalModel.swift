import MatrixFree
import Objectives
import Tensors

/// What worst-case searches around one θ share whatever the radius: value, gradient and the top of the spectrum of T H T.
public struct LocalModel: Sendable {
    /// L(θ).
    public let value: Double
    /// ∇L(θ), not scaled.
    public let gradient: [Double]
    /// λmax of T H T, with its unit vector.
    public let largestEigenvalue: Double
    let topVector: [Double]
    /// The diagonal of T; nil for the identity.
    let scaling: [Double]?
    /// Hessian products that it took.
    public let products: Int

    /// - Parameter tolerance: of λmax's residual; 1e-3, ours: it is a start for the search and an estimate.
    public init<O: Objective>(
        _ objective: O, at theta: [Double], scaling: [Double]? = nil, tolerance: Double = 1e-3, seed: UInt64 = 0
    ) throws {
        (value, gradient) = try objective.valueAndGradient(at: theta)
        let top = try lanczos(
            CurvatureOperator(objective, at: theta, scaling: scaling), largest: 1, tolerance: tolerance,
            maximumProducts: 200, seed: seed)
        (largestEigenvalue, topVector) = (top.largest[0].value, top.largestVectors[0])
        (self.scaling, products) = (scaling, top.products)
    }

    /// ∂L/∂z, z = T⁻¹ε.
    var slope: [Double] { Vectors.product(scaling, gradient) }
}
