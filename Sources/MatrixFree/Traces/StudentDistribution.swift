import Foundation

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
