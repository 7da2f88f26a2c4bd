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
    /// The maximisers of the quadratic model gᵀε + ½εᵀHε in balls of the radii that were asked for, as far as few products more than those
    /// for λmax gave them.
    let quadraticMaxima: [QuadraticMaximum]
    /// Hessian products that it took.
    public let products: Int

    /// The residual of the quadratic model's maximiser, relative to ‖g‖. 1e-3, ours: it is a start and an estimate.
    static let quadraticTolerance = 1e-3

    /// - Parameters:
    ///   - radii: of ℓ2 balls in which the quadratic model is maximised, too, from the Krylov space of λmax.
    ///   - vectors: how many of the largest eigenvalues.
    ///   - start: a vector that may be near the top eigenvector, such as that of a part of the data; nil for the gradient.
    ///   - memoryLimit: bytes for the Krylov basis.
    ///   - tolerance: of the residuals; 1e-3, ours: they are starts for the search and an estimate.
    public init(
        _ objective: any Objective, at theta: [Double], scaling: [Double]? = nil, radii: [Double] = [],
        vectors: Int = 1, start: [Double]? = nil,
        tolerance: Double = 1e-3, memoryLimit: Int = 4 << 30, seed: UInt64 = 0,
        progress: (LanczosProgress) -> Bool = { _ in true }
    ) throws {
        (value, gradient) = try objective.valueAndGradient(at: theta)
        let random = RandomNumbers(seed: seed).named("local model").normals(theta.count)
        // Near a minimum the gradient lies along the top eigenvectors.
        let slope = Vectors.product(scaling, gradient), guess = start ?? slope, length = Vectors.norm(guess)
        // A tenth of a random vector: a start without a part of the top eigenvector would never find it.
        let near = length > 0 && length.isFinite ? Vectors.sum(guess, 0.1 * length / Vectors.norm(random), random) : nil
        let curvature = CurvatureOperator(objective, at: theta, scaling: scaling)
        var maxima: [QuadraticMaximum] = []
        let top = try Lanczos(
            largest: vectors, tolerance: tolerance, maximumProducts: 200, memoryLimit: memoryLimit, seed: seed
        ).run(curvature, start: near, progress: progress) { space in
            // Each takes two vectors. What needs more than the space itself took is left to a search of its own.
            let size = space.basis.count, room = (max(0, memoryLimit) / (8 * theta.count) - size) / 2 - 4
            let most = min(size, room)
            guard most > 0 else { return }
            maxima = try radii.map {
                try GeneralizedLanczosTrustRegion(
                    radius: $0, tolerance: Self.quadraticTolerance, maximumProducts: most
                ).run(curvature, in: space, gradient: slope)
            }
        }
        (largestEigenvalue, residual, topVectors) = (
            top.largest[0].value, top.largest[0].residual, top.largestVectors
        )
        (self.scaling, quadraticMaxima) = (scaling, maxima.filter(\.converged))
        products = top.products + maxima.reduce(0) { $0 + $1.products }
    }

    var topVector: [Double] { topVectors[0] }

    /// ∂L/∂z, z = T⁻¹ε.
    var slope: [Double] { Vectors.product(scaling, gradient) }
}

extension Ball {
    /// The radii in which a quadratic model is maximised: that of an ℓ2 ball.
    var quadraticRadii: [Double] { norm == .l2 ? [radius] : [] }
}
