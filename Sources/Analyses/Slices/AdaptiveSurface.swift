/// What adaptive sampling found: every point's values, which of them were evaluated, and how far the others may be off.
public struct AdaptiveSurface: Sendable {
    /// A list for each channel, in the order of the grid.
    public let values: [[Double]]
    /// Whether a point was evaluated; the others are interpolated.
    public let isMeasured: [Bool]
    /// How far interpolated values may be off.
    public let accuracy: Accuracy

    /// How far interpolated values may be off, by points that were held out.
    public struct Accuracy: Sendable, Codable, Equatable {
        /// The share of the range that was asked for.
        public let tolerance: Double
        /// Points drawn at random at the end, predicted before they were evaluated; 0 where all of the grid was evaluated.
        public let heldOut: Int
        /// The largest error at those, as a share of the range of values.
        public let error: Double
        /// The same for logarithms, where the values span so much that their logarithm counts, too (up to twice the tolerance).
        public let logarithmicError: Double?
        /// The largest error of the values that were interpolated along, in their own unit.
        public let carriedError: Double?
        /// At least this share of the interpolated points has errors no larger, with 95 % confidence.
        public let coverage: Double

        /// The accuracy as it was saved.
        public init(
            tolerance: Double, heldOut: Int, error: Double, logarithmicError: Double?, carriedError: Double?,
            coverage: Double
        ) {
            (self.tolerance, self.heldOut, self.error) = (tolerance, heldOut, error)
            (self.logarithmicError, self.carriedError, self.coverage) = (logarithmicError, carriedError, coverage)
        }
    }
}
