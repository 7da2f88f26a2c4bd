import CKernels
import COpenBLAS
import Foundation

/// Operations on flat Float64 vectors: parameters, directions, gradients and the bases built from them.
///
/// Results have the same bits in every run on one machine, for any number of threads: long vectors are taken in chunks on all
/// threads, and what chunks give is combined in their order.
public enum Vectors {
    /// Numbers in a chunk of a long vector: 256 KiB. Ours.
    package static let chunk = 1 << 15
    /// From how many numbers on a vector is long. Ours: threads wake in some microseconds, which shorter ones do not give back.
    static let leastLong = 1 << 17

    /// Numbers in a part of a long vector that is written for the first time: 2 MiB, so that threads do not make the same page.
    static let part = 1 << 18

    /// Calls `body` for consecutive parts of `count` elements, on all threads and in any order: for all of a short vector, and
    /// for parts of `size` elements of a long one.
    package static func forEachPart(
        of count: Int, each size: Int = chunk, _ body: @Sendable (_ start: Int, _ length: Int32) -> Void
    ) {
        guard count >= leastLong else { return body(0, Int32(count)) }
        Threads.forEach((count + size - 1) / size) { number, _ in
            body(number * size, Int32(min(size, count - number * size)))
        }
    }

    /// What `body` gives for the chunks of a long vector's elements, in their order.
    private static func chunks(
        of count: Int, _ body: @Sendable (_ start: Int, _ length: Int32) -> Double
    ) -> [Double] {
        let size = (count + chunk - 1) / chunk
        return [Double](unsafeUninitializedCapacity: size) { chunks, filled in
            nonisolated(unsafe) let chunks = chunks  // each element is written by one thread
            forEachPart(of: count) { chunks.initializeElement(at: $0 / chunk, to: body($0, $1)) }
            filled = size
        }
    }

    /// The inner product Σ aᵢ bᵢ.
    ///
    /// - Precondition: the lengths are equal.
    public static func dot(_ a: [Double], _ b: [Double]) -> Double {
        precondition(a.count == b.count, "dot: lengths \(a.count) and \(b.count)")
        BLAS.prepare()
        guard a.count >= leastLong else { return cblas_ddot(Int32(a.count), a, 1, b, 1) }
        return a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                nonisolated(unsafe) let (x, y) = (a.baseAddress!, b.baseAddress!)
                return chunks(of: a.count) { cblas_ddot($1, x + $0, 1, y + $0, 1) }.reduce(0, +)
            }
        }
    }

    /// The Euclidean norm ‖a‖₂, computed without overflow.
    public static func norm(_ a: [Double]) -> Double {
        BLAS.prepare()
        guard a.count >= leastLong else { return cblas_dnrm2(Int32(a.count), a, 1) }
        if let norm = norm(squared: dot(a, a)) { return norm }
        return a.withUnsafeBufferPointer { a in
            nonisolated(unsafe) let x = a.baseAddress!
            return chunks(of: a.count) { cblas_dnrm2($1, x + $0, 1) }.reduce(0, hypot)
        }
    }

    /// The norm of a vector whose parts are made when they are looked at: the bits of `norm` of all in one.
    ///
    /// - Parameter part: the numbers from one place to another; called on all threads.
    static func norm(of count: Int, part: @Sendable (Range<Int>) -> [Double]) -> Double {
        guard count >= leastLong else { return norm(part(0..<count)) }
        BLAS.prepare()
        let squares = chunks(of: count) {
            let part = part($0..<$0 + Int($1))
            return cblas_ddot($1, part, 1, part, 1)
        }
        if let norm = norm(squared: squares.reduce(0, +)) { return norm }
        return chunks(of: count) { cblas_dnrm2($1, part($0..<$0 + Int($1)), 1) }.reduce(0, hypot)
    }

    /// The mean of vectors.
    ///
    /// - Precondition: at least one, of equal lengths.
    public static func mean(of vectors: [[Double]]) -> [Double] {
        var mean = zeros(vectors[0].count)
        for vector in vectors { add(1 / Double(vectors.count), vector, to: &mean) }
        return mean
    }

    /// ‖Vᵀa‖²/‖a‖² with orthonormal vectors V: how much of a's square lies in their space; nil where a is 0.
    ///
    /// - Precondition: vectors of a's length.
    public static func share(of a: [Double], in space: [[Double]]) -> Double? {
        let square = dot(a, a)
        let inside = space.reduce(0) { $0 + dot($1, a) * dot($1, a) }
        return square > 0 ? min(1, inside / square) : nil
    }

    /// The root of a sum of squares; nil where squares may have left the range of numbers.
    public static func norm(squared sum: Double) -> Double? {
        // What squares below 1e-308 lose is nothing beside 1e-280, however many there are.
        sum > 1e-280 && sum < .infinity ? sum.squareRoot() : nil
    }

    /// Whether the sum of absolute values is finite, and so every number.
    public static func isFinite(_ a: [Double]) -> Bool {
        BLAS.prepare()
        guard a.count >= leastLong else { return cblas_dasum(Int32(a.count), a, 1).isFinite }
        return a.withUnsafeBufferPointer { a in
            nonisolated(unsafe) let x = a.baseAddress!
            return chunks(of: a.count) { cblas_dasum($1, x + $0, 1) }.reduce(0, +).isFinite
        }
    }

    /// Adds a multiple of a vector to another: y ← y + αx.
    ///
    /// - Precondition: the lengths are equal.
    public static func add(_ alpha: Double, _ x: [Double], to y: inout [Double]) {
        precondition(x.count == y.count, "add: lengths \(x.count) and \(y.count)")
        if x.isEmpty { return }
        BLAS.prepare()
        x.withUnsafeBufferPointer { from in
            y.withUnsafeMutableBufferPointer { to in
                nonisolated(unsafe) let (x, y) = (from.baseAddress!, to.baseAddress!)
                forEachPart(of: from.count) { cblas_daxpy($1, alpha, x + $0, 1, y + $0, 1) }
            }
        }
    }

    /// Adds numbers that lie in memory in a graph's precision to a vector: y ← y + x.
    ///
    /// - Precondition: `x` points to as many numbers as `y` has.
    public static func add(
        _ x: UnsafeRawPointer, as precision: Precision, to y: UnsafeMutableBufferPointer<Double>
    ) {
        guard let address = y.baseAddress else { return }
        nonisolated(unsafe) let (x, y, addTo) = (
            x, (address, y.count), ls_kernels_get(precision == .double ? 1 : 0).pointee.add_to!
        )
        forEachPart(of: y.1) { addTo(Int64($1), x + $0 * precision.size, y.0 + $0) }
    }

    /// Writes numbers that lie in memory in a graph's precision, times a number, for the first time: y ← α(0 + x), the bits of a sum
    /// of one term.
    ///
    /// - Precondition: `x` points to as many numbers as `y` has.
    package static func store(
        _ x: UnsafeRawPointer, as precision: Precision, times alpha: Double, in y: UnsafeMutableBufferPointer<Double>
    ) {
        guard let address = y.baseAddress else { return }
        nonisolated(unsafe) let (x, y) = (x, (address, y.count))
        @Sendable func store<Scalar: BinaryFloatingPoint>(_ x: UnsafePointer<Scalar>, _ part: Range<Int>) {
            for i in part { y.0[i] = (0 + Double(x[i])) * alpha }
        }
        forEachFresh(of: y.1) { start, length in
            let part = start..<start + Int(length)
            switch precision {
            case .float: store(x.assumingMemoryBound(to: Float.self), part)
            case .double: store(x.assumingMemoryBound(to: Double.self), part)
            }
        }
    }

    /// Multiplies a vector by a number: x ← αx.
    public static func scale(_ x: inout [Double], by alpha: Double) {
        if x.isEmpty { return }
        BLAS.prepare()
        x.withUnsafeMutableBufferPointer { to in
            nonisolated(unsafe) let x = to.baseAddress!
            forEachPart(of: to.count) { cblas_dscal($1, alpha, x + $0, 1) }
        }
    }

    /// The product D x with a diagonal matrix D, given by its diagonal; `nil` is the identity.
    ///
    /// - Precondition: the lengths are equal.
    public static func product(_ diagonal: [Double]?, _ x: [Double]) -> [Double] {
        guard let diagonal else { return x }
        precondition(diagonal.count == x.count, "product: lengths \(diagonal.count) and \(x.count)")
        return filled(x.count) { to, start, length in
            for i in start..<(start + Int(length)) { to[i] = x[i] * diagonal[i] }
        }
    }

    /// The sum a + αb.
    ///
    /// - Precondition: the lengths are equal.
    public static func sum(_ a: [Double], _ alpha: Double, _ b: [Double]) -> [Double] {
        precondition(a.count == b.count, "sum: lengths \(a.count) and \(b.count)")
        BLAS.prepare()
        return a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                nonisolated(unsafe) let (a, b) = (a, b)
                return filled(a.count) { to, start, length in
                    (to + start).update(from: a.baseAddress! + start, count: Int(length))
                    cblas_daxpy(length, alpha, b.baseAddress! + start, 1, to + start, 1)
                }
            }
        }
    }

    /// So many zeros.
    public static func zeros(_ count: Int) -> [Double] {
        filled(count) { ($0 + $1).update(repeating: 0, count: Int($2)) }
    }

    /// A copy of numbers that lie in memory.
    public static func copy(_ numbers: UnsafeBufferPointer<Double>) -> [Double] {
        guard let address = numbers.baseAddress else { return [] }
        return Buffer.load(address, numbers.count, as: .double)
    }

    /// A new vector whose parts `body` writes, on all threads.
    static func filled(
        _ count: Int, _ body: @Sendable (_ to: UnsafeMutablePointer<Double>, _ start: Int, _ length: Int32) -> Void
    ) -> [Double] {
        written(count) { buffer in
            nonisolated(unsafe) let to = buffer.baseAddress!
            forEachFresh(of: count) { body(to, $0, $1) }
            return count
        }
    }

    /// A new vector that `body` writes.
    ///
    /// - Parameter body: writes every number once, and says how many these were; not called for none.
    package static func written(
        _ count: Int, _ body: (UnsafeMutableBufferPointer<Double>) throws -> Int
    ) rethrows -> [Double] {
        if count == 0 { return [] }
        return try [Double](unsafeUninitializedCapacity: count) { buffer, filled in
            Buffer.preferHugePages(buffer.baseAddress!, 8 * count)
            filled = try body(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            precondition(filled == count, "\(filled) of \(count) numbers of a vector")
        }
    }

    /// `forEachPart` for memory that is written for the first time.
    private static func forEachFresh(of count: Int, _ body: @Sendable (_ start: Int, _ length: Int32) -> Void) {
        // Where there are few parts, threads had better have equally many.
        forEachPart(of: count, each: count < 16 * part ? chunk : part, body)
    }
}

/// A length in the type that BLAS takes.
///
/// - Precondition: at most 2³¹ − 1.
public func blasInt(_ value: Int) -> Int32 {
    precondition(value <= Int32.max, "\(value) is more elements than BLAS indexes")
    return Int32(value)
}
