import Foundation
import Tensors

/// The same damage in every run: a file cut at every byte, flipped bits, and bytes overwritten.
public enum Damage {
    public static func truncations(_ bytes: [UInt8]) -> [[UInt8]] {
        (0..<bytes.count).map { Array(bytes[..<$0]) }
    }

    /// How many damaged copies a test tries: as many as it says, or as LANDSCAPE_FUZZ does.
    public static func trials(_ count: Int) -> Int {
        ProcessInfo.processInfo.environment["LANDSCAPE_FUZZ"].flatMap { Int($0) } ?? count
    }

    /// Copies with one flipped bit in most, up to four in others.
    public static func flips(_ bytes: [UInt8], count: Int, seed: UInt64) -> some Sequence<[UInt8]> {
        let numbers = RandomNumbers(seed: seed).named("damage")
        return (0..<trials(count)).lazy.map { trial in
            var result = bytes
            for flip in 0..<(1 + Int(numbers.bits(at: 8 * trial) % 8) / 2) {
                let place = Int(numbers.bits(at: 8 * trial + 1 + flip) % UInt64(8 * bytes.count))
                result[place / 8] ^= 1 << UInt8(place % 8)
            }
            return result
        }
    }

    /// Copies with eight bytes replaced by any others, or by themselves.
    public static func overwrites(_ bytes: [UInt8], count: Int, seed: UInt64) -> some Sequence<[UInt8]> {
        let numbers = RandomNumbers(seed: seed).named("damage")
        return (0..<trials(count)).lazy.map { trial in
            var result = bytes
            for index in (8 * trial)..<(8 * trial + 8) {
                let bits = numbers.bits(at: index)
                result[Int(bits % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: bits >> 32)
            }
            return result
        }
    }
}
