import CKernels
import COpenBLAS

/// Operations on flat vectors of Float64: parameters, directions, gradients and the bases built from them.
/// Every one is a single-threaded BLAS call, so its result has the same bits in every run on one machine.
public enum Vectors {
    /// Σ aᵢ bᵢ.
    public static func dot(_ a: [Double], _ b: [Double]) -> Double {
        precondition(a.count == b.count, "dot: lengths \(a.count) and \(b.count)")
        BLAS.prepare()
        return cblas_ddot(blasInt(a.count), a, 1, b, 1)
    }

    /// The Euclidean norm, without overflow.
    public static func norm(_ a: [Double]) -> Double {
        BLAS.prepare()
        return cblas_dnrm2(blasInt(a.count), a, 1)
    }

    /// y ← y + αx.
    public static func add(_ alpha: Double, _ x: [Double], to y: inout [Double]) {
        precondition(x.count == y.count, "add: lengths \(x.count) and \(y.count)")
        BLAS.prepare()
        cblas_daxpy(blasInt(x.count), alpha, x, 1, &y, 1)
    }

    /// y ← y + x for numbers of a graph, which lie in memory in its precision.
    public static func add(
        _ x: UnsafeRawPointer, as precision: Precision, to y: UnsafeMutableBufferPointer<Double>
    ) {
        ls_kernels_get(precision == .double ? 1 : 0).pointee.add_to(Int64(y.count), x, y.baseAddress)
    }

    /// x ← αx.
    public static func scale(_ x: inout [Double], by alpha: Double) {
        BLAS.prepare()
        cblas_dscal(blasInt(x.count), alpha, &x, 1)
    }

    /// D x for a diagonal matrix D, given by its diagonal; nil stands for the identity.
    public static func product(_ diagonal: [Double]?, _ x: [Double]) -> [Double] {
        guard let diagonal else { return x }
        precondition(diagonal.count == x.count, "product: lengths \(diagonal.count) and \(x.count)")
        return zip(x, diagonal).map { $0 * $1 }
    }

    /// a + αb.
    public static func sum(_ a: [Double], _ alpha: Double, _ b: [Double]) -> [Double] {
        var result = a
        add(alpha, b, to: &result)
        return result
    }
}

/// A length as BLAS takes it.
public func blasInt(_ value: Int) -> Int32 {
    precondition(value <= Int32.max, "\(value) is more elements than BLAS indexes")
    return Int32(value)
}
