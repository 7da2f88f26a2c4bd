import CKernels
import COpenBLAS

/// Operations on flat Float64 vectors: parameters, directions, gradients and the bases built from them.
///
/// Results have the same bits in every run on one machine, for any number of threads.
public enum Vectors {
    /// The inner product Σ aᵢ bᵢ.
    ///
    /// - Precondition: the lengths are equal.
    public static func dot(_ a: [Double], _ b: [Double]) -> Double {
        precondition(a.count == b.count, "dot: lengths \(a.count) and \(b.count)")
        BLAS.prepare()
        return cblas_ddot(blasInt(a.count), a, 1, b, 1)
    }

    /// The Euclidean norm ‖a‖₂, computed without overflow.
    public static func norm(_ a: [Double]) -> Double {
        BLAS.prepare()
        return cblas_dnrm2(blasInt(a.count), a, 1)
    }

    /// Adds a multiple of a vector to another: y ← y + αx.
    ///
    /// - Precondition: the lengths are equal.
    public static func add(_ alpha: Double, _ x: [Double], to y: inout [Double]) {
        precondition(x.count == y.count, "add: lengths \(x.count) and \(y.count)")
        BLAS.prepare()
        cblas_daxpy(blasInt(x.count), alpha, x, 1, &y, 1)
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
        BLAS.prepare()
        cblas_dscal(blasInt(x.count), alpha, &x, 1)
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
