import Tensors

/// The traces of diagonal blocks of H, all from the same probes: tr H_bb = E z_bᵀ(Hz)_b, z of independent signs ±1.
///
/// m products serve any number of blocks. What couples a block to others adds to the variance, 2Σ_{i≠j in b}H²ᵢⱼ +
/// Σ_{i in b, j outside}H²ᵢⱼ, and stays out of the mean.
public struct BlockTraces: Sendable, Equatable {
    /// m, the number of random vectors, at least 1; one product each. Default 100, as in `Hutchinson`.
    public var probes: Int
    /// Probes handed to the operator at once, at least 1. Default 4, ours.
    public var blockSize: Int
    /// The seed of the probes. Default 0.
    public var seed: UInt64

    /// Settings for a run; each parameter is described at the property of its name.
    public init(probes: Int = 100, blockSize: Int = 4, seed: UInt64 = 0) {
        (self.probes, self.blockSize, self.seed) = (probes, blockSize, seed)
    }

    /// Estimates the trace of each block.
    ///
    /// - Parameters:
    ///   - blocks: ranges of coordinates within 0 ..< P; they may overlap.
    ///   - progress: called before every block of products with the probes done; what it throws ends the work.
    /// - Returns: one estimate for each of `blocks`, in their order.
    /// - Throws: `MatrixFreeError` for settings or blocks that have no answer and for products that are not finite;
    ///   what the operator and `progress` throw.
    public func run(
        _ matrix: some LinearOperator, blocks: [Range<Int>], progress: (Int) throws -> Void = { _ in }
    ) throws -> [StochasticEstimate] {
        guard probes > 0, blockSize > 0, blocks.allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= matrix.dimension })
        else {
            throw MatrixFreeError.invalidArgument(
                "block traces: \(probes) probes, \(blocks.count) blocks of \(matrix.dimension) coordinates; expected at least one probe and blocks within"
            )
        }
        var counter = try ProductCounter(matrix)
        let random = RandomNumbers(seed: seed).named("block traces")
        var samples = blocks.map { _ in [Double]() }
        for first in stride(from: 0, to: probes, by: blockSize) {
            try progress(first)
            let vectors = (first..<min(first + blockSize, probes)).map {
                random.named("probe \($0)").signs(matrix.dimension)
            }
            for (z, product) in zip(vectors, try counter.apply(block: vectors)) {
                for (b, range) in blocks.enumerated() {
                    samples[b].append(range.reduce(0) { $0 + z[$1] * product[$1] })
                }
            }
        }
        return samples.map { StochasticEstimate(samples: $0) }
    }
}
