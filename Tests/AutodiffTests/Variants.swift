import Tensors

@testable import Autodiff

/// The kernels of every variant that this processor can run, in both precisions.
struct Variant: CustomStringConvertible, Sendable {
    let name: String
    let precision: Precision

    static let all: [Variant] = ["baseline", "avx2", "avx512"].flatMap { name in
        Precision.allCases.filter { Kernels($0, variant: name) != nil }.map { Variant(name: name, precision: $0) }
    }

    var kernels: Kernels { Kernels(precision, variant: name)! }
    var description: String { "\(name) \(precision)" }
}

/// Small whole numbers: sums of their products are exact in both precisions, whatever the order, so tests compare for equality.
func integers(_ count: Int, _ range: ClosedRange<Int> = -3...3, seed: UInt64 = 1) -> [Double] {
    let random = RandomNumbers(seed: seed).named("integers")
    return (0..<count).map { Double(range.lowerBound + Int(random.bits(at: $0) % UInt64(range.count))) }
}

/// A tensor between NaNs: reading beyond what the interface allows shows in the result, writing beyond the end shows here.
final class GuardedTensor {
    private let buffer: Buffer
    private let precision: Precision
    private let count: Int
    private static let margin = 64

    init(_ numbers: [Double], _ precision: Precision) {
        (self.precision, count) = (precision, numbers.count)
        buffer = Buffer(byteCount: (numbers.count + 2 * Self.margin) * precision.size)
        let nans = [Double](repeating: .nan, count: Self.margin)
        buffer.store(nans + numbers + nans, as: precision)
    }

    convenience init(empty count: Int, _ precision: Precision) {
        self.init([Double](repeating: .nan, count: count), precision)
    }

    var address: UnsafeMutableRawPointer { buffer.address + Self.margin * precision.size }
    var numbers: [Double] { buffer.load(count, from: Self.margin, as: precision) }
    var isIntact: Bool {
        let before = buffer.load(Self.margin, as: precision),
            after = buffer.load(Self.margin, from: Self.margin + count, as: precision)
        return (before + after).allSatisfy { $0.isNaN }
    }
}
