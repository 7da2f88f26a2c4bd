import CKernels
import COpenBLAS
import Foundation

/// Operations on flat Float64 vectors: parameters, directions, gradients and the bases built from them.
///
/// Results have the same bits in every run on one machine, for any number of threads.
public enum Vectors {
    /// Calls `body` for consecutive parts of `count` elements, none longer than `most`.
    static func forEachPart(
        of count: Int, atMost most: Int = Int(Int32.max), _ body: (_ start: Int, _ length: Int32) -> Void
    ) {
        for start in stride(from: 0, to: count, by: most) { body(start, Int32(min(most, count - start))) }
    }

    /// The inner product Σ aᵢ bᵢ.
    ///
    /// - Precondition: the lengths are equal.
    public static func dot(_ a: [Double], _ b: [Double]) -> Double {
        precondition(a.count == b.count, "dot: lengths \(a.count) and \(b.count)")
        return dot(a, b, atMost: Int(Int32.max))
    }

    static func dot(_ a: [Double], _ b: [Double], atMost most: Int) -> Double {
        BLAS.prepare()
        // −0 is the sum of nothing: whatever is added to it stays what it is.
        var sum = a.isEmpty ? 0 : -0.0
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                forEachPart(of: a.count, atMost: most) { start, length in
                    sum += cblas_ddot(length, a.baseAddress! + start, 1, b.baseAddress! + start, 1)
                }
            }
        }
        return sum
    }

    /// The Euclidean norm ‖a‖₂, computed without overflow.
    public static func norm(_ a: [Double]) -> Double {
        norm(a, atMost: Int(Int32.max))
    }

    static func norm(_ a: [Double], atMost most: Int) -> Double {
        BLAS.prepare()
        var norm = 0.0
        a.withUnsafeBufferPointer { a in
            forEachPart(of: a.count, atMost: most) { start, length in
                norm = hypot(norm, cblas_dnrm2(length, a.baseAddress! + start, 1))
            }
        }
        return norm
    }

    /// Adds a multiple of a vector to another: y ← y + αx.
    ///
    /// - Precondition: the lengths are equal.
    public static func add(_ alpha: Double, _ x: [Double], to y: inout [Double]) {
        precondition(x.count == y.count, "add: lengths \(x.count) and \(y.count)")
        add(alpha, x, to: &y, atMost: Int(Int32.max))
    }

    static func add(_ alpha: Double, _ x: [Double], to y: inout [Double], atMost most: Int) {
        BLAS.prepare()
        x.withUnsafeBufferPointer { x in
            y.withUnsafeMutableBufferPointer { y in
                forEachPart(of: x.count, atMost: most) { start, length in
                    cblas_daxpy(length, alpha, x.baseAddress! + start, 1, y.baseAddress! + start, 1)
                }
            }
        }
    }

    /// Adds numbers that lie in memory in a graph's precision to a vector: y ← y + x.
    ///
    /// - Precondition: `x` points to as many numbers as `y` has.
    public static func add(
        _ x: UnsafeRawPointer, as precision: Precision, to y: UnsafeMutableBufferPointer<Double>
    ) {
        ls_kernels_get(precision == .double ? 1 : 0).pointee.add_to(Int64(y.count), x, y.baseAddress)
    }

    /// Multiplies a vector by a number: x ← αx.
    public static func scale(_ x: inout [Double], by alpha: Double) {
        scale(&x, by: alpha, atMost: Int(Int32.max))
    }

    static func scale(_ x: inout [Double], by alpha: Double, atMost most: Int) {
        BLAS.prepare()
        x.withUnsafeMutableBufferPointer { x in
            forEachPart(of: x.count, atMost: most) { start, length in
                cblas_dscal(length, alpha, x.baseAddress! + start, 1)
            }
        }
    }

    /// The product D x with a diagonal matrix D, given by its diagonal; `nil` is the identity.
    ///
    /// - Precondition: the lengths are equal.
    public static func product(_ diagonal: [Double]?, _ x: [Double]) -> [Double] {
        guard let diagonal else { return x }
        precondition(diagonal.count == x.count, "product: lengths \(diagonal.count) and \(x.count)")
        return zip(x, diagonal).map { $0 * $1 }
    }

    /// The sum a + αb.
    ///
    /// - Precondition: the lengths are equal.
    public static func sum(_ a: [Double], _ alpha: Double, _ b: [Double]) -> [Double] {
        var result = a
        add(alpha, b, to: &result)
        return result
    }
}

/// A length in the type that BLAS takes.
///
/// - Precondition: at most 2³¹ − 1.
public func blasInt(_ value: Int) -> Int32 {
    precondition(value <= Int32.max, "\(value) is more elements than BLAS indexes")
    return Int32(value)
}
