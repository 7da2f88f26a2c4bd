import Tensors

/// Hutchinson's estimator of the trace and the Frobenius norm: tr H = E zᵀHz and ‖H‖_F² = E‖Hz‖², z of independent
/// signs ±1.
///
///     let estimate = try Hutchinson(probes: 50).run(hessian)
///     print(estimate.trace.value, estimate.trace.standardError ?? .nan)
///
/// Signs have the least variance for the trace, 2Σ_{i≠j}H²ᵢⱼ, so that a diagonal matrix takes one probe
/// (Hutchinson 1990, doi:10.1080/03610919008812866). The error falls as ‖H‖_F·√(2/m).
///
/// The mean of squares is an unbiased estimate of ‖H‖_F². Its root is low by about SE²/(2‖H‖_F), second order in the
/// standard error.
public struct Hutchinson: Sendable, Equatable {
    /// m, the number of random vectors, at least 1; one product each. Default 100, as in PyHessian's
    /// `trace(maxIter=100)`.
    public var probes: Int
    /// Probes handed to the operator at once, at least 1; 2·blockSize vectors are in memory. Default 4, ours.
    public var blockSize: Int
    /// The seed of the probes. Default 0.
    public var seed: UInt64

    /// Settings for a run; each parameter is described at the property of its name.
    public init(probes: Int = 100, blockSize: Int = 4, seed: UInt64 = 0) {
        (self.probes, self.blockSize, self.seed) = (probes, blockSize, seed)
    }

    /// Estimates the trace and the Frobenius norm of H from the same products.
    ///
    /// - Throws: `MatrixFreeError` for settings that have no answer and for products that are not finite; what the
    ///   operator throws.
    public func run(_ matrix: some LinearOperator) throws -> TraceEstimate {
        guard probes > 0, blockSize > 0 else {
            throw MatrixFreeError.invalidArgument(
                "trace: \(probes) probes in blocks of \(blockSize); expected at least one")
        }
        var counter = try ProductCounter(matrix)
        let random = RandomNumbers(seed: seed).named("hutchinson")
        var forms: [Double] = []
        var squares: [Double] = []
        for first in stride(from: 0, to: probes, by: blockSize) {
            let block = (first..<min(first + blockSize, probes)).map {
                random.named("probe \($0)").signs(matrix.dimension)
            }
            for (z, product) in zip(block, try counter.apply(block: block)) {
                forms.append(Vectors.dot(z, product))
                let norm = Vectors.norm(product)
                squares.append(norm * norm)
            }
        }
        return TraceEstimate(
            method: .hutchinson, trace: StochasticEstimate(samples: forms),
            frobeniusNorm: StochasticEstimate(samples: squares).squareRoot, probes: probes, sketchRank: 0,
            products: counter.products, seed: seed)
    }
}
