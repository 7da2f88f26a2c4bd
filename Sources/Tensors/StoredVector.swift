import Foundation

/// A vector as it was read or computed: one in Float32 stays as it is, half as large, until the vector in Float64 is asked for.
package final class StoredVector: @unchecked Sendable {
    /// How many numbers it has.
    package let count: Int
    private let lock = NSLock()
    private var storage: Storage
    private var current: Storage { lock.withLock { storage } }

    private enum Storage {
        case vector([Double])
        /// Numbers in Float32, which nobody writes to any more, and what they are multiplied by in Float64; nil for nothing.
        case floats(Buffer, times: Double?)
    }

    /// - Parameter vector: its numbers.
    package init(_ vector: [Double]) { (count, storage) = (vector.count, .vector(vector)) }

    /// - Parameters:
    ///   - floats: numbers in Float32, which nobody writes to any more.
    ///   - scale: what they are multiplied by in Float64, as `Vectors.store` does; nil for nothing.
    /// - Precondition: so many lie in the buffer.
    package init(_ floats: Buffer, count: Int, times scale: Double? = nil) {
        precondition(count * Precision.float.size <= floats.byteCount, "\(count) numbers in \(floats.byteCount) bytes")
        (self.count, storage) = (count, .floats(floats, times: scale))
    }

    /// All numbers. From now on they take the place of those in Float32.
    package var vector: [Double] {
        lock.withLock {
            if case .vector(let vector) = storage { return vector }
            let vector = Self.numbers(storage, 0..<count)
            storage = .vector(vector)
            return vector
        }
    }

    /// The numbers from one place to another.
    package func numbers(_ range: Range<Int>) -> [Double] { Self.numbers(current, range) }

    private static func numbers(_ storage: Storage, _ range: Range<Int>) -> [Double] {
        switch storage {
        case .vector(let vector): return Array(vector[range])
        case .floats(let floats, nil): return floats.load(range.count, from: range.lowerBound, as: .float)
        case .floats(let floats, let scale?):
            let first = UnsafeRawPointer(floats.address) + range.lowerBound * Precision.float.size
            return Vectors.written(range.count) {
                Vectors.store(first, as: .float, times: scale, in: $0)
                return range.count
            }
        }
    }

    /// Its numbers in Float32, to be read alone; nil where they are in Float64, as they were made or as somebody has asked for the
    /// vector, or are multiplied by something.
    package var floats: Buffer? {
        if case .floats(let floats, nil) = current { floats } else { nil }
    }

    /// The Euclidean norm, to the bit that of the vector.
    package var norm: Double {
        if case .vector(let vector) = current { return Vectors.norm(vector) }
        return Vectors.norm(of: count) { [self] in numbers($0) }
    }

    /// Whether Float32 has each finite number as it is.
    package var fitsFloat: Bool { floats != nil || vector.allSatisfy { !$0.isFinite || Double(Float($0)) == $0 } }
}
