import CKernels

/// The arithmetic a network computes in. Sums over examples and vectors of θ's length are Float64 in both.
public enum Precision: String, Sendable, Codable, CaseIterable {
    case float
    case double

    /// Bytes of one number: 4 or 8.
    public var size: Int { self == .float ? 4 : 8 }

    /// The number nearest to `value` that this precision can store.
    public func rounded(_ value: Double) -> Double { self == .float ? Double(Float(value)) : value }

    /// The kernels that this processor runs, such as avx512: others round differently.
    public static var kernels: String {
        ls_kernels_get(0).pointee.variant.map { String(cString: $0) } ?? "baseline"
    }
}
