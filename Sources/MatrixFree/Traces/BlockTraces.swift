import Tensors

/// The traces of diagonal blocks of H, all from the same probes: tr H_bb = E z_bᵀ(Hz)_b, z of independent signs ±1.
///
/// m products serve any number of blocks. What couples a block to others adds to the variance, 2Σ_{i≠j in b}H²ᵢⱼ +
/// Σ_{i in b, j outside}H²ᵢⱼ, and stays out of the mean.
///
/// - Parameters:
///   - blocks: ranges of coordinates.
///   - probes: m.
///   - progress: called before every block of products with the probes done; what it throws ends the work.
/// - Throws: `MatrixFreeError`, and what the operator throws.
public func blockTraces(
    _ matrix: some LinearOperator, blocks: [Range<Int>], probes: Int = 100, blockSize: Int = 4, seed: UInt64 = 0,
    progress: (Int) throws -> Void = { _ in }
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

/// A diagonal block of H: its rows and columns of one range.
public struct DiagonalBlock<Base: LinearOperator>: LinearOperator {
    public let base: Base
    public let range: Range<Int>
    public var dimension: Int { range.count }

    public init(_ base: Base, _ range: Range<Int>) {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= base.dimension, "a block \(range) of \(base.dimension)")
        (self.base, self.range) = (base, range)
    }

    public func apply(_ x: [Double]) throws -> [Double] { try apply(block: [x])[0] }

    public func apply(block: [[Double]]) throws -> [[Double]] {
        let padded = block.map { x in
            precondition(x.count == range.count, "apply: \(x.count) numbers, expected \(range.count)")
            var whole = [Double](repeating: 0, count: base.dimension)
            whole.replaceSubrange(range, with: x)
            return whole
        }
        return try base.apply(block: padded).map { Array($0[range]) }
    }
}
