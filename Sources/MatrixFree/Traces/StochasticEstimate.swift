import Foundation

/// A mean over random probes, with its own uncertainty.
public struct StochasticEstimate: Codable, Sendable, Equatable {
    /// The mean.
    public let value: Double
    /// Estimated standard deviation of `value` over seeds, s/√m from the probes themselves; nil with a single probe,
    /// which shows nothing of its spread. 0 where the value is exact.
    public let standardError: Double?
    /// Degrees of freedom of the standard error, m − 1. With few the standard error is itself uncertain (by about
    /// 1/√(2·df) of its size).
    public let degreesOfFreedom: Int
    /// Covers the expected value with probability 95 % over seeds; nil where there is no standard error.
    ///
    /// From Student's t, corrected for the skewness of the samples by Hall's transformation (Hall 1992,
    /// J. R. Stat. Soc. B 54, 221). Samples zᵀHz of a few large eigenvalues are skewed like χ², and
    /// value ± t·SE would miss the expected value on one side: with 20 probes of a single eigenvalue in 11 %, and this
    /// interval in 5 %.
    public let interval95: ClosedRange<Double>?

    /// A value that was computed exactly.
    public init(exact value: Double) {
        (self.value, standardError, degreesOfFreedom, interval95) = (value, 0, 0, value.isNaN ? nil : value...value)
    }

    /// The estimate of the value and a constant together.
    public func shifted(by constant: Double) -> StochasticEstimate {
        StochasticEstimate(
            value: value + constant, standardError: standardError, degreesOfFreedom: degreesOfFreedom,
            interval95: interval95.map { $0.lowerBound + constant...$0.upperBound + constant })
    }

    /// The mean of independent samples, plus a known constant.
    ///
    /// - Parameters:
    ///   - samples: m finite numbers of one expected value, at least one.
    ///   - weights: how much each counts, m positive numbers, such as the sizes of batches: a sample's variance is
    ///     taken to be inverse to them. nil for samples that count alike.
    ///   - offset: the constant.
    public init(samples: [Double], weights: [Double]? = nil, offset: Double = 0) {
        precondition(
            !samples.isEmpty && (weights ?? samples).count == samples.count,
            "\(samples.count) samples, \(weights?.count ?? 0) weights")
        let total = weights?.reduce(0, +) ?? Double(samples.count)
        let shares = weights?.map { $0 / total } ?? samples.map { _ in 1 / total }
        // From the first sample, so that equal samples have exactly their value for a mean.
        let mean = zip(samples, shares).reduce(samples[0]) { $0 + ($1.0 - samples[0]) * $1.1 }
        let deviations = samples.map { $0 - mean }
        // Of numbers near the largest that there are, squares would overflow.
        let scale = max(deviations.reduce(0) { max($0, abs($1)) }, .leastNormalMagnitude)
        func moment(_ order: Int) -> Double {
            zip(deviations, shares).reduce(0) { sum, sample in
                sum + sample.1 * (1..<order).reduce(sample.0 / scale) { power, _ in power * sample.0 / scale }
            }
        }
        value = offset + mean
        degreesOfFreedom = samples.count - 1
        guard degreesOfFreedom > 0 else {
            (standardError, interval95) = (nil, nil)
            return
        }
        let variance = moment(2)
        let error = scale * (variance / Double(degreesOfFreedom)).squareRoot()
        standardError = error
        guard error > 0 else {
            // Samples that are not finite have no interval.
            interval95 = error == 0 && value.isFinite ? value...value : nil
            return
        }
        // Hall's T + aT²/3 + a²T³/27 + a/6 of T = (mean − expected)/error, a = skewness/√m, has hardly any skewness. The
        // skewness is the unbiased one; three samples or fewer tell too little of it.
        let m = Double(samples.count)
        let a = m > 3 ? moment(3) / (variance * variance.squareRoot()) * (m - 1).squareRoot() / (m - 2) : 0
        func studentized(_ t: Double) -> Double { abs(a) < 1e-6 ? t : 3 / a * (cbrt(1 + a * (t - a / 6)) - 1) }
        let t = StudentDistribution(degreesOfFreedom: degreesOfFreedom).quantile(0.975)
        let (low, high) = (value - error * studentized(t), value - error * studentized(-t))
        interval95 = low <= high ? low...high : nil
    }

    private init(value: Double, standardError: Double?, degreesOfFreedom: Int, interval95: ClosedRange<Double>?) {
        (self.value, self.standardError) = (value, standardError)
        (self.degreesOfFreedom, self.interval95) = (degreesOfFreedom, interval95)
    }

    /// The square root of a positive quantity's estimate: its standard error by the delta method, SE/(2√value), its
    /// interval from root to root.
    var squareRoot: StochasticEstimate {
        func root(_ x: Double) -> Double { max(x, 0).squareRoot() }
        return StochasticEstimate(
            value: root(value),
            standardError: standardError.map { value > 0 ? $0 / (2 * root(value)) : $0.squareRoot() },
            degreesOfFreedom: degreesOfFreedom,
            interval95: interval95.map { root($0.lowerBound)...root($0.upperBound) })
    }
}
