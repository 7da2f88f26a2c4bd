import Foundation
import Tensors

/// The density of eigenvalues by stochastic Lanczos quadrature (Ghorbani, Krishnan, Xiao 2019, arXiv 1901.10159; Ubaru,
/// Chen, Saad 2017, doi:10.1137/16M1104974).
///
/// For a random unit vector v the measure Σᵢ (uᵢᵀv)² δ(λ − λᵢ) has the spectral density as its mean. m steps of Lanczos
/// from v, with full reorthogonalisation, give its m-point Gauss quadrature: exact for polynomials of degree 2m − 1.
///
///     let density = try StochasticLanczosQuadrature(probes: 4, steps: 40).run(hessian)
public struct StochasticLanczosQuadrature: Sendable, Equatable {
    /// k, the number of random vectors, at least 1. Default 10, as in Ghorbani et al.'s figure 1.
    public var probes: Int
    /// m, the Lanczos steps for each probe, at least 1; more than P counts as P. k·m products in all, fewer where a
    /// Krylov space is exhausted. Default 90, as there.
    public var steps: Int
    /// σ of the Gaussian that every node is broadened to, positive; nil, the default, for 1 % of the range of the
    /// nodes, ours.
    public var sigma: Double?
    /// The points of the grid, at least 2; it reaches 4σ beyond the extreme nodes. Default 1000, ours.
    public var points: Int
    /// Bytes for the Krylov bases, at least 8P·m. As many probes run side by side, sharing blocks of products, as fit.
    /// Default 4 GiB, as in `Lanczos`.
    public var memoryLimit: Int
    /// The most probes that run side by side, at least 1. Default 4, ours.
    public var blockSize: Int
    /// The seed of the probes. Default 0.
    public var seed: UInt64
    /// The relative rounding error of a product. Default 2⁻⁵², for products made in Float64; 2⁻²³ is Float32's.
    public var rounding: Double

    /// Settings for a run; each parameter is described at the property of its name.
    public init(
        probes: Int = 10, steps: Int = 90, sigma: Double? = nil, points: Int = 1000, memoryLimit: Int = 4 << 30,
        blockSize: Int = 4, seed: UInt64 = 0, rounding: Double = 0x1p-52
    ) {
        (self.probes, self.steps, self.sigma, self.points) = (probes, steps, sigma, points)
        (self.memoryLimit, self.blockSize, self.seed, self.rounding) = (memoryLimit, blockSize, seed, rounding)
    }

    /// Estimates the density of H's eigenvalues.
    ///
    /// - Parameters:
    ///   - matrix: H, P × P.
    ///   - progress: called after every block of products with the products made and the most there will be; false ends
    ///     the run with the probes finished so far.
    ///   - part: given the numbers of probes that run side by side and their run, runs that, or takes what it gave before.
    /// - Throws: `MatrixFreeError` for settings that have no answer and for products that are not finite;
    ///   `CancellationError` where `progress` ends the run before a probe is finished; what the operator throws.
    public func run(
        _ matrix: some LinearOperator, progress: (_ products: Int, _ most: Int) -> Bool = { _, _ in true },
        part:
            @escaping (_ probes: Range<Int>, _ run: () throws -> [SpectralQuadrature]) throws -> [SpectralQuadrature] =
            { try $1() }
    ) throws -> SpectralDensity {
        guard probes > 0, steps > 0, points > 1, blockSize > 0, sigma ?? 1 > 0 else {
            throw MatrixFreeError.invalidArgument(
                "spectral density: \(probes) probes of \(steps) steps, \(points) points, σ \(sigma ?? 0); expected positive numbers"
            )
        }
        var counter = try ProductCounter(matrix)
        let n = matrix.dimension
        let most = min(steps, n)
        let bytes = bytes(of: most, vectors: n)
        guard bytes <= memoryLimit else { throw MatrixFreeError.memoryLimit(found: memoryLimit, needed: bytes) }
        let (all, isBeyondCounting) = probes.multipliedReportingOverflow(by: most)
        let total = isBeyondCounting ? .max : all
        let together = min(blockSize, memoryLimit / bytes)

        var quadratures: [SpectralQuadrature] = []
        for first in stride(from: 0, to: probes, by: together) {
            let range = first..<min(first + together, probes), before = counter.products
            do {
                let found = try part(range) {
                    try run(range, steps: most, &counter) { progress($0, total) }
                }
                // Probes that were run before count all the same.
                if counter.products == before { counter.add(found.reduce(0) { $0 + $1.nodes.count }) }
                quadratures += found
            } catch is Cancelled {
                break
            }
        }
        guard !quadratures.isEmpty else { throw CancellationError() }
        return density(of: quadratures, steps: most, products: counter.products, dimension: n)
    }

    /// That `progress` ended the run.
    private struct Cancelled: Error {}

    /// Runs probes side by side.
    private func run(
        _ probes: Range<Int>, steps: Int, _ counter: inout ProductCounter<some LinearOperator>,
        progress: (_ products: Int) -> Bool
    ) throws -> [SpectralQuadrature] {
        let n = counter.matrix.dimension, random = RandomNumbers(seed: seed).named("lanczos quadrature")
        var processes = try probes.map { index in
            try LanczosProcess(
                basis: KrylovBasis(dimension: n, capacity: steps), start: random.named("probe \(index)").signs(n),
                random: random, rounding: rounding)
        }
        // An exhausted Krylov space makes the quadrature exact: that probe is done.
        func running() -> [Int] {
            processes.indices.filter { processes[$0].count < steps && processes[$0].breakdowns == 0 }
        }
        while true {
            let active = running().compactMap { index in processes[index].next.map { (index, $0) } }
            if active.isEmpty { break }
            let results = try counter.apply(block: active.map(\.1))
            for ((index, x), product) in zip(active, results) { processes[index].absorb(x, product: product) }
            guard progress(counter.products) || running().isEmpty else { throw Cancelled() }
        }
        return try processes.map { process in
            let ritz = try process.projection.ritzValues()
            return SpectralQuadrature(
                nodes: ritz.values, weights: ritz.first.map { $0 * $0 },
                residuals: ritz.last.map { abs(process.coupling * $0) + process.dropped })
        }
    }

    /// The mean of the broadened quadratures on a grid around their nodes.
    private func density(
        of quadratures: [SpectralQuadrature], steps: Int, products: Int, dimension: Int
    ) -> SpectralDensity {
        let low = quadratures.map { $0.nodes.first ?? 0 }.min() ?? 0
        let high = quadratures.map { $0.nodes.last ?? 0 }.max() ?? 0
        // A spectrum of one value has no range to take a share of.
        let scale = high > low ? high - low : max(abs(high), 1)
        let width = sigma ?? 0.01 * scale
        let spacing = (high - low + 8 * width) / Double(points - 1)
        let grid = (0..<points).map { low - 4 * width + spacing * Double($0) }
        let curves = quadratures.map { SpectralDensity.broadened($0, sigma: width, at: grid) }
        // The square of a Gaussian is one of σ/√2, over 2σ√π.
        let squares = quadratures.map { SpectralDensity.broadened($0, sigma: width / 2.0.squareRoot(), at: grid) }
        let estimates = grid.indices.map { i in StochasticEstimate(samples: curves.map { $0[i] }) }
        let values = estimates.map(\.value), probes = Double(quadratures.count)
        let halves = grid.indices.map { i in
            let square = squares.reduce(0) { $0 + $1[i] } / (probes * 2 * width * Double.pi.squareRoot())
            let variance = 2 / Double(dimension + 2) * max(0, square - values[i] * values[i])
            // Far from all nodes a density is 0 by underflow, and so are the ends.
            return values[i] > 0 ? 0.5 * 1.96 * (variance / probes / values[i]).squareRoot() : 0
        }
        func end(_ sign: Double) -> [Double] {
            zip(values, halves).map { value, half in
                let root = max(0, value.squareRoot() + sign * half)
                return root * root
            }
        }
        return SpectralDensity(
            quadratures: quadratures, sigma: width, grid: grid, density: values,
            standardError: estimates.compactMap(\.standardError), intervalLow: end(-1), intervalHigh: end(1),
            steps: steps, products: products, dimension: dimension, seed: seed)
    }
}
