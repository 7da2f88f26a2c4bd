import Tensors

/// The density of eigenvalues by stochastic Lanczos quadrature (Ghorbani, Krishnan, Xiao 2019, arXiv 1901.10159; Ubaru,
/// Chen, Saad 2017).
///
/// For a random unit vector v the measure Σᵢ (uᵢᵀv)² δ(λ − λᵢ) has the spectral density as its mean. m steps of Lanczos from
/// v, with full reorthogonalisation, give its m-point Gauss quadrature: exact for polynomials of degree 2m − 1.
///
/// - Parameters:
///   - probes: k; 10 as in Ghorbani et al.'s figure 1.
///   - steps: m; 90 as there. k·m products in all, fewer where a Krylov space is exhausted.
///   - sigma: of the Gaussian; nil for 1 % of the range of the nodes, ours.
///   - points: of the grid, which reaches 4σ beyond the extreme nodes; 1000, ours.
///   - memoryLimit: bytes for the Krylov bases. As many probes run side by side, sharing blocks of products, as fit.
///   - rounding: as in `lanczos`.
///   - progress: called after every block of products with the products made and the most there will be; false ends the
///     run with the probes finished so far (and throws `CancellationError` if there is none).
/// - Throws: `MatrixFreeError`, and what the operator throws.
public func stochasticLanczosQuadrature(
    _ matrix: some LinearOperator, probes: Int = 10, steps: Int = 90, sigma: Double? = nil, points: Int = 1000,
    memoryLimit: Int = 4 << 30, blockSize: Int = 4, seed: UInt64 = 0, rounding: Double = 0x1p-52,
    progress: (_ products: Int, _ most: Int) -> Bool = { _, _ in true }
) throws -> SpectralDensity {
    guard probes > 0, steps > 0, points > 1, blockSize > 0, sigma ?? 1 > 0 else {
        throw MatrixFreeError.invalidArgument(
            "spectral density: \(probes) probes of \(steps) steps, \(points) points, σ \(sigma ?? 0); expected positive numbers"
        )
    }
    var counter = try ProductCounter(matrix)
    let n = matrix.dimension
    let most = min(steps, n)
    let bytes = most * n * 8
    guard bytes <= memoryLimit else { throw MatrixFreeError.memoryLimit(found: memoryLimit, needed: bytes) }
    let together = min(blockSize, memoryLimit / bytes)
    let random = RandomNumbers(seed: seed).named("lanczos quadrature")

    var quadratures: [SpectralQuadrature] = []
    var cancelled = false
    for first in stride(from: 0, to: probes, by: together) where !cancelled {
        var processes = try (first..<min(first + together, probes)).map { index in
            try LanczosProcess(
                basis: KrylovBasis(dimension: n, capacity: most), start: random.named("probe \(index)").signs(n),
                random: random, rounding: rounding)
        }
        // An exhausted Krylov space makes the quadrature exact: that probe is done.
        func running() -> [Int] {
            processes.indices.filter { processes[$0].count < most && processes[$0].breakdowns == 0 }
        }
        while !cancelled {
            let active = running().compactMap { index in processes[index].next.map { (index, $0) } }
            if active.isEmpty { break }
            let results = try counter.apply(block: active.map(\.1))
            for ((index, x), product) in zip(active, results) { processes[index].absorb(x, product: product) }
            cancelled = !progress(counter.products, probes * most)
        }
        if cancelled && !running().isEmpty { break }
        for process in processes {
            let ritz = try process.projection.ritzValues()
            quadratures.append(
                SpectralQuadrature(
                    nodes: ritz.values, weights: ritz.first.map { $0 * $0 },
                    residuals: ritz.last.map { abs(process.coupling * $0) + process.dropped }))
        }
    }
    guard !quadratures.isEmpty else { throw CancellationError() }
    return describe(
        quadratures, sigma: sigma, points: points, steps: most, products: counter.products, dimension: n, seed: seed)
}

private func describe(
    _ quadratures: [SpectralQuadrature], sigma: Double?, points: Int, steps: Int, products: Int, dimension: Int,
    seed: UInt64
) -> SpectralDensity {
    let low = quadratures.map { $0.nodes.first ?? 0 }.min() ?? 0
    let high = quadratures.map { $0.nodes.last ?? 0 }.max() ?? 0
    // A spectrum of one value has no range to take a share of.
    let scale = high > low ? high - low : max(abs(high), 1)
    let width = sigma ?? 0.01 * scale
    let spacing = (high - low + 8 * width) / Double(points - 1)
    let grid = (0..<points).map { low - 4 * width + spacing * Double($0) }
    let curves = quadratures.map { SpectralDensity.broadened($0, sigma: width, at: grid) }
    let estimates = grid.indices.map { i in StochasticEstimate(samples: curves.map { $0[i] }) }
    return SpectralDensity(
        quadratures: quadratures, sigma: width, grid: grid, density: estimates.map(\.value),
        standardError: estimates.compactMap(\.standardError), steps: steps, products: products, dimension: dimension,
        seed: seed)
}
