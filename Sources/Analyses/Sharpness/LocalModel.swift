import MatrixFree
import Objectives
import Tensors

/// What worst-case searches around one θ share whatever the radius: value, gradient and the top of the spectrum of T H T.
public struct LocalModel: Sendable {
    /// L(θ).
    public let value: Double
    /// ∇L(θ), not scaled.
    public let gradient: [Double]
    /// λmax of T H T with the residual of its vector.
    public let largestEigenvalue: Double, residual: Double
    /// Unit vectors of the largest eigenvalues, descending; at least one.
    let topVectors: [[Double]]
    /// The diagonal of T; nil for the identity.
    let scaling: [Double]?
    /// Hessian products that it took.
    public let products: Int

    /// - Parameters:
    ///   - vectors: how many of the largest eigenvalues.
    ///   - start: a vector that may be near the top eigenvector, such as that of a part of the data; nil for the gradient.
    ///   - memoryLimit: bytes for the Krylov basis.
    ///   - tolerance: of the residuals; 1e-3, ours: they are starts for the search and an estimate.
    public init(
        _ objective: any Objective, at theta: [Double], scaling: [Double]? = nil, vectors: Int = 1,
        start: [Double]? = nil,
        tolerance: Double = 1e-3, memoryLimit: Int = 4 << 30, seed: UInt64 = 0,
        progress: (LanczosProgress) -> Bool = { _ in true }
    ) throws {
        (value, gradient) = try objective.valueAndGradient(at: theta)
        let random = RandomNumbers(seed: seed).named("local model").normals(theta.count)
        // Near a minimum the gradient lies along the top eigenvectors.
        let guess = start ?? Vectors.product(scaling, gradient), length = Vectors.norm(guess)
        // A tenth of a random vector: a start without a part of the top eigenvector would never find it.
        let near = length > 0 && length.isFinite ? Vectors.sum(guess, 0.1 * length / Vectors.norm(random), random) : nil
        let top = try Lanczos(
            largest: vectors, tolerance: tolerance, maximumProducts: 200, memoryLimit: memoryLimit, seed: seed
        ).run(CurvatureOperator(objective, at: theta, scaling: scaling), start: near, progress: progress)
        (largestEigenvalue, residual, topVectors) = (
            top.largest[0].value, top.largest[0].residual, top.largestVectors
        )
        (self.scaling, products) = (scaling, top.products)
    }

    var topVector: [Double] { topVectors[0] }

    /// ∂L/∂z, z = T⁻¹ε.
    var slope: [Double] { Vectors.product(scaling, gradient) }
}
