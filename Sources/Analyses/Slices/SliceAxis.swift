/// The coordinates along one direction of a slice.
public struct SliceAxis: Sendable, Equatable {
    /// Ascending; contains exactly 0 whenever the range does.
    public let values: [Double]

    /// `points` coordinates from `range.lowerBound` to `range.upperBound`, evenly spaced, except that the one nearest to 0 is
    /// moved there: a slice without the checkpoint itself cannot be checked.
    public init(range: ClosedRange<Double>, points: Int) {
        precondition(points >= 2 && range.lowerBound < range.upperBound, "\(points) points in \(range)")
        var values = (0..<points).map { i in
            i == points - 1
                ? range.upperBound
                : range.lowerBound + (range.upperBound - range.lowerBound) * Double(i) / Double(points - 1)
        }
        if range.contains(0), let nearest = values.indices.min(by: { abs(values[$0]) < abs(values[$1]) }) {
            values[nearest] = 0
        }
        self.values = values
    }

    /// Coordinates as they were saved; nil where they are not finite and ascending.
    public init?(values: [Double]) {
        guard !values.isEmpty, values.allSatisfy(\.isFinite), zip(values, values.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        self.values = values
    }

    /// The place of 0.
    public var zero: Int? { values.firstIndex(of: 0) }

    /// The spacing of evenly spaced coordinates, 1 for a single one; nil where they are not evenly spaced (as where one was moved to 0).
    public var spacing: Double? {
        guard values.count > 1, let first = values.first, let last = values.last else { return 1 }
        let step = (last - first) / Double(values.count - 1)
        let isEven = values.indices.allSatisfy { abs(values[$0] - first - Double($0) * step) <= 1e-9 * abs(step) }
        return isEven ? step : nil
    }

    /// The second derivative at 0 of a function known at the coordinates: the five-point formula where two neighbours on each
    /// side are evenly spaced (error h⁴), else the three-point one. Nil at an edge.
    func secondDifference(_ f: (Int) -> Double) -> Double? {
        guard let z = zero, z > 0, z + 1 < values.count else { return nil }
        let (left, right) = (-values[z - 1], values[z + 1])
        if z > 1, z + 2 < values.count {
            let h = right
            let even = [(-2.0, z - 2), (-1, z - 1), (2, z + 2)].allSatisfy { abs(values[$0.1] - $0.0 * h) < 1e-9 * h }
            if even { return (16 * (f(z - 1) + f(z + 1)) - f(z - 2) - f(z + 2) - 30 * f(z)) / (12 * h * h) }
        }
        return 2 * (f(z - 1) / (left * (left + right)) - f(z) / (left * right) + f(z + 1) / (right * (left + right)))
    }
}
