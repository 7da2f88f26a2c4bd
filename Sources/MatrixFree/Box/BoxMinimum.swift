import Tensors

/// The set of points l ≤ x ≤ u, coordinate by coordinate; bounds may be infinite.
public struct BoxConstraint: Sendable {
    /// l, n numbers.
    public let lower: [Double]
    /// u, n numbers, none below its lower bound.
    public let upper: [Double]

    /// The box between two bounds.
    ///
    /// - Throws: `MatrixFreeError.invalidArgument` where a lower bound is above its upper one.
    public init(lower: [Double], upper: [Double]) throws(MatrixFreeError) {
        guard lower.count == upper.count, zip(lower, upper).allSatisfy({ $0 <= $1 }) else {
            throw .invalidArgument(
                "a box of \(lower.count) lower and \(upper.count) upper bounds; expected as many, each lower ≤ upper")
        }
        (self.lower, self.upper) = (lower, upper)
    }

    /// |x_i| ≤ h_i for n half-widths h.
    ///
    /// - Throws: `MatrixFreeError.invalidArgument` where a half-width is negative or not a number.
    public init(halfWidths: [Double]) throws(MatrixFreeError) {
        try self.init(lower: halfWidths.map { -$0 }, upper: halfWidths)
    }

    /// The nearest point of the box to x, n numbers each.
    public func projection(_ x: [Double]) -> [Double] {
        x.indices.map { min(upper[$0], max(lower[$0], x[$0])) }
    }

    /// The largest a with x + a·d in the box, for x in it; infinite where no bound is met.
    func reach(from x: [Double], along d: [Double]) -> Double {
        var reach = Double.infinity
        for i in x.indices where d[i] != 0 {
            reach = min(reach, ((d[i] > 0 ? upper[i] : lower[i]) - x[i]) / d[i])
        }
        return max(0, reach)
    }

    /// ‖P(x − g) − x‖∞: zero where no feasible direction leads down.
    func stationarity(_ x: [Double], _ gradient: [Double]) -> Double {
        x.indices.reduce(0) { largest, i in
            max(largest, abs(min(upper[i], max(lower[i], x[i] - gradient[i])) - x[i]))
        }
    }
}

/// What `LBFGSB` found.
public struct BoxMinimum: Sendable {
    /// x, n numbers, in the box.
    public let point: [Double]
    /// f(x).
    public let value: Double
    /// ‖P(x − g) − x‖∞ at the point.
    public let stationarity: Double
    /// Iterations made, each of which lowered the value.
    public let iterations: Int
    /// Values with their gradients.
    public let evaluations: Int
    /// The value at the start and after every iteration.
    public let curve: [Double]
    /// Whether it ended by a tolerance, not by the number of iterations.
    public let converged: Bool
}
