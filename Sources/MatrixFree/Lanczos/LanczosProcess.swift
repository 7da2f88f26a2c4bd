import Tensors

/// A subspace that an operator maps into itself, and the projection onto it.
struct Subspace {
    let dimension: Int
    let project: ([Double]) -> [Double]
}

/// The Lanczos recurrence HQ = QT + βq eₘᵀ: it multiplies one vector a step and keeps every one orthogonal to all
/// before.
///
/// `Lanczos` decides when it stops and restarts. To decide that yourself, drive it:
///
///     var process = try LanczosProcess(dimension: hessian.dimension, capacity: 50)
///     while !process.isFull, !process.spansSpace {
///         try process.step(hessian.apply)
///         print(try process.projection.ritzValues().values.last!)
///     }
///
/// T is tridiagonal at all times, also after a thick restart (see `restart`). Where the basis becomes invariant, the
/// process goes on with a random vector orthogonal to it. T then consists of uncoupled blocks. Those before
/// `activeStart` are settled: their Ritz pairs are eigenpairs up to `dropped`. Copies of a process share its basis: go
/// on with one of them only.
public struct LanczosProcess {
    /// Q, the orthonormal vectors multiplied so far.
    public let basis: KrylovBasis
    /// T = QᵀHQ, tridiagonal.
    public private(set) var projection = Tridiagonal()
    /// q, the next vector to multiply, P numbers, orthonormal to the basis; nil when the basis spans the whole space.
    public private(set) var next: [Double]?
    /// β, which couples the last vector of the basis to `next`; 0 after a breakdown.
    public private(set) var coupling = 0.0
    /// The first row of the block that is still coupled to `next`.
    public private(set) var activeStart = 0
    /// The norm of all couplings that were taken for zero: what residuals are uncertain by.
    public private(set) var dropped = 0.0
    /// How often the basis was invariant, the whole space included.
    public private(set) var breakdowns = 0
    /// A lower bound of ‖H‖: the largest ‖Hq‖ so far.
    public private(set) var normBound = 0.0
    private let random: RandomNumbers
    private let rounding: Double
    private let subspace: Subspace?
    private let spaceDimension: Int

    /// Vectors in the basis, the rows of T.
    public var count: Int { basis.count }
    /// Whether there is no further direction: T then has the eigenvalues of H.
    public var spansSpace: Bool { next == nil }
    /// Whether the basis has no room for another step.
    public var isFull: Bool { basis.count == basis.capacity }
    /// Rows of the block that is still growing.
    var activeCount: Int { basis.count - activeStart }

    /// A process that has made no step yet.
    ///
    /// - Parameters:
    ///   - dimension: P, positive.
    ///   - capacity: the most steps, at least 1; more than P counts as P. 8P bytes are taken as a step needs them.
    ///   - start: the first direction, P numbers of any length but zero; nil for a random one of `seed`.
    ///   - seed: of the start and of directions after a breakdown.
    ///   - rounding: the relative rounding error of a product; couplings of this size count as zero. 2⁻⁵² is Float64's,
    ///     2⁻²³ Float32's.
    /// - Throws: `MatrixFreeError` for arguments outside these ranges.
    public init(
        dimension: Int, capacity: Int, start: [Double]? = nil, seed: UInt64 = 0, rounding: Double = 0x1p-52
    ) throws(MatrixFreeError) {
        guard dimension > 0, capacity > 0, rounding > 0 else {
            throw .invalidArgument(
                "lanczos: \(capacity) steps on \(dimension) numbers, rounding \(rounding); expected positive numbers")
        }
        _ = try blasCount(dimension)
        try self.init(
            basis: KrylovBasis(dimension: dimension, capacity: min(capacity, dimension)), start: start,
            random: RandomNumbers(seed: seed).named("lanczos"), rounding: rounding)
    }

    /// - Parameters:
    ///   - start: the first direction, of any length but zero; nil for a random one.
    ///   - rounding: the relative rounding error of a product; couplings of this size count as zero.
    ///   - subspace: where the process is to stay; nil for the whole space.
    init(
        basis: KrylovBasis, start: [Double]?, random: RandomNumbers, rounding: Double, subspace: Subspace? = nil
    ) throws(MatrixFreeError) {
        self.basis = basis
        self.subspace = subspace
        spaceDimension = subspace?.dimension ?? basis.dimension
        self.random = random
        self.rounding = rounding
        guard var x = start else {
            next = randomDirection()
            return
        }
        let norm = x.count == basis.dimension ? Vectors.norm(x) : .nan
        guard norm > 0, norm.isFinite else {
            throw .invalidArgument(
                "start vector of \(x.count) numbers and norm \(norm); expected \(basis.dimension) numbers, finite, not all zero"
            )
        }
        Vectors.scale(&x, by: 1 / norm)
        next = x
    }

    /// Multiplies `next`, adds it to the basis, and finds the vector after it.
    ///
    /// - Parameter product: Hx of a vector x, P finite numbers each.
    /// - Throws: what `product` throws; the process is then as before.
    /// - Precondition: the basis is not full and does not span the space.
    public mutating func step(_ product: ([Double]) throws -> [Double]) throws {
        guard let x = next else { preconditionFailure("the basis already spans the space") }
        try absorb(x, product: try product(x))
    }

    /// The step, for a product that was made elsewhere (several processes sharing one block of products).
    ///
    /// - Parameters:
    ///   - x: `next`.
    ///   - product: Hx, P finite numbers.
    /// - Throws: `MatrixFreeError.noRoom` where a basis beyond its memory has none on disk; the process is then as before.
    /// - Precondition: the basis is not full and does not span the space.
    public mutating func absorb(_ x: [Double], product: [Double]) throws(MatrixFreeError) {
        try basis.makeRoom()
        var w = product
        let size = Vectors.norm(w)
        normBound = max(normBound, size)
        if coupling != 0 { basis.add(-coupling, vector: count - 1, to: &w) }
        var alpha = Vectors.dot(x, w)
        Vectors.add(-alpha, x, to: &w)
        basis.append(x)
        // What rounding adds outside the subspace would grow from step to step, like any eigenvector's part.
        if let subspace { w = subspace.project(w) }
        let (removed, beta) = basis.removeComponents(from: &w)
        alpha += removed[count - 1]
        projection.append(alpha, coupling: coupling)

        if count == spaceDimension {
            finishBlock(dropping: beta)
            next = nil
        } else if beta <= negligibleCoupling {
            finishBlock(dropping: beta)
            next = randomDirection()
        } else {
            Vectors.scale(&w, by: 1 / beta)
            next = w
            coupling = beta
        }
    }

    /// What rounding alone can leave of a coupling. The error of a product is a few roundings of ‖H‖; each small
    /// coupling before has enlarged it by ‖H‖/β, which is accounted for up to a factor of 100.
    private var negligibleCoupling: Double {
        var least = normBound
        for i in activeStart..<max(activeStart, count - 1) { least = min(least, abs(projection.offDiagonal[i])) }
        let growth = least > 0.01 * normBound ? normBound / least : 100
        return 32 * max(rounding, growth * 0x1p-52) * normBound
    }

    private mutating func finishBlock(dropping beta: Double) {
        dropped = (dropped * dropped + beta * beta).squareRoot()
        coupling = 0
        activeStart = count
        breakdowns += 1
    }

    /// A random unit vector of the subspace, orthogonal to the basis; nil when there is none.
    private func randomDirection() -> [Double]? {
        // A second attempt is needed only if rounding leaves nothing of the first, with all but a few dimensions used.
        for attempt in 0..<8 where count < spaceDimension {
            var x = random.named("direction \(count) \(attempt)").normals(basis.dimension)
            // Once more after normalising, which enlarges what rounding left.
            for _ in 0..<2 {
                if let subspace { x = subspace.project(x) }
                let (_, norm) = basis.removeComponents(from: &x)
                Vectors.scale(&x, by: norm > 0 ? 1 / norm : 0)
            }
            if abs(Vectors.norm(x) - 1) < 1e-8 { return x }
        }
        return nil
    }

    /// Thick restart: shrinks the basis to some Ritz vectors and keeps the recurrence.
    ///
    /// The kept Ritz vectors of the active block are all coupled to `next`, by βyₘᵢ (Wu & Simon 2000,
    /// doi:10.1137/S0895479898334605): the projection would be an arrowhead. Householder reflections of the kept
    /// subspace make it tridiagonal again, so that nothing else needs to know of restarts.
    ///
    /// - Parameters:
    ///   - settled: indices of the settled Ritz values to keep, ascending by value.
    ///   - active: likewise of the active block's.
    mutating func restart(keepingSettled settled: [Int], active: [Int]) throws(MatrixFreeError) {
        let old = try projection.block(0..<activeStart).eigendecomposition()
        let growing = try projection.block(activeStart..<count).eigendecomposition()
        let values = active.map { growing.values[$0] }
        let couplings = active.map { coupling * (growing.vectors[$0].last ?? 0) }
        let (tridiagonal, rotation, newCoupling) = Arrowhead(diagonal: values, border: couplings).tridiagonalized()

        let zerosBefore = [Double](repeating: 0, count: activeStart)
        let zerosAfter = [Double](repeating: 0, count: activeCount)
        var columns = settled.map { old.vectors[$0] + zerosAfter }
        for combination in rotation {
            var column = zerosAfter
            for (weight, index) in zip(combination, active) { Vectors.add(weight, growing.vectors[index], to: &column) }
            columns.append(zerosBefore + column)
        }
        basis.rotate(by: columns)
        projection = Tridiagonal()
        for index in settled { projection.append(old.values[index], coupling: 0) }
        for i in 0..<tridiagonal.size {
            projection.append(tridiagonal.diagonal[i], coupling: i == 0 ? 0 : tridiagonal.offDiagonal[i - 1])
        }
        activeStart = settled.count
        coupling = newCoupling
    }
}
