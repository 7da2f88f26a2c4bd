import Foundation
import Tensors

/// The same damage in every run: the file cut at every byte, and single and multiple bit flips.
enum Damage {
    static func truncations(_ bytes: [UInt8]) -> [[UInt8]] {
        (0..<bytes.count).map { Array(bytes[..<$0]) }
    }

    /// How many damaged copies a test tries: as many as it says, or as LANDSCAPE_FUZZ does.
    static func trials(_ count: Int) -> Int {
        ProcessInfo.processInfo.environment["LANDSCAPE_FUZZ"].flatMap { Int($0) } ?? count
    }

    static func flips(_ bytes: [UInt8], count: Int, seed: UInt64) -> some Sequence<[UInt8]> {
        let numbers = RandomNumbers(seed: seed).named("damage")
        return (0..<trials(count)).lazy.map { trial in
            var result = bytes
            // One flip in most trials, up to four in others.
            for flip in 0..<(1 + Int(numbers.bits(at: 8 * trial) % 8) / 2) {
                let place = Int(numbers.bits(at: 8 * trial + 1 + flip) % UInt64(8 * bytes.count))
                result[place / 8] ^= 1 << UInt8(place % 8)
            }
            return result
        }
    }
}
