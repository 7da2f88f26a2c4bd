import COpenBLAS
import Tensors

/// Orthonormal vectors in contiguous memory, so that projections onto many of them are few calls of BLAS.
///
/// Memory is taken in slabs of up to 16 vectors as the basis grows: what a run never reaches it never asks the system for.
/// In a slab, vector i occupies the numbers i·dimension ..< (i+1)·dimension. Slabs beyond the memory limit are an unnamed
/// file in the folder of temporary files.
///
/// All threads work on it, each on chunks of rows that do not depend on their number, and what chunks give is added in
/// their order: results have the same bits for any number of threads.
public final class KrylovBasis {
    /// Numbers in a vector.
    public let dimension: Int
    /// The most vectors that it can hold.
    public let capacity: Int
    /// Vectors held.
    public private(set) var count = 0
    private var slabs: [Buffer] = []
    /// Vectors in a slab, and slabs that are in memory.
    private let slabSize: Int, slabsInMemory: Int
    private static let largestSlab = 16
    /// Rows of a chunk: as many numbers of x stay in the processor's cache while those of all vectors pass. Ours.
    private static let chunk = 1 << 13
    /// Numbers of the vectors from which on threads are woken. Ours.
    private static let leastShared = 1 << 18

    /// - Parameter memoryLimit: bytes for vectors in memory.
    init(dimension: Int, capacity: Int, memoryLimit: Int = .max) {
        precondition(dimension > 0 && capacity > 0, "a basis of \(capacity) vectors of \(dimension) numbers")
        BLAS.prepare()
        (self.dimension, self.capacity) = (dimension, capacity)
        let most = max(0, memoryLimit) / 8 / dimension
        if most >= capacity || most == 0 {
            (slabSize, slabsInMemory) = (min(Self.largestSlab, capacity), most == 0 ? 0 : .max)
        } else {
            slabsInMemory = (most + Self.largestSlab - 1) / Self.largestSlab
            slabSize = most / slabsInMemory
        }
    }

    private func pointer(_ index: Int) -> UnsafeMutablePointer<Double> {
        slabs[index / slabSize].address.assumingMemoryBound(to: Double.self) + index % slabSize * dimension
    }

    /// The vectors of a slab, or those of them that are asked for.
    private struct Piece {
        let start: UnsafeMutablePointer<Double>, first: Int, count: Int32
    }

    /// The vectors 0 ..< `total` by slabs.
    private func pieces(_ total: Int) -> [Piece] {
        stride(from: 0, to: total, by: slabSize).map { first in
            Piece(start: pointer(first), first: first, count: Int32(min(slabSize, total - first)))
        }
    }

    private var chunks: Int { (dimension + Self.chunk - 1) / Self.chunk }

    /// Calls `body` for the chunks of rows, with a chunk's number and rows.
    private func forEachChunk(_ vectors: Int, _ body: @Sendable (_ chunk: Int, _ first: Int, _ rows: Int) -> Void) {
        let dimension = dimension
        @Sendable func run(_ chunk: Int) {
            let first = chunk * Self.chunk
            body(chunk, first, min(Self.chunk, dimension - first))
        }
        if dimension * vectors < Self.leastShared {
            for chunk in 0..<chunks { run(chunk) }
        } else {
            Threads.forEach(chunks) { chunk, _ in run(chunk) }
        }
    }

    /// Vector `index`, copied out: `dimension` numbers.
    ///
    /// - Precondition: `index` is less than `count`.
    public func vector(_ index: Int) -> [Double] {
        precondition(index < count, "vector \(index) of \(count)")
        return Vectors.copy(UnsafeBufferPointer(start: pointer(index), count: dimension))
    }

    /// Qᵀx: one coefficient for each vector.
    ///
    /// - Precondition: x has `dimension` numbers.
    public func coefficients(of x: [Double]) -> [Double] {
        precondition(x.count == dimension, "coefficients: \(x.count) numbers, expected \(dimension)")
        if count == 0 { return [] }
        let count = count, n = blasInt(dimension)
        nonisolated(unsafe) let pieces = pieces(count)
        var parts = [Double](repeating: 0, count: chunks * count)
        parts.withUnsafeMutableBufferPointer { parts in
            nonisolated(unsafe) let parts = parts.baseAddress!  // each chunk has elements of its own
            forEachChunk(count) { chunk, first, rows in
                x.withUnsafeBufferPointer { x in
                    for piece in pieces {
                        cblas_dgemv(
                            CblasRowMajor, CblasNoTrans, piece.count, blasInt(rows), 1, piece.start + first, n,
                            x.baseAddress! + first, 1, 0, parts + chunk * count + piece.first, 1)
                    }
                }
            }
        }
        return (0..<count).map { i in
            stride(from: i + count, to: parts.count, by: count).reduce(parts[i]) { $0 + parts[$1] }
        }
    }

    /// Qc: the combination with the given coefficients of the first vectors, `dimension` numbers.
    ///
    /// - Precondition: there are at most `count` coefficients.
    public func combination(_ coefficients: [Double]) -> [Double] {
        var result = Vectors.zeros(dimension)
        add(1, coefficients, to: &result)
        return result
    }

    /// y ← y + αQc.
    ///
    /// - Returns: ‖y‖² then, which may overflow.
    @discardableResult
    func add(_ alpha: Double, _ coefficients: [Double], to y: inout [Double]) -> Double {
        precondition(y.count == dimension && coefficients.count <= count, "\(coefficients.count) of \(count) vectors")
        let n = blasInt(dimension)
        nonisolated(unsafe) let pieces = pieces(coefficients.count)
        var squares = [Double](repeating: 0, count: chunks)
        y.withUnsafeMutableBufferPointer { y in
            squares.withUnsafeMutableBufferPointer { squares in
                // Each chunk has rows and an element of its own.
                nonisolated(unsafe) let (y, squares) = (y.baseAddress!, squares)
                forEachChunk(coefficients.count) { chunk, first, rows in
                    coefficients.withUnsafeBufferPointer { coefficients in
                        for piece in pieces {
                            cblas_dgemv(
                                CblasRowMajor, CblasTrans, piece.count, blasInt(rows), alpha, piece.start + first, n,
                                coefficients.baseAddress! + piece.first, 1, 1, y + first, 1)
                        }
                    }
                    squares[chunk] = cblas_ddot(blasInt(rows), y + first, 1, y + first, 1)
                }
            }
        }
        return squares.reduce(0, +)
    }

    /// x ← x + αqᵢ.
    func add(_ alpha: Double, vector index: Int, to x: inout [Double]) {
        x.withUnsafeMutableBufferPointer { x in
            nonisolated(unsafe) let (x, q) = (x.baseAddress!, pointer(index))
            forEachChunk(1) { _, first, rows in cblas_daxpy(blasInt(rows), alpha, q + first, 1, x + first, 1) }
        }
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
            let square = add(-1, pass, to: &x)
            for i in 0..<count { total[i] += pass[i] }
            let after = Vectors.norm(squared: square) ?? Vectors.norm(x)
            if after > 0.5.squareRoot() * before { return (total, after) }
            before = after
        }
        return (total, before)
    }

    /// Makes room for one more vector, in the file where memory has none.
    ///
    /// - Throws: `MatrixFreeError.noRoom` where the file cannot be made.
    func makeRoom() throws(MatrixFreeError) {
        guard count == slabs.count * slabSize, slabs.count >= slabsInMemory else { return }
        let bytes = slabBytes
        guard let slab = Buffer(inTemporaryFileOf: bytes) else { throw .noRoom(bytes: bytes) }
        slabs.append(slab)
    }

    private var slabBytes: Int { min(slabSize, capacity - count) * dimension * 8 }

    /// Appends a vector that is orthonormal to those held, in memory where `makeRoom` has not been called.
    func append(_ x: [Double]) {
        precondition(x.count == dimension && count < capacity, "append to \(count) of \(capacity) vectors")
        if count == slabs.count * slabSize { slabs.append(Buffer(byteCount: slabBytes)) }
        x.withUnsafeBufferPointer { x in
            nonisolated(unsafe) let (x, q) = (x.baseAddress!, pointer(count))
            forEachChunk(1) { _, first, rows in (q + first).update(from: x + first, count: rows) }
        }
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
        let old = count, new = columns.count, strip = min(dimension, 2048)
        if new > 0 {
            let flat = columns.flatMap { $0 }, n = blasInt(dimension), dimension = dimension
            nonisolated(unsafe) let pieces = pieces(old), places = (0..<new).map(pointer)
            Threads.forEach((dimension + strip - 1) / strip) { number, _ in
                let first = number * strip, width = min(strip, dimension - first)
                var result = [Double](repeating: 0, count: new * width)
                flat.withUnsafeBufferPointer { flat in
                    for piece in pieces {
                        cblas_dgemm(
                            CblasRowMajor, CblasNoTrans, CblasNoTrans, blasInt(new), blasInt(width), piece.count, 1,
                            flat.baseAddress! + piece.first, blasInt(old), piece.start + first, n,
                            piece.first == 0 ? 0 : 1, &result, blasInt(width))
                    }
                }
                result.withUnsafeBufferPointer { result in
                    for (i, place) in places.enumerated() {
                        (place + first).update(from: result.baseAddress! + i * width, count: width)
                    }
                }
            }
        }
        count = new
    }

    /// Gives back the memory that holds no vector.
    func trim() { slabs.removeLast(slabs.count - (count + slabSize - 1) / slabSize) }
}
