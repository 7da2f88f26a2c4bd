import COpenBLAS
import Tensors

/// Orthonormal vectors in contiguous memory, so that projections onto many of them are one call of BLAS.
///
/// Memory is taken in slabs of 16 vectors as the basis grows: what a run never reaches it never asks the system for. In
/// a slab, vector i occupies the numbers i·dimension ..< (i+1)·dimension.
public final class KrylovBasis {
    /// Numbers in a vector.
    public let dimension: Int
    /// The most vectors that it can hold.
    public let capacity: Int
    /// Vectors held.
    public private(set) var count = 0
    private var slabs: [UnsafeMutablePointer<Double>] = []
    private static let slabSize = 16

    init(dimension: Int, capacity: Int) {
        precondition(dimension > 0 && capacity > 0, "a basis of \(capacity) vectors of \(dimension) numbers")
        BLAS.prepare()
        self.dimension = dimension
        self.capacity = capacity
    }

    deinit { for slab in slabs { slab.deallocate() } }

    private func pointer(_ index: Int) -> UnsafeMutablePointer<Double> {
        slabs[index / Self.slabSize] + index % Self.slabSize * dimension
    }

    /// The vectors 0 ..< `total` by slabs: where each begins, its first index and how many it holds.
    private func pieces(_ total: Int) -> [(start: UnsafeMutablePointer<Double>, first: Int, count: Int)] {
        stride(from: 0, to: total, by: Self.slabSize).map { first in
            (slabs[first / Self.slabSize], first, min(Self.slabSize, total - first))
        }
    }

    /// Vector `index`, copied out: `dimension` numbers.
    ///
    /// - Precondition: `index` is less than `count`.
    public func vector(_ index: Int) -> [Double] {
        precondition(index < count, "vector \(index) of \(count)")
        return Array(UnsafeBufferPointer(start: pointer(index), count: dimension))
    }

    /// Qᵀx: one coefficient for each vector.
    ///
    /// - Precondition: x has `dimension` numbers.
    public func coefficients(of x: [Double]) -> [Double] {
        precondition(x.count == dimension, "coefficients: \(x.count) numbers, expected \(dimension)")
        if count == 0 { return [] }
        var result = [Double](repeating: 0, count: count)
        let n = blasInt(dimension)
        result.withUnsafeMutableBufferPointer { result in
            for piece in pieces(count) {
                cblas_dgemv(
                    CblasRowMajor, CblasNoTrans, blasInt(piece.count), n, 1, piece.start, n, x, 1, 0,
                    result.baseAddress! + piece.first, 1)
            }
        }
        return result
    }

    /// Qc: the combination with the given coefficients of the first vectors, `dimension` numbers.
    ///
    /// - Precondition: there are at most `count` coefficients.
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
        coefficients.withUnsafeBufferPointer { coefficients in
            for piece in pieces(coefficients.count) {
                cblas_dgemv(
                    CblasRowMajor, CblasTrans, blasInt(piece.count), n, alpha, piece.start, n,
                    coefficients.baseAddress! + piece.first, 1, 1, &y, 1)
            }
        }
    }

    /// x ← x + αqᵢ.
    func add(_ alpha: Double, vector index: Int, to x: inout [Double]) {
        cblas_daxpy(blasInt(dimension), alpha, pointer(index), 1, &x, 1)
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
        if count == slabs.count * Self.slabSize {
            slabs.append(.allocate(capacity: min(Self.slabSize, capacity - count) * dimension))
        }
        x.withUnsafeBufferPointer { pointer(count).initialize(from: $0.baseAddress!, count: dimension) }
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
        if new == 0 {
            count = 0
            return
        }
        let flat = columns.flatMap { $0 }
        let strip = min(dimension, 2048)
        var result = [Double](repeating: 0, count: new * strip)
        let n = blasInt(dimension)
        for first in stride(from: 0, to: dimension, by: strip) {
            let width = min(strip, dimension - first)
            for piece in pieces(old) {
                flat.withUnsafeBufferPointer { flat in
                    cblas_dgemm(
                        CblasRowMajor, CblasNoTrans, CblasNoTrans, blasInt(new), blasInt(width), blasInt(piece.count),
                        1,
                        flat.baseAddress! + piece.first, blasInt(old), piece.start + first, n, piece.first == 0 ? 0 : 1,
                        &result, blasInt(strip))
                }
            }
            result.withUnsafeBufferPointer { result in
                for i in 0..<new {
                    (pointer(i) + first).update(from: result.baseAddress! + i * strip, count: width)
                }
            }
        }
        count = new
    }
}
