import Tensors

/// The algebraically largest and smallest eigenvalues of a symmetric operator, in one run.
///
/// Lanczos with full reorthogonalisation, HQ = QT + βq eₘᵀ, and thick restart (Wu & Simon 2000,
/// doi:10.1137/S0895479898334605) when the basis has filled the memory limit. Extreme Ritz values converge from inside
/// the spectrum; the products needed grow with √(spread / gap), without restart as few as any Krylov method can do.
///
/// A value counts as converged when ‖Hx − θx‖ ≤ tolerance · max(min(|θ|, S), relativeFloor · S), where S = λmax − λmin is the
/// spread of the spectrum: relative to itself, except where it is tiny within the spectrum or the spectrum lies far from
/// zero. The error of an isolated eigenvalue is about residual²/gap, so that 1e-4 usually gives eight digits or more.
///
/// Multiplicities: one Krylov space holds one vector of every eigenspace. When the space is exhausted (β = 0 to rounding)
/// the search goes on from a random vector orthogonal to it, and ends only when such a search brought nothing new that
/// is more extreme. A repeated eigenvalue of an operator whose Krylov space is not exhausted may be counted once.
///
/// Memory: `memoryLimit` is for the basis; two vectors and the eigenvectors of the result come on top.
///
/// - Parameters:
///   - matrix: H, P × P.
///   - largest: how many of the largest; more than P counts as P.
///   - smallest: how many of the smallest.
///   - tolerance: 1e-4, as the tool's `--tolerance`; PyHessian's 1e-3 bounds a change of λ, not the residual.
///   - relativeFloor: eigenvalues smaller than this times the spread are held to absolute accuracy. 1e-4, ours: below the
///     |λmin|/λmax of 1e-2 to 1e-3 in trained classifiers. Eigenvalues that *are* zero (the low end of a Gauss–Newton matrix)
///     cannot be resolved from each other; asking for many of them costs products and tells nothing.
///   - maximumProducts: where to give up; then what is there is returned, not converged.
///   - memoryLimit: bytes for the basis: a multiple of 8P. 4 GiB holds 500 vectors of a million parameters.
///   - start: the first direction; nil for a random normal vector of `seed`.
///   - seed: of the start and of restarts after breakdown.
///   - rounding: relative rounding error of a product; 2⁻⁵² for one made in Float64, 2⁻²³ in Float32.
///   - eigenvectors: whether the result carries them.
///   - verifyResiduals: recompute every residual with one product each.
///   - progress: called after every product; false ends the run with what it has.
/// - Throws: `MatrixFreeError` for arguments that have no answer and products that are not finite; what the operator throws.
public func lanczos(
    _ matrix: some LinearOperator, largest: Int = 1, smallest: Int = 0, tolerance: Double = 1e-4,
    relativeFloor: Double = 1e-4, maximumProducts: Int = 1000, memoryLimit: Int = 4 << 30, start: [Double]? = nil,
    seed: UInt64 = 0, rounding: Double = 0x1p-52, eigenvectors: Bool = true, verifyResiduals: Bool = false,
    progress: (LanczosProgress) -> Bool = { _ in true }
) throws -> SpectrumExtremes {
    guard largest >= 0, smallest >= 0, largest + smallest > 0 else {
        throw MatrixFreeError.invalidArgument(
            "lanczos: \(largest) largest and \(smallest) smallest; expected at least one")
    }
    guard tolerance > 0, relativeFloor >= 0, maximumProducts > 0, rounding > 0 else {
        throw MatrixFreeError.invalidArgument(
            "lanczos: tolerance \(tolerance), floor \(relativeFloor), rounding \(rounding), "
                + "\(maximumProducts) products; expected positive numbers")
    }
    var counter = try ProductCounter(matrix)
    let n = matrix.dimension
    let wantedCount = min(largest, n) + min(smallest, n)
    // Restarting keeps the wanted vectors and needs room to move.
    let least = min(n, wantedCount + 3)
    guard memoryLimit / (8 * n) >= least else {
        throw MatrixFreeError.memoryLimit(found: memoryLimit, needed: least * 8 * n)
    }
    let capacity = max(least, min(memoryLimit / (8 * n), n, maximumProducts))
    let criterion = ConvergenceCriterion(
        largest: min(largest, n), smallest: min(smallest, n), tolerance: tolerance, relativeFloor: relativeFloor)
    var process = try LanczosProcess(
        basis: KrylovBasis(dimension: n, capacity: capacity), start: start,
        random: RandomNumbers(seed: seed).named("lanczos"), rounding: rounding)
    var restarts = 0
    var lastCheck = 0
    var state = RitzState()

    while true {
        try process.step { try counter.apply($0) }
        if process.activeCount == 0 { try state.settle(process) }
        // Examining all Ritz values takes O(m²): at most 3 % more products are made than with an examination each.
        let mustStop = process.spansSpace || counter.products >= maximumProducts
        if mustStop || process.isFull || process.activeCount == 0
            || process.count - lastCheck >= max(1, process.count / 32)
        {
            lastCheck = process.count
            try state.examine(process)
            let status = criterion.status(of: state, spansSpace: process.spansSpace)
            let wanted = LanczosProgress(
                products: counter.products, restarts: restarts, converged: status.convergedCount, wanted: wantedCount,
                largest: state.values.last?.value ?? 0, smallest: state.values.first?.value ?? 0,
                worstRelativeResidual: status.worst)
            if status.done || mustStop || !progress(wanted) { break }
        }
        if process.isFull {
            let kept = RestartChoice(state: state, criterion: criterion, capacity: capacity)
            try process.restart(keepingSettled: kept.settled, active: kept.active)
            state.restarted(keepingSettled: kept.settled)
            restarts += 1
            lastCheck = process.count
        }
    }
    return try finish(
        process, state, criterion, counter: &counter, restarts: restarts, seed: seed, eigenvectors: eigenvectors,
        verify: verifyResiduals)
}

private func finish<Operator>(
    _ process: LanczosProcess, _ state: RitzState, _ criterion: ConvergenceCriterion,
    counter: inout ProductCounter<Operator>, restarts: Int, seed: UInt64, eigenvectors: Bool, verify: Bool
) throws -> SpectrumExtremes {
    let status = criterion.status(of: state, spansSpace: process.spansSpace)
    // Values came from the two blocks of T apart; so do the vectors.
    let split = process.activeStart
    let settled = try process.projection.block(0..<split).eigendecomposition()
    let active = try process.projection.block(split..<process.count).eigendecomposition()
    func vector(_ entry: RitzState.Entry) -> [Double] {
        entry.isActive
            ? process.basis.combination([Double](repeating: 0, count: split) + active.vectors[entry.index])
            : process.basis.combination(settled.vectors[entry.index])
    }
    func describe(_ positions: [Int], _ vectors: [[Double]]) throws -> [RitzValue] {
        let products = verify ? try counter.apply(block: vectors) : []
        return positions.enumerated().map { order, position in
            let entry = state.values[position]
            var residual = entry.residual
            if verify {
                residual = Vectors.norm(Vectors.sum(products[order], -entry.value, vectors[order]))
            }
            return RitzValue(
                value: entry.value, residual: residual,
                errorEstimate: state.errorEstimate(at: position, residual: residual),
                converged: process.spansSpace || criterion.accepts(residual, of: entry.value, in: state))
        }
    }
    let top = criterion.largestPositions(in: state)
    let bottom = criterion.smallestPositions(in: state)
    let needVectors = eigenvectors || verify
    let topVectors = needVectors ? top.map { vector(state.values[$0]) } : []
    let bottomVectors = needVectors ? bottom.map { vector(state.values[$0]) } : []
    let largest = try describe(top, topVectors)
    let smallest = try describe(bottom, bottomVectors)
    var result = SpectrumExtremes(
        largest: largest, smallest: smallest,
        converged: status.done && (largest + smallest).allSatisfy(\.converged),
        residualKind: verify ? .verified : .lanczosRelation, products: counter.products, restarts: restarts,
        breakdowns: process.spansSpace ? process.breakdowns - 1 : process.breakdowns, basisSize: process.count,
        norm: state.norm, tolerance: criterion.tolerance, relativeFloor: criterion.relativeFloor, seed: seed)
    if eigenvectors {
        result.largestVectors = topVectors
        result.smallestVectors = bottomVectors
    }
    return result
}
