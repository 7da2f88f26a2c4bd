import Objectives
import Tensors

/// The critical learning rate along a direction, and the sharpness that it stands for: λ_c = 2/η_c (Kalra et al. 2026, arXiv 2601.16979).
///
/// η_c is where the loss along θ + ηd, which first falls, is L(θ) again. It takes a few losses and no derivative beside the gradient. Of a
/// quadratic with d = −∇L it is gᵀHg/gᵀg, and along any direction dᵀHd/(−gᵀd).
public struct CriticalSharpness: Sendable, Codable, Equatable {
    /// λ_c = 2/η_c; 0 where the loss does not come back, NaN where d does not lead down.
    public let value: Double
    /// η_c, in units of the step d; infinite where the loss does not come back.
    public let rate: Double
    /// A rate at which the loss is below L(θ), and one at which it is not, each with what rounding of the losses may hide; nil where
    /// there are none.
    public let bracket: ClosedRange<Double>?
    /// Losses that it took, L(θ) not among them.
    public let evaluations: Int
    /// −gᵀd, by how much the loss falls with η at first.
    public let descent: Double

    /// Losses at most: 64 doublings reach from one end of what a loss can be to the other. Ours.
    static let mostEvaluations = 64

    /// - Parameters:
    ///   - theta: P numbers.
    ///   - step: d, P numbers; nil for −∇L(θ).
    ///   - value: L(θ).
    ///   - gradient: ∇L(θ), P numbers.
    ///   - tolerance: of η_c, relative; 1e-3, ours.
    ///   - progress: called before every loss with the number of those before; what it throws ends the work.
    /// - Throws: what the objective throws.
    public init(
        _ objective: any Objective, at theta: [Double], along step: [Double]? = nil, value: Double, gradient: [Double],
        tolerance: Double = 1e-3, progress: (Int) throws -> Void = { _ in }
    ) throws {
        precondition(tolerance > 0 && tolerance < 1, "a tolerance of \(tolerance)")
        descent = step.map { -Vectors.dot(gradient, $0) } ?? Vectors.dot(gradient, gradient)
        let (direction, sign) = step.map { ($0, 1.0) } ?? (gradient, -1)
        guard descent > 0, descent.isFinite, value.isFinite else {
            (self.value, rate, bracket, evaluations) = (.nan, .nan, nil, 0)
            return
        }
        let descent = descent
        // Near the crossing L differs from L(θ) by (η − η_c)(−gᵀd), and this is less than its rounding.
        let noise = 2 * objective.rounding * abs(value) / descent
        var count = 0
        /// (L(θ + ηd) − L(θ))/(−η gᵀd): −1 at η = 0, and a straight line for a quadratic.
        func height(_ rate: Double) throws -> Double {
            try progress(count)
            count += 1
            let rise = try objective.value(at: Vectors.sum(theta, sign * rate, direction)) - value
            return rise.isFinite ? rise / (rate * descent) : .infinity
        }
        // The first try costs a hundredth of the loss if the slope holds; of a loss near 0, θ moves by a hundredth.
        let byLoss = 0.01 * abs(value) / descent, length = Vectors.norm(direction)
        var next = byLoss > 0 ? byLoss : 0.01 * max(Vectors.norm(theta), 1) / length
        var low = (rate: 0.0, height: -1.0), high: (rate: Double, height: Double)?
        var lastRaised = false, leap = 1 + tolerance
        while count < Self.mostEvaluations, next.isFinite, next > 0 {
            let found = try height(next)
            lastRaised = found >= 0
            if lastRaised { high = (next, found) } else { low = (next, found) }
            guard let high else {
                // Where the line through 0 and here meets 0, a little beyond; and farther each time, as a loss that bends late is
                // always met too early.
                let root = low.height > -1 ? low.rate / (1 + low.height) : .infinity
                next = min(max(root * (1 + tolerance / 2), low.rate * leap), 4 * low.rate)
                leap = min(4, 1 + 4 * (leap - 1))
                continue
            }
            if high.rate - low.rate <= max(tolerance * high.rate, 4 * noise) { break }
            // On the side that has to move; every fourth time the middle, for what is no line.
            let root = Self.root(low, high)
            next = root * (lastRaised ? 1 - tolerance / 2 : 1 + tolerance / 2)
            if count % 4 == 0 || next <= low.rate || next >= high.rate {
                // Far from the end of a wide bracket, rates of all sizes count alike.
                next =
                    low.rate > 0 && high.rate > 4 * low.rate
                    ? (low.rate * high.rate).squareRoot() : (low.rate + high.rate) / 2
            }
        }
        evaluations = count
        guard let high else {
            (self.value, rate, bracket) = (0, .infinity, nil)
            return
        }
        rate = Self.root(low, high)
        self.value = 2 / rate
        bracket = max(0, low.rate - noise)...high.rate + noise
    }

    /// Where the line through two points meets 0; the middle where one is infinite.
    private static func root(_ low: (rate: Double, height: Double), _ high: (rate: Double, height: Double)) -> Double {
        guard high.height.isFinite, high.height > low.height else { return (low.rate + high.rate) / 2 }
        return low.rate + (high.rate - low.rate) * (-low.height / (high.height - low.height))
    }
}

/// The curvature along a direction, dᵀHd/dᵀd: one product. Along the gradient it is what a step of gradient descent meets (Pan, Li 2023,
/// arXiv 2306.00204).
public struct DirectionalSharpness: Sendable, Codable, Equatable {
    /// dᵀHd/dᵀd; NaN where d is 0.
    public let value: Double

    /// - Parameter direction: d, P numbers.
    /// - Throws: what the objective throws.
    public init(_ objective: any Objective, at theta: [Double], along direction: [Double]) throws {
        // Of a unit vector, so that no square leaves the range of numbers.
        let length = Vectors.norm(direction)
        guard length > 0, length.isFinite else {
            value = .nan
            return
        }
        var unit = direction
        Vectors.scale(&unit, by: 1 / length)
        value = Vectors.dot(unit, try objective.hessianVectorProduct(at: theta, along: unit))
    }
}
