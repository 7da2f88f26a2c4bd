import Essentials
import MatrixFree
import Objectives
import Tensors

/// The curvature of the mean loss over the examples of one class, H_c. The whole H is the mean of all H_c, weighted by their shares.
///
/// Outliers of the spectrum belong to classes: they lie in the span of the classes' mean gradients (Papyan 2019, arXiv 1901.08244; 2020,
/// arXiv 2008.11865).
public struct ClassCurvature: Sendable, Codable {
    /// The class, from 0.
    public let label: Int
    /// Its examples, and how much they count of all.
    public let examples: Int, share: Double
    /// The algebraically largest eigenvalues of H_c, descending, and ‖H_c v − λv‖ of each.
    public let eigenvalues: [Double], residuals: [Double]
    /// Whether all reached the tolerance.
    public let converged: Bool
    /// tr H_c.
    public let trace: StochasticEstimate
    /// ‖∇L_c(θ)‖₂.
    public let gradientNorm: Double
    /// |cos| of the angle between ∇L_c(θ) and each of the largest eigenvectors of the whole H; NaN where the gradient is 0.
    public let overlaps: [Double]
    /// Products made.
    public let products: Int

    enum CodingKeys: String, CodingKey {
        case label, examples, share, eigenvalues, residuals, converged, trace, overlaps, products
        case gradientNorm = "gradient_norm"
    }

    /// - Parameters:
    ///   - part: the mean over the class's examples.
    ///   - vectors: the whole matrix's largest eigenvectors.
    init(
        _ label: Int, examples: Int, share: Double, _ part: any Objective, at theta: [Double], kind: CurvatureKind,
        largest: Int, tolerance: Double, maximumProducts: Int, probes: Int, seed: UInt64, vectors: [[Double]],
        monitor: Monitor
    ) throws {
        (self.label, self.examples, self.share) = (label, examples, share)
        let curvature = CurvatureOperator(part, at: theta, kind)
        let gradient = try part.valueAndGradient(at: theta).gradient, norm = Vectors.norm(gradient)
        overlaps = vectors.map { norm > 0 ? min(1, abs(Vectors.dot($0, gradient)) / norm) : .nan }
        gradientNorm = norm
        let estimate = try HutchPlusPlus(products: probes, seed: seed).run(curvature)
        trace = estimate.trace
        guard largest > 0 else {
            (eigenvalues, residuals, converged, products) = ([], [], true, estimate.products)
            return
        }
        let found = try monitor.following("class \(label)") {
            try Lanczos(
                largest: largest, tolerance: tolerance, relativeFloor: kind.relativeFloor,
                maximumProducts: maximumProducts, memoryLimit: part.vectorMemory, seed: seed, rounding: part.rounding,
                eigenvectors: false
            ).run(curvature, progress: $0)
        }
        (eigenvalues, residuals) = (found.largest.map(\.value), found.largest.map(\.residual))
        (converged, products) = (found.converged, found.products + estimate.products)
    }
}
