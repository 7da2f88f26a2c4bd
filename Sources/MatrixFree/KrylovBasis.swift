import COpenBLAS
import Tensors

/// Orthonormal vectors in one contiguous piece of memory, so that projections onto all of them are one call of BLAS.
///
/// Vector i occupies the numbers i·dimension ..< (i+1)·dimension. Memory for `capacity` vectors is reserved at once; the
/// system provides a page when it is first written.
public final class KrylovBasis {
    public let dimension: Int
    public let capacity: Int
    /// Vectors held.
    public private(set) var count = 0
    private let storage: UnsafeMutablePointer<Double>

    init(dimension: Int, capacity: Int) {
        precondition(dimension > 0 && capacity > 0, "a basis of \(capacity) vectors of \(dimension) numbers")
        BLAS.prepare()
        self.dimension = dimension
        self.capacity = capacity
        storage = .allocate(capacity: dimension * capacity)
    }

    deinit { storage.deallocate() }

    /// Vector `index`, copied out.
    public func vector(_ index: Int) -> [Double] {
        precondition(index < count, "vector \(index) of \(count)")
        return Array(UnsafeBufferPointer(start: storage + index * dimension, count: dimension))
    }

    /// Qᵀx: one coefficient for each vector.
    public func coefficients(of x: [Double]) -> [Double] {
        precondition(x.count == dimension, "coefficients: \(x.count) numbers, expected \(dimension)")
        if count == 0 { return [] }
        var result = [Double](repeating: 0, count: count)
        let n = blasInt(dimension)
        cblas_dgemv(CblasRowMajor, CblasNoTrans, blasInt(count), n, 1, storage, n, x, 1, 0, &result, 1)
        return result
    }

    /// Qc: the combination with the given coefficients of the first vectors.
    public func combination(_ coefficients: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: dimension)
        add(1, coefficients, to: &result)
        return result
    }

    /// y ← y + αQc.
    func add(_ alpha: Double, _ coefficients: [Double], to y: inout [Double]) {
        precondition(y.count == dimension && coefficients.count <= count, "\(coefficients.count) of \(count) vectors")
        if coefficients.isEmpty { return }
        let n = blasInt(dimension)
        let rows = blasInt(coefficients.count)
        cblas_dgemv(CblasRowMajor, CblasTrans, rows, n, alpha, storage, n, coefficients, 1, 1, &y, 1)
    }

    /// x ← x + αqᵢ.
    func add(_ alpha: Double, vector index: Int, to x: inout [Double]) {
        cblas_daxpy(blasInt(dimension), alpha, storage + index * dimension, 1, &x, 1)
    }

    /// x ← (I − QQᵀ)x by classical Gram–Schmidt, repeated while a pass takes away so much that its own rounding errors
    /// would show (the criterion of Daniel, Gragg, Kaufman, Stewart 1976, with the usual 1/√2): "twice is enough".
    ///
    /// - Returns: the coefficients removed, and the norm of what is left.
    @discardableResult
    func removeComponents(from x: inout [Double]) -> (coefficients: [Double], norm: Double) {
        var total = [Double](repeating: 0, count: count)
        var before = Vectors.norm(x)
        if count == 0 { return (total, before) }
        for _ in 0..<3 {
            let pass = coefficients(of: x)
            add(-1, pass, to: &x)
            for i in 0..<count { total[i] += pass[i] }
            let after = Vectors.norm(x)
            if after > 0.5.squareRoot() * before { return (total, after) }
            before = after
        }
        return (total, before)
    }

    /// Appends a vector that is orthonormal to those held.
    func append(_ x: [Double]) {
        precondition(x.count == dimension && count < capacity, "append to \(count) of \(capacity) vectors")
        x.withUnsafeBufferPointer { (storage + count * dimension).initialize(from: $0.baseAddress!, count: dimension) }
        count += 1
    }

    /// Orthonormalises a copy of `x` against the vectors held and appends it, unless it depends on them to rounding.
    @discardableResult
    func appendOrthonormalized(_ x: [Double]) -> Bool {
        guard count < dimension else { return false }
        var y = x
        let original = Vectors.norm(x)
        let (_, rest) = removeComponents(from: &y)
        // n·2⁻⁵² bounds the rounding of one projection; what is smaller has no direction of its own.
        guard rest > max(16, Double(dimension).squareRoot()) * 0x1p-52 * original else { return false }
        Vectors.scale(&y, by: 1 / rest)
        // Normalising has enlarged the components that rounding left.
        let (_, norm) = removeComponents(from: &y)
        Vectors.scale(&y, by: 1 / norm)
        append(y)
        return true
    }

    /// Q ← QZ, in place, a strip of the vectors at a time.
    ///
    /// - Parameter columns: the columns of Z: at most `count` of them, each of `count` numbers.
    func rotate(by columns: [[Double]]) {
        precondition(columns.count <= count && columns.allSatisfy { $0.count == count }, "rotate: shape")
        let old = count
        let new = columns.count
        let flat = columns.flatMap { $0 }
        let strip = min(dimension, 2048)
        var result = [Double](repeating: 0, count: new * strip)
        let n = blasInt(dimension)
        for first in stride(from: 0, to: dimension, by: strip) {
            let width = min(strip, dimension - first)
            let start = storage + first
            cblas_dgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, blasInt(new), blasInt(width), blasInt(old), 1, flat,
                blasInt(old), start, n, 0, &result, blasInt(strip))
            result.withUnsafeBufferPointer { result in
                for i in 0..<new {
                    (start + i * dimension).update(from: result.baseAddress! + i * strip, count: width)
                }
            }
        }
        count = new
    }
}
