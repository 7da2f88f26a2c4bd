/// The Ritz values of a Lanczos process, of its settled and its active block together.
struct RitzState {
    struct Entry {
        enum Source {
            case settled
            case active
            /// The Krylov space together with vectors from outside it (`LanczosRun.searchOutside`).
            case extended
        }

        let value: Double
        /// |βyₘᵢ| plus what breakdowns dropped, or the bound that takes its place in an extended space.
        let residual: Double
        let source: Source
        /// Position among the ascending values of its block, or of the extended space.
        let index: Int
        var isActive: Bool { source == .active }
    }

    /// Ascending.
    private(set) var values: [Entry] = []
    /// The largest |θ| so far: a lower bound of ‖H‖₂.
    private(set) var norm = 0.0
    /// The largest θmax − θmin so far.
    private(set) var spread = 0.0
    private(set) var settledValues: [Double] = []
    /// The extremes of the last block that broke down, unless it was the first: what is left of the space is no more
    /// extreme, because that block was started at random in what was left then.
    private(set) var lastSettledRange: ClosedRange<Double>?
    private(set) var settledBlocks = 0
    private(set) var activeCount = 0

    /// After a breakdown: all rows have become settled.
    mutating func settle(_ process: LanczosProcess) throws(MatrixFreeError) {
        let before = settledValues.count
        let block = try process.projection.block(before..<process.count).ritzValues().values
        if settledBlocks > 0, let low = block.first, let high = block.last { lastSettledRange = low...high }
        settledBlocks += 1
        settledValues = try process.projection.block(0..<process.count).eigendecomposition().values
    }

    mutating func examine(_ process: LanczosProcess) throws(MatrixFreeError) {
        let active = try process.projection.block(process.activeStart..<process.count).ritzValues()
        activeCount = active.values.count
        values = settledValues.indices.map {
            Entry(value: settledValues[$0], residual: process.dropped, source: .settled, index: $0)
        }
        values += active.values.indices.map {
            let residual = abs(process.coupling * active.last[$0]) + process.dropped
            return Entry(value: active.values[$0], residual: residual, source: .active, index: $0)
        }
        values.sort { $0.value < $1.value }
        norm = values.reduce(norm) { max($0, abs($1.value)) }
        if let low = values.first, let high = values.last { spread = max(spread, high.value - low.value) }
    }

    mutating func restarted(keepingSettled kept: [Int]) {
        settledValues = kept.map { settledValues[$0] }
    }

    /// Replaces everything by the Ritz pairs of an extended space, ascending.
    mutating func replace(values new: [Double], residuals: [Double]) {
        values = zip(new, residuals).enumerated().map {
            Entry(value: $1.0, residual: $1.1, source: .extended, index: $0)
        }
        norm = values.reduce(norm) { max($0, abs($1.value)) }
    }

    /// min(r, r²/gap) with the gap to the nearest other Ritz value, itself uncertain by its residual.
    func errorEstimate(at position: Int, residual: Double) -> Double {
        var gap = Double.infinity
        for neighbour in [position - 1, position + 1] where values.indices.contains(neighbour) {
            let other = values[neighbour]
            gap = min(gap, abs(other.value - values[position].value) - min(other.residual, residual))
        }
        return gap > residual ? residual * residual / gap : residual
    }
}

/// Which Ritz values are wanted and when they are good enough.
struct ConvergenceCriterion {
    let largest: Int
    let smallest: Int
    let tolerance: Double
    let relativeFloor: Double
    /// Relative rounding error of a product.
    var rounding = 0x1p-52

    struct Status {
        var done = false
        var convergedCount = 0
        var worst = Double.infinity
    }

    /// Positions in `state.values`, most extreme first.
    func largestPositions(in state: RitzState) -> [Int] { state.values.indices.suffix(largest).reversed() }
    func smallestPositions(in state: RitzState) -> [Int] { Array(state.values.indices.prefix(smallest)) }

    /// What a residual of this value is relative to: max(min(|θ|, spread), floor · spread). The spread of the spectrum
    /// enters because a shift changes neither the work nor the meaning: 1e-4 of 1000 says nothing within [1000, 1001].
    func scale(of value: Double, in state: RitzState) -> Double {
        max(min(abs(value), state.spread), relativeFloor * state.spread)
    }

    func accepts(_ residual: Double, of value: Double, in state: RitzState) -> Bool {
        // Nothing is held to less than rounding: that of Float64 in vectors, that of the products in what they give.
        residual <= max(tolerance * scale(of: value, in: state), max(64 * 0x1p-52, 8 * rounding) * state.norm)
    }

    func accepts(_ entry: RitzState.Entry, _ state: RitzState) -> Bool {
        accepts(entry.residual, of: entry.value, in: state)
    }

    func status(of state: RitzState, spansSpace: Bool) -> Status {
        let top = largestPositions(in: state).map { state.values[$0] }
        let bottom = smallestPositions(in: state).map { state.values[$0] }
        var status = Status()
        status.convergedCount = spansSpace ? top.count + bottom.count : (top + bottom).count { accepts($0, state) }
        if spansSpace {
            status.done = true
            status.worst = 0
            return status
        }
        // With fewer values than asked for at both ends together, one vector would be counted twice.
        guard state.values.count >= largest + smallest else { return status }
        status.worst = (top + bottom).reduce(0) { worst, entry in
            max(worst, entry.residual == 0 ? 0 : entry.residual / scale(of: entry.value, in: state))
        }
        status.done = status.convergedCount == largest + smallest && searchedOutside(state, top.last, bottom.last)
        return status
    }

    /// After a breakdown: whether the rest of the space is known to hold nothing more extreme than the values wanted.
    private func searchedOutside(_ state: RitzState, _ lastTop: RitzState.Entry?, _ lastBottom: RitzState.Entry?)
        -> Bool
    {
        if state.settledBlocks == 0 { return true }
        if state.activeCount > 0 {
            let active = state.values.filter(\.isActive)
            if largest > 0, let extreme = active.last, !accepts(extreme, state) { return false }
            if smallest > 0, let extreme = active.first, !accepts(extreme, state) { return false }
            return true
        }
        guard let range = state.lastSettledRange else { return false }
        let noise = max(0x1p-40, 8 * rounding) * state.norm
        if let lastTop, range.upperBound > lastTop.value + noise { return false }
        if let lastBottom, range.lowerBound < lastBottom.value - noise { return false }
        return true
    }
}
