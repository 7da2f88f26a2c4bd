import Foundation
import MatrixFree
import Objectives

/// The log-determinant of a curvature matrix without negative eigenvalues, shifted by δ, and its effective dimension.
///
/// log det(G + δI) is what the Laplace evidence of a Gaussian prior of precision δ takes off the fit (MacKay 1992,
/// doi:10.1162/neco.1992.4.3.448), and Σ λ/(λ + δ) is how many directions the data determine (Maddox et al. 2020, arXiv 2003.02139).
public struct LogDeterminant: Sendable, Equatable {
    /// log det(G + δI) = Σ log(λ + δ).
    public let value: StochasticEstimate
    /// log det(I + G/δ) = Σ log(1 + λ/δ): without P log δ, which is the same for all networks of a size.
    public let relative: StochasticEstimate
    /// Σ λ/(λ + δ), between 0 and P.
    public let effectiveDimension: StochasticEstimate
    /// δ.
    public let shift: Double
    /// Whether more steps of Lanczos would change little.
    public let settled: Bool
    /// Products made.
    public let products: Int

    /// - Parameters:
    ///   - curvature: a matrix without negative eigenvalues. Those that rounding makes count as 0.
    ///   - shift: δ, positive.
    ///   - progress: called after products with those made and how many there may be; what it throws ends the work.
    /// - Throws: what `SpectralSums` throws.
    /// - Precondition: not the Hessian, whose eigenvalues may be negative.
    public init(
        of curvature: CurvatureOperator, shift: Double, probes: Int = 10, memoryLimit: Int = MemoryBudget.forSpeed,
        seed: UInt64 = 0, rounding: Double = 0x1p-52, progress: (Int, Int) throws -> Void = { _, _ in }
    ) throws {
        precondition(
            shift > 0 && shift.isFinite && curvature.kind != .hessian, "the determinant of \(curvature.kind) + \(shift)"
        )
        let found = try SpectralSums(probes: probes, memoryLimit: memoryLimit, seed: seed, rounding: rounding).run(
            curvature, [{ Self.logOfOne(plus: max(0, $0), over: shift) }, { max(0, $0) / (max(0, $0) + shift) }],
            resolution: shift,
            progress: progress)
        (relative, effectiveDimension) = (found.sums[0], found.sums[1])
        value = relative.shifted(by: Double(curvature.dimension) * log(shift))
        (self.shift, settled, products) = (shift, found.settled, found.products)
    }

    /// log(1 + λ/δ), also where λ/δ is beyond what a number holds.
    private static func logOfOne(plus value: Double, over shift: Double) -> Double {
        let ratio = value / shift
        return ratio.isFinite ? log1p(ratio) : log(value) - log(shift)
    }
}
