import CKernels
import Essentials

/// A digest of numbers and words, to find again what was computed from them (see `Journal`).
///
/// It guards against chance and not against an adversary.
public struct ContentKey: Sendable {
    /// Four words.
    public private(set) var words: [UInt64] = [0, 0, 0, 0]

    /// A digest of nothing yet.
    public init() {}

    /// A digest of a text.
    public init(_ text: String) { add(text) }

    /// The digest as a journal has it.
    public var journal: JournalKey { JournalKey(words) }
    /// The digest as so many hexadecimal digits, at most 16.
    public func hexadecimal(_ digits: Int) -> String {
        String(String(repeating: "0", count: 16) + String(words[0], radix: 16)).suffix(16).prefix(digits).description
    }

    /// Takes in a text; where it ends counts, too.
    public mutating func add(_ text: String) { add(Array(text.utf8)) }
    /// Takes in numbers; how many counts, too.
    public mutating func add<Number: BitwiseCopyable>(_ numbers: [Number]) { numbers.withUnsafeBytes { add($0) } }
    /// Takes in another digest.
    public mutating func add(_ other: ContentKey) { add(other.words) }

    /// Takes in numbers that are made piece by piece, as `add` does all of them in one array.
    ///
    /// - Parameters:
    ///   - count: how many there are.
    ///   - piece: makes those from one place to another.
    package mutating func add(numbers count: Int, piece: (Range<Int>) -> [Double]) {
        guard count > 0 else { return add([Double]()) }
        ls_digest_begin(&words)
        for first in stride(from: 0, to: count, by: Self.piece) {
            let end = min(first + Self.piece, count)
            piece(first..<end).withUnsafeBytes { bytes in
                let address = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
                if end < count {
                    ls_digest_add(&words, address, bytes.count)
                } else {
                    ls_digest_end(&words, address, bytes.count, MemoryLayout<Double>.size * count)
                }
            }
        }
    }

    /// Numbers of a piece: 256 KB.
    private static let piece = 1 << 15

    /// Takes in bytes.
    public mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var none: UInt8 = 0
        withUnsafePointer(to: &none) { empty in
            ls_digest(&words, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? empty, bytes.count)
        }
    }
}
