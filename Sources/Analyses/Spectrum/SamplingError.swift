import Essentials
import Foundation
import MatrixFree
import Objectives
import Tensors

/// How far λmax and the trace of some examples may be from those of all that they are drawn from. The largest eigenvalue of a sample is too
/// large in the mean, the more so the smaller the sample (arXiv 2410.14325).
///
/// Each repetition draws N examples A, and as many others B where there are so many. λmax is convex, so E λmax(H_A) ≥ λmax(H). And with the
/// top eigenvector v of H_A,
///
///     E ((M − N) vᵀH_B v + N vᵀH_A v)/M = E vᵀHv ≤ λmax(H),
///
/// M being all examples: what B is drawn from lacks those of A. Both means have errors over the repetitions.
public struct SamplingError: Sendable, Codable {
    /// E vᵀHv, at most λmax of all examples.
    public let lower: StochasticEstimate
    /// E λmax(H_A), at least λmax of all examples.
    public let upper: StochasticEstimate
    /// E λmax(H_A) − vᵀHv: between them is λmax of all examples.
    public let gap: StochasticEstimate
    /// tr H_A, whose mean is that of all examples.
    public let trace: StochasticEstimate
    /// N, M, and how often A and B were drawn.
    public let examples: Int, total: Int, repetitions: Int
    /// Whether all eigenvalues reached the tolerance.
    public let converged: Bool
    /// Products made, each over N examples or fewer.
    public let products: Int

    enum CodingKeys: String, CodingKey {
        case lower, upper, gap, trace, examples, total, repetitions, converged, products
    }

    /// Covers λmax of all examples with probability 95 % at least over draws: the lower end of the lower mean's interval, and the upper end
    /// of the upper one's.
    public var interval95: ClosedRange<Double>? {
        guard let low = lower.interval95?.lowerBound, let high = upper.interval95?.upperBound, low <= high else {
            return nil
        }
        return low...high
    }

    /// - Parameters:
    ///   - whole: the mean over all M examples.
    ///   - examples: N, less than M.
    ///   - repetitions: at least 3.
    ///   - traceProducts: of Hutch++ for the trace of each A; the same random vectors for all.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Throws: `UnusableRequest` where N is not less than M, or the loss is no mean over examples; what the objective and the monitor
    ///   throw.
    public init(
        of whole: any ExampleObjective, at theta: [Double], kind: CurvatureKind = .hessian, examples: Int,
        repetitions: Int, tolerance: Double = 1e-3, maximumProducts: Int = 300, traceProducts: Int = 30,
        seed: UInt64 = 0, monitor: Monitor = .silent
    ) throws {
        guard whole.hasParts, examples > 0, examples < whole.examples else {
            throw UnusableRequest(
                "--sampling-error: \(examples) of \(whole.examples) examples; expected --examples of fewer than there are, and a loss that is a mean over examples"
            )
        }
        precondition(repetitions >= 3, "\(repetitions) repetitions")
        let total = whole.examples, others = min(examples, total - examples)
        let random = RandomNumbers(seed: seed).named("sampling error")
        var lowers: [Double] = [], uppers: [Double] = [], traces: [Double] = []
        var products = 0, converged = true
        for repetition in 0..<repetitions {
            try monitor.update("sampling error", repetition, of: repetitions)
            let order = random.named("draw \(repetition)").permutation(total)
            let own = CurvatureOperator(try whole.restricted(to: order[0..<examples].sorted()), at: theta, kind)
            let rest = CurvatureOperator(
                try whole.restricted(to: order[examples..<examples + others].sorted()), at: theta, kind)
            let found = try monitor.following("sampling error") {
                try Lanczos(
                    largest: 1, tolerance: tolerance, relativeFloor: kind.relativeFloor,
                    maximumProducts: maximumProducts, memoryLimit: whole.vectorMemory, seed: seed,
                    rounding: whole.rounding
                ).run(own, progress: $0)
            }
            let v = found.largestVectors[0], value = found.largest[0].value
            let outside = Vectors.dot(v, try rest.apply(v))
            let share = Double(examples) / Double(total)
            uppers.append(value)
            lowers.append((1 - share) * outside + share * value)
            let trace = try HutchPlusPlus(products: traceProducts, seed: seed).run(own)
            traces.append(trace.trace.value)
            products += found.products + trace.products + 1
            converged = converged && found.converged
        }
        (lower, upper) = (StochasticEstimate(samples: lowers), StochasticEstimate(samples: uppers))
        gap = StochasticEstimate(samples: zip(uppers, lowers).map { $0 - $1 })
        trace = StochasticEstimate(samples: traces)
        (self.examples, self.total, self.repetitions) = (examples, total, repetitions)
        (self.converged, self.products) = (converged, products)
    }
}
