import Tensors

/// Hutchinson's estimator: tr H = E zᵀHz and ‖H‖_F² = E‖Hz‖², z of independent signs ±1.
///
/// Signs have the least variance for the trace, 2Σ_{i≠j}H²ᵢⱼ, so that a diagonal matrix takes one probe
/// (Hutchinson 1990, doi:10.1080/03610919008812866). The error falls as ‖H‖_F·√(2/m).
///
/// - Parameters:
///   - probes: m; one product each. 100 as in PyHessian's `trace(maxIter=100)`.
///   - blockSize: probes handed to the operator at once; 2·blockSize vectors are in memory. 4, ours.
/// - Throws: `MatrixFreeError`, and what the operator throws.
public func hutchinsonTrace(
    _ matrix: some LinearOperator, probes: Int = 100, blockSize: Int = 4, seed: UInt64 = 0
) throws -> TraceEstimate {
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

/// ‖H‖_F = √Σλ² by √(mean of ‖Hz‖²), z of independent signs ±1: the norm that `hutchinsonTrace` gives with the trace.
///
/// The mean of squares is unbiased; its root is low by about SE²/(2‖H‖_F), second order in the standard error.
public func frobeniusNorm(
    _ matrix: some LinearOperator, probes: Int = 100, blockSize: Int = 4, seed: UInt64 = 0
) throws -> StochasticEstimate {
    try hutchinsonTrace(matrix, probes: probes, blockSize: blockSize, seed: seed).frobeniusNorm
}
