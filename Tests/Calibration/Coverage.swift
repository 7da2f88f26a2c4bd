/// How often intervals of 95 % hold what they are to hold, over seeds.
public struct Coverage: CustomStringConvertible {
    /// Intervals that lie below the expected value, hold it, lie above it.
    public private(set) var counts = [0, 0, 0]

    public init() {}

    /// Counts one interval.
    public mutating func record(_ interval: ClosedRange<Double>, of exact: Double) {
        counts[exact > interval.upperBound ? 0 : exact < interval.lowerBound ? 2 : 1] += 1
    }

    /// Σ (count − expected)²/expected with 2.5 %, 95 % and 2.5 %: χ² with two degrees of freedom if they are true.
    public var chiSquare: Double {
        let total = Double(counts.reduce(0, +))
        return zip(counts, [0.025, 0.95, 0.025]).reduce(0) { sum, cell in
            let expected = total * cell.1, difference = Double(cell.0) - expected
            return sum + difference * difference / expected
        }
    }

    /// What χ² with two degrees of freedom exceeds with a probability of 1e-3.
    public static let bound = 13.8

    public var description: String { "\(counts[0]) below, \(counts[1]) hold, \(counts[2]) above: χ² \(chiSquare)" }
}
