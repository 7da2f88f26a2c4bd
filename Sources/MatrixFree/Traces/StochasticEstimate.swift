import Foundation

/// A mean over random probes, with its own uncertainty.
public struct StochasticEstimate: Codable, Sendable, Equatable {
    /// The mean.
    public let value: Double
    /// Estimated standard deviation of `value` over seeds, s/√m from the probes themselves; nil with a single probe,
    /// which shows nothing of its spread. 0 where the value is exact.
    public let standardError: Double?
    /// Degrees of freedom of the standard error, m − 1. With few the standard error is itself uncertain (by about
    /// 1/√(2·df) of its size), and an interval has to use Student's t.
    public let degreesOfFreedom: Int

    /// An estimate that was made elsewhere; each parameter is described at the property of its name.
    public init(value: Double, standardError: Double?, degreesOfFreedom: Int) {
        self.value = value
        self.standardError = standardError
        self.degreesOfFreedom = degreesOfFreedom
    }

    /// The mean of equally distributed independent samples, plus a known constant.
    init(samples: [Double], offset: Double = 0) {
        let m = Double(samples.count)
        let mean = samples.reduce(0, +) / m
        value = offset + mean
        degreesOfFreedom = samples.count - 1
        standardError =
            samples.count > 1
            ? (samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (m * (m - 1))).squareRoot() : nil
    }

    /// The square root of a positive quantity's estimate; its standard error by the delta method, SE/(2√value).
    var squareRoot: StochasticEstimate {
        let root = max(value, 0).squareRoot()
        return StochasticEstimate(
            value: root, standardError: standardError.map { root > 0 ? $0 / (2 * root) : $0.squareRoot() },
            degreesOfFreedom: degreesOfFreedom)
    }

    /// value ± t·SE with Student's t for the degrees of freedom at hand: it covers the true value with probability
    /// `level` as far as the mean over probes is normally distributed. nil where there is no standard error, or nothing
    /// that tells its own uncertainty.
    ///
    /// - Parameter level: between 0 and 1, both excluded; 0.95 by convention.
    public func interval(level: Double = 0.95) -> ClosedRange<Double>? {
        guard let standardError else { return nil }
        if standardError == 0 { return value...value }
        guard degreesOfFreedom > 0, level > 0, level < 1 else { return nil }
        let half = StudentDistribution(degreesOfFreedom: degreesOfFreedom).quantile(0.5 + 0.5 * level) * standardError
        return (value - half)...(value + half)
    }
}

/// Student's t distribution.
struct StudentDistribution {
    let degreesOfFreedom: Int

    /// P(T ≤ t), by the finite sums for whole degrees of freedom (Abramowitz & Stegun 26.7.3 and 26.7.4).
    func cumulative(_ t: Double) -> Double {
        let angle = atan(t / Double(degreesOfFreedom).squareRoot())
        let cosine = cos(angle)
        var sum = 0.0
        if degreesOfFreedom % 2 == 1 {
            var term = cosine
            for k in stride(from: 1, to: degreesOfFreedom, by: 2) {
                sum += term
                term *= cosine * cosine * Double(k + 1) / Double(k + 2)
            }
            return 0.5 + (angle + sin(angle) * sum) / .pi
        }
        var term = 1.0
        for k in stride(from: 0, to: degreesOfFreedom, by: 2) {
            sum += term
            term *= cosine * cosine * Double(k + 1) / Double(k + 2)
        }
        return 0.5 + 0.5 * sin(angle) * sum
    }

    /// t with P(T ≤ t) = p, by bisection; p in (0, 1).
    func quantile(_ p: Double) -> Double {
        precondition(p > 0 && p < 1 && degreesOfFreedom > 0, "Student's t: p = \(p), \(degreesOfFreedom) degrees")
        var low = -1.0
        var high = 1.0
        while cumulative(high) < p && high < 1e150 { high *= 2 }
        while cumulative(low) > p && low > -1e150 { low *= 2 }
        for _ in 0..<200 {
            let middle = 0.5 * (low + high)
            if middle == low || middle == high { break }
            if cumulative(middle) < p { low = middle } else { high = middle }
        }
        return 0.5 * (low + high)
    }
}
