import Tensors

/// One run of `Lanczos`: the process, what it has found, and when it is done.
struct LanczosRun<Operator: LinearOperator> {
    let settings: Lanczos
    var counter: ProductCounter<Operator>
    private(set) var process: LanczosProcess
    var state = RitzState()
    private(set) var restarts = 0
    /// The Krylov space with what was found outside it; nil where nothing was.
    var extended: KrylovExtension?
    /// Whether a search outside was asked for and has not been completed.
    var isSearchOpen = false
    let criterion: ConvergenceCriterion
    /// Vectors of a basis for the least of which memory has no room. 24, ours.
    private static var onDisk: Int { 24 }

    /// - Parameter subspace: where the spectrum is wanted; nil for the whole space.
    init(
        _ matrix: Operator, _ settings: Lanczos, start: [Double]? = nil, subspace: Subspace? = nil
    ) throws(MatrixFreeError) {
        try settings.check()
        self.settings = settings
        counter = try ProductCounter(matrix)
        let n = matrix.dimension
        let most = subspace?.dimension ?? n
        criterion = ConvergenceCriterion(
            largest: min(settings.largest, most), smallest: min(settings.smallest, most), tolerance: settings.tolerance,
            relativeFloor: settings.relativeFloor, rounding: settings.rounding)
        // Restarting keeps the wanted vectors and needs room to move.
        let least = min(most, criterion.largest + criterion.smallest + 3)
        let needed = bytes(of: least, vectors: n)
        guard needed < .max else { throw .memoryLimit(found: settings.memoryLimit, needed: needed) }
        let room = max(0, settings.memoryLimit) / (8 * n)
        // On disk there is room for a few more than the least, with which a run would take many times the products.
        let capacity = room >= least ? room : max(least, Self.onDisk)
        process = try LanczosProcess(
            basis: KrylovBasis(
                dimension: n, capacity: max(least, min(capacity, most, settings.maximumProducts)),
                memoryLimit: settings.memoryLimit),
            start: start,
            random: RandomNumbers(seed: settings.seed).named("lanczos"), rounding: settings.rounding,
            subspace: subspace)
    }

    /// Multiplies until everything has converged, the products are used up, or `progress` says no.
    mutating func iterate(_ progress: (LanczosProgress) -> Bool) throws {
        var lastCheck = 0
        while true {
            try process.step { try counter.apply($0) }
            if process.activeCount == 0 { try state.settle(process) }
            // Examining all Ritz values takes O(m²): at most 3 % more products are made than with an examination each.
            let mustStop = process.spansSpace || counter.products >= settings.maximumProducts
            let isDue = process.count - lastCheck >= max(1, process.count / 32)
            if mustStop || process.isFull || process.activeCount == 0 || isDue {
                lastCheck = process.count
                try state.examine(process)
                let status = criterion.status(of: state, spansSpace: process.spansSpace)
                if status.done || mustStop || !progress(describe(status)) { return }
            }
            if process.isFull {
                let kept = ThickRestart(state: state, criterion: criterion, capacity: process.basis.capacity)
                try process.restart(keepingSettled: kept.settled, active: kept.active)
                state.restarted(keepingSettled: kept.settled)
                restarts += 1
                lastCheck = process.count
            }
        }
    }

    /// Whether all that was asked for has converged.
    var isDone: Bool { criterion.status(of: state, spansSpace: process.spansSpace).done }

    private func describe(_ status: ConvergenceCriterion.Status) -> LanczosProgress {
        LanczosProgress(
            products: counter.products, restarts: restarts, converged: status.convergedCount,
            wanted: criterion.largest + criterion.smallest, largest: state.values.last?.value ?? 0,
            smallest: state.values.first?.value ?? 0, worstRelativeResidual: status.worst)
    }

    /// The result; `verify` makes one product for each vector.
    mutating func result(eigenvectors: Bool, verify: Bool) throws -> SpectrumExtremes {
        let status = criterion.status(of: state, spansSpace: process.spansSpace)
        let top = criterion.largestPositions(in: state)
        let bottom = criterion.smallestPositions(in: state)
        let vectors = eigenvectors || verify ? try ritzVectors(top + bottom) : []
        let products = verify ? try counter.apply(block: vectors) : []
        let pairs = (top + bottom).enumerated().map { order, position in
            let entry = state.values[position]
            let residual =
                verify ? Vectors.norm(Vectors.sum(products[order], -entry.value, vectors[order])) : entry.residual
            return RitzValue(
                value: entry.value, residual: residual,
                errorEstimate: state.errorEstimate(at: position, residual: residual),
                converged: process.spansSpace || criterion.accepts(residual, of: entry.value, in: state))
        }
        var result = SpectrumExtremes(
            largest: Array(pairs[..<top.count]), smallest: Array(pairs[top.count...]),
            converged: status.done && !isSearchOpen && pairs.allSatisfy { $0.converged },
            residualKind: verify ? .verified : .lanczosRelation, products: counter.products, restarts: restarts,
            breakdowns: process.spansSpace ? process.breakdowns - 1 : process.breakdowns,
            foundOutside: extended?.vectors.count ?? 0, basisSize: process.count, norm: state.norm,
            tolerance: criterion.tolerance,
            relativeFloor: criterion.relativeFloor, seed: settings.seed)
        if eigenvectors {
            result.largestVectors = Array(vectors[..<top.count])
            result.smallestVectors = Array(vectors[top.count...])
        }
        return result
    }

    private func ritzVectors(_ positions: [Int]) throws(MatrixFreeError) -> [[Double]] {
        if let extended { return positions.map { extended.ritzVector(state.values[$0].index, process) } }
        // Values came from the two blocks of T apart; so do the vectors.
        let split = process.activeStart
        let settled = try process.projection.block(0..<split).eigendecomposition().vectors
        let active = try process.projection.block(split..<process.count).eigendecomposition().vectors
        let before = [Double](repeating: 0, count: split)
        return positions.map { position in
            let entry = state.values[position]
            return process.basis.combination(entry.isActive ? before + active[entry.index] : settled[entry.index])
        }
    }
}
