/// Numbers that are looked at for being probabilities.
enum ProbabilityRows {
    /// Whether numbers are none of them negative, and sum to 1 along an axis of each example.
    ///
    /// - Parameters:
    ///   - values: of all examples, each of shape `shape`.
    ///   - tolerance: how far from 1 a sum may be.
    ///   - probability: what a number stands for.
    static func sumToOne(
        _ values: [Double], _ shape: [Int], along axis: Int, tolerance: Double,
        of probability: (Double) -> Double = { $0 }
    ) -> Bool {
        let extent = shape[axis], inner = shape[(axis + 1)...].reduce(1, *)
        guard extent > 1 else { return false }
        return stride(from: 0, to: values.count, by: inner * extent).allSatisfy { block in
            (block..<(block + inner)).allSatisfy { first in
                var sum = 0.0
                for place in stride(from: first, to: first + inner * extent, by: inner) {
                    let p = probability(values[place])
                    guard p >= 0 else { return false }
                    sum += p
                }
                return abs(sum - 1) <= tolerance
            }
        }
    }
}
