import Foundation
import Tensors

/// The density of eigenvalues by stochastic Lanczos quadrature (Ghorbani, Krishnan, Xiao 2019, arXiv 1901.10159; Ubaru,
/// Chen, Saad 2017, doi:10.1137/16M1104974), with the ends of the spectrum taken out exactly.
///
/// For a random unit vector v the measure Σᵢ (uᵢᵀv)² δ(λ − λᵢ) has the spectral density as its mean. m steps of Lanczos
/// from v, with full reorthogonalisation, give its m-point Gauss quadrature: exact for polynomials of degree 2m − 1.
///
/// A survey comes first: Lanczos from a vector of its own, whose Ritz pairs that have converged, from either end inwards,
/// are eigenpairs. They enter the density with their weight of 1/P, and probes see the rest of the space alone, as in
/// Hutch++ (Meyer, Musco, Musco, Woodruff 2021, arXiv 2010.09649). So outliers have no variance, and the part of the
/// spectrum that is left is so much narrower than the whole that a Gaussian of the same σ takes far fewer steps a probe:
/// a probe ends when its density has settled (`settling`). The mean is unbiased whatever the survey found, because the
/// probes know nothing of its vector.
///
///     let density = try StochasticLanczosQuadrature(probes: 4, steps: 40).run(hessian)
public struct StochasticLanczosQuadrature: Sendable, Equatable {
    /// k, the number of random vectors, at least 1. Default 10, as in Ghorbani et al.'s figure 1.
    public var probes: Int
    /// m, the Lanczos steps of the survey and of each probe at most, at least 1; more than P counts as P. Default 90, as
    /// there.
    public var steps: Int
    /// Whether the ends of the spectrum are taken out first. Default true.
    public var deflates: Bool
    /// A probe has settled when the last quarter of its steps changed its broadened density nowhere by more than this
    /// share of the standard error that the mean over all probes has; nil for all steps. Default 0.1, ours.
    public var settling: Double?
    /// σ of the Gaussian that every node is broadened to, positive; nil, the default, for 1 % of the range of the
    /// nodes, ours.
    public var sigma: Double?
    /// The points of the grid, at least 2; it reaches 4σ beyond the extreme nodes. Default 1000, ours.
    public var points: Int
    /// Bytes for the Krylov bases. As many probes run side by side, sharing blocks of products, as fit. A basis of m
    /// vectors for which there is less goes to a file for the rest. Default 4 GiB, as in `Lanczos`.
    public var memoryLimit: Int
    /// The most probes that run side by side, at least 1. Default 4, ours.
    public var blockSize: Int
    /// The seed of the survey and the probes. Default 0.
    public var seed: UInt64
    /// The relative rounding error of a product. Default 2⁻⁵², for products made in Float64; 2⁻²³ is Float32's.
    public var rounding: Double

    /// Settings for a run; each parameter is described at the property of its name.
    public init(
        probes: Int = 10, steps: Int = 90, deflates: Bool = true, settling: Double? = 0.1, sigma: Double? = nil,
        points: Int = 1000, memoryLimit: Int = 4 << 30, blockSize: Int = 4, seed: UInt64 = 0, rounding: Double = 0x1p-52
    ) {
        (self.probes, self.steps, self.deflates, self.settling) = (probes, steps, deflates, settling)
        (self.sigma, self.points, self.memoryLimit, self.blockSize) = (sigma, points, memoryLimit, blockSize)
        (self.seed, self.rounding) = (seed, rounding)
    }

    /// Estimates the density of H's eigenvalues.
    ///
    /// - Parameters:
    ///   - matrix: H, P × P.
    ///   - progress: called after every block of products with the products made and how many there may be; what it
    ///     throws ends the run.
    /// - Throws: `MatrixFreeError` for settings that have no answer and for products that are not finite; what the
    ///   operator and `progress` throw.
    public func run(
        _ matrix: some LinearOperator, progress: (_ products: Int, _ most: Int) throws -> Void = { _, _ in }
    ) throws -> SpectralDensity {
        guard probes > 0, steps > 0, points > 1, blockSize > 0, sigma ?? 1 > 0, settling ?? 1 > 0 else {
            throw MatrixFreeError.invalidArgument(
                "spectral density: \(probes) probes of \(steps) steps, \(points) points, σ \(sigma ?? 0); expected positive numbers"
            )
        }
        var counter = try ProductCounter(matrix)
        let bytes = bytes(of: min(steps, matrix.dimension), vectors: matrix.dimension)
        guard bytes < .max else { throw MatrixFreeError.memoryLimit(found: memoryLimit, needed: bytes) }
        var ends = SpectrumEnds(dimension: matrix.dimension)
        if deflates {
            ends = try SpectrumEnds(&counter, self, progress)
        }
        let found = try QuadratureProbes(self, outside: ends).run(&counter, progress).map(\.quadrature)
        return SpectralDensity(found, ends, self, products: counter.products)
    }

    /// Steps of a probe, before any is known: a quarter of the most. Ours.
    var expectedSteps: Int { (steps + 3) / 4 }
    /// Random numbers of the survey and the probes.
    var random: RandomNumbers { RandomNumbers(seed: seed).named("lanczos quadrature") }
}
