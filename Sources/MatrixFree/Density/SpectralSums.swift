import Foundation
import Tensors

/// Sums over all eigenvalues of smooth functions of them, tr f(H), by stochastic Lanczos quadrature (Ubaru, Chen, Saad 2017,
/// doi:10.1137/16M1104974), with the ends of the spectrum taken out exactly as in `StochasticLanczosQuadrature`.
public struct SpectralSums: Sendable, Equatable {
    /// k, the number of random vectors, at least 2. Default 10.
    public var probes: Int
    /// Lanczos steps of the survey and of a probe at most; more than P counts as P. Default 200, ours.
    public var steps: Int
    /// A probe has settled when the last quarter of its steps changed no sum by more than this share of the sum's size over P. Default
    /// 1e-3, ours.
    public var tolerance: Double
    /// Bytes for the Krylov bases; for what is beyond, they lie in a file. Default 4 GiB.
    public var memoryLimit: Int
    /// Of the survey and the probes. Default 0.
    public var seed: UInt64
    /// The relative rounding error of a product. Default 2⁻⁵².
    public var rounding: Double

    /// Settings for a run; each parameter is described at the property of its name.
    public init(
        probes: Int = 10, steps: Int = 200, tolerance: Double = 1e-3, memoryLimit: Int = 4 << 30, seed: UInt64 = 0,
        rounding: Double = 0x1p-52
    ) {
        (self.probes, self.steps, self.tolerance, self.memoryLimit) = (probes, steps, tolerance, memoryLimit)
        (self.seed, self.rounding) = (seed, rounding)
    }

    /// What was found.
    public struct Result: Sendable, Equatable {
        /// tr f(H) for each function, with the error over probes.
        public let sums: [StochasticEstimate]
        /// Whether every probe settled; else the sums are biased by what more steps would change.
        public let settled: Bool
        /// Matrix–vector products made.
        public let products: Int
    }

    /// Estimates the sum of each function over the eigenvalues.
    ///
    /// - Parameters:
    ///   - functions: finite between the lowest and the highest eigenvalue, and a little beyond.
    ///   - resolution: eigenvalues that differ by less have nearly the same value of each function; positive.
    ///   - progress: as of `StochasticLanczosQuadrature.run`.
    /// - Throws: `MatrixFreeError` for settings that have no answer and for products that are not finite; what the operator and
    ///   `progress` throw.
    public func run(
        _ matrix: some LinearOperator, _ functions: [@Sendable (Double) -> Double], resolution: Double,
        progress: (_ products: Int, _ most: Int) throws -> Void = { _, _ in }
    ) throws -> Result {
        let n = matrix.dimension
        // What counts as an eigenpair has to be one for the functions.
        let settings = StochasticLanczosQuadrature(
            probes: probes, steps: steps, sigma: resolution, memoryLimit: memoryLimit, seed: seed, rounding: rounding)
        guard probes > 1, steps > 0, tolerance > 0, resolution > 0 else {
            throw MatrixFreeError.invalidArgument(
                "sums over eigenvalues: \(probes) probes of \(steps) steps; expected at least two probes")
        }
        var counter = try ProductCounter(matrix)
        let ends = try SpectrumEnds(&counter, settings, progress)
        let known = functions.map { f in ends.values.reduce(0) { $0 + f($1) } }
        let scales = zip(functions, known).map { f, sum in
            // Of the size of what is there: the sum over what was taken out, and the rest at the middle of its range.
            abs(sum) / Double(n) + abs(f(0.5 * ((ends.range?.lowerBound ?? 0) + (ends.range?.upperBound ?? 0))))
        }
        let left = Double(n - ends.values.count)
        func means(_ quadrature: SpectralQuadrature) -> [Double] {
            functions.map(quadrature.mean)
        }
        let found = try QuadratureProbes(settings, outside: ends) { before, now in
            zip(zip(means(before), means(now)), scales).allSatisfy { abs($0.1 - $0.0) <= tolerance * $1 }
        }.run(&counter, progress)
        let samples = found.map { means($0.quadrature).map { left * $0 } }
        let sums = functions.indices.map { i in
            left > 0
                ? StochasticEstimate(samples: samples.map { $0[i] }, offset: known[i])
                : StochasticEstimate(exact: known[i])
        }
        return Result(sums: sums, settled: found.allSatisfy(\.hasSettled), products: counter.products)
    }
}
