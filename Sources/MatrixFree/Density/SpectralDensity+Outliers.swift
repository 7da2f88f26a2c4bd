extension SpectralDensity {
    /// Eigenvalues that stand apart from the bulk, ascending: first those below it, then those above.
    ///
    /// From an end of the spectrum inwards, the last outlier is the innermost node of a probe that
    ///
    /// - is an eigenvalue, as are all beyond it: their residuals are at most 1e-3 of their distance from the median;
    /// - has a gap before the next node, without the residuals of both, that is wider than the next ten eigenvalues are
    ///   spread over (the nodes from that one on, before the median, that stand for ten by their weights) and than 1e-3 of
    ///   the outermost node's distance from the median, and than 1e-6 of the spectrum's width, below which rounding orders nodes;
    /// - stands, with all beyond it, for at most a quarter of the spectrum.
    ///
    /// The list is the survey's, or where that is not there that of most probes. A repeated eigenvalue is listed once, or more often where rounding has brought
    /// further copies into the Krylov space. A spectrum that decays without a gap has no outliers. The bounds are ours: of
    /// eigenvalues that lie without any order, one gap is wider than the ten next together with a probability of 1e-3.
    public func outliers() -> (low: [Double], high: [Double]) {
        let seen = survey.map { [$0] } ?? quadratures
        let low = Self.agreed(seen.map { $0.outliers(from: Array($0.nodes.indices), of: dimension) })
        let high = Self.agreed(seen.map { $0.outliers(from: $0.nodes.indices.reversed(), of: dimension) })
        return (low, high.reversed())
    }

    /// The first list of the length that is most frequent; of lengths that are equally so, the largest.
    private static func agreed(_ lists: [[Double]]) -> [Double] {
        let counts = Dictionary(lists.map { ($0.count, 1) }, uniquingKeysWith: +)
        let length = counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
        return lists.first { $0.count == length } ?? []
    }
}

extension SpectralQuadrature {
    /// The outliers at the end where `order` begins, from there inwards.
    ///
    /// - Parameters:
    ///   - order: of the nodes, ascending or descending.
    ///   - dimension: P.
    func outliers(from order: [Int], of dimension: Int) -> [Double] {
        // What stands for how much of the spectrum, with all beyond it.
        var masses: [Double] = []
        for index in order { masses.append((masses.last ?? 0) + weights[index]) }
        guard let median = masses.firstIndex(where: { $0 >= 0.5 }) else { return [] }
        func distance(_ a: Int, _ b: Int) -> Double { abs(nodes[order[a]] - nodes[order[b]]) }
        func residual(_ a: Int) -> Double { residuals[order[a]] }
        var count = 0
        for i in 0..<median where masses[i] <= 0.25 {
            guard residual(i) <= 1e-3 * distance(i, median) else { break }
            let gap = distance(i, i + 1) - residual(i) - residual(i + 1)
            let ten = masses.firstIndex { $0 >= masses[i] + 10 / Double(dimension) } ?? median
            let least = max(1e-3 * distance(0, median), 1e-6 * distance(0, order.count - 1))
            if gap > max(least, distance(i + 1, min(ten, i + 11, median))) { count = i + 1 }
        }
        return order.prefix(count).map { nodes[$0] }
    }
}
