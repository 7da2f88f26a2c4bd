import Foundation

/// Random numbers as functions of seed, stream and index.
///
/// Any element is computed by itself, so a sequence has the same bits for every number of threads, and an interrupted
/// run continues it exactly. The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as
/// easy as 1, 2, 3", SC 2011, doi:10.1145/2063384.2063405).
public struct RandomNumbers: Sendable, Hashable, Codable {
    /// The key of the generator: what a user gives as `--seed`.
    public let seed: UInt64
    /// Which of the seed's 2⁶⁴ independent sequences this is.
    public let stream: UInt64

    /// The sequence number `stream` of a seed; `named(_:)` derives the others by purpose.
    public init(seed: UInt64, stream: UInt64 = 0) {
        self.seed = seed
        self.stream = stream
    }

    /// A sequence of the same seed for another purpose. Names keep two purposes from sharing numbers by accident.
    ///
    /// The stream is the FNV-1a hash of the name and of this sequence's own stream.
    public func named(_ purpose: String) -> RandomNumbers {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        for byte in purpose.utf8 { mix(byte) }
        for shift in stride(from: 0, to: 64, by: 8) { mix(UInt8(truncatingIfNeeded: stream >> UInt64(shift))) }
        return RandomNumbers(seed: seed, stream: hash)
    }

    /// 128 random bits, as two halves, for one value of the counter.
    @inlinable
    public func block(_ counter: UInt64) -> (UInt64, UInt64) {
        var c0 = UInt32(truncatingIfNeeded: counter)
        var c1 = UInt32(truncatingIfNeeded: counter >> 32)
        var c2 = UInt32(truncatingIfNeeded: stream)
        var c3 = UInt32(truncatingIfNeeded: stream >> 32)
        var k0 = UInt32(truncatingIfNeeded: seed)
        var k1 = UInt32(truncatingIfNeeded: seed >> 32)
        for _ in 0..<10 {
            let p0 = UInt64(c0) &* 0xD251_1F53
            let p1 = UInt64(c2) &* 0xCD9E_8D57
            c0 = UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0
            c1 = UInt32(truncatingIfNeeded: p1)
            c2 = UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1
            c3 = UInt32(truncatingIfNeeded: p0)
            k0 = k0 &+ 0x9E37_79B9
            k1 = k1 &+ 0xBB67_AE85
        }
        return (UInt64(c1) << 32 | UInt64(c0), UInt64(c3) << 32 | UInt64(c2))
    }

    /// 64 random bits, the element `index` of the sequence.
    ///
    /// - Precondition: `index` is not negative.
    @inlinable
    public func bits(at index: Int) -> UInt64 {
        let pair = block(UInt64(index) >> 1)
        return index & 1 == 0 ? pair.0 : pair.1
    }

    /// Element `index`, uniform in [0, 1): a multiple of 2⁻⁵³.
    @inlinable
    public func uniform(at index: Int) -> Double {
        Double(bits(at: index) >> 11) * 0x1p-53
    }

    /// Element `index`, standard normal. Box and Muller's transform makes two elements of each block.
    public func normal(at index: Int) -> Double {
        let (radius, angle) = polar(UInt64(index) >> 1)
        return radius * (index & 1 == 0 ? cos(angle) : sin(angle))
    }

    private func polar(_ number: UInt64) -> (radius: Double, angle: Double) {
        let pair = block(number)
        return (
            (-2 * log((Double(pair.0 >> 11) + 0.5) * 0x1p-53)).squareRoot(),
            2 * Double.pi * (Double(pair.1 >> 11) * 0x1p-53)
        )
    }

    /// Element `index`, −1 or +1 with equal probability.
    @inlinable
    public func sign(at index: Int) -> Double {
        bits(at: index) >> 63 == 0 ? -1 : 1
    }

    /// The first `count` standard normal numbers of the sequence.
    public func normals(_ count: Int) -> [Double] {
        // Parts are of whole pairs.
        Vectors.filled(count) { numbers, start, length in
            let end = start + Int(length)
            for index in stride(from: start, to: end, by: 2) {
                let (radius, angle) = polar(UInt64(index) >> 1)
                numbers[index] = radius * cos(angle)
                if index + 1 < end { numbers[index + 1] = radius * sin(angle) }
            }
        }
    }

    /// The first `count` signs of the sequence, −1 or +1 (Rademacher numbers).
    public func signs(_ count: Int) -> [Double] {
        (0..<count).map(sign(at:))
    }

    /// A random permutation of 0..<count, by Fisher and Yates' shuffle.
    public func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            let (high, _) = bits(at: last).multipliedFullWidth(by: UInt64(last + 1))
            order.swapAt(last, Int(high))
        }
        return order
    }
}
