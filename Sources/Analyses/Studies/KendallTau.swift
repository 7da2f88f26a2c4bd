import Tensors

/// Kendall's rank correlation τ-b, with ties: (C − D)/√((N − Tx)(N − Ty)) over the N pairs, of which C are in the same order in
/// both lists, D in opposite orders, and Tx and Ty tied in one (Kendall 1945, doi:10.1093/biomet/33.3.239).
public struct KendallTau: Sendable, Codable, Equatable {
    /// In [−1, 1].
    public let value: Double
    /// Where the middle 95 % of the resamples lie: a percentile bootstrap over runs. With few runs it is rough, and runs of one
    /// training are not independent.
    public let low: Double, high: Double
    /// Runs that have both numbers.
    public let runs: Int

    /// τ-b of two lists, pair by pair; nil where all of one list is tied, or fewer than two pairs are finite.
    public static func value(_ x: [Double], _ y: [Double]) -> Double? {
        precondition(x.count == y.count, "\(x.count) and \(y.count) numbers")
        let pairs = zip(x, y).filter { $0.isFinite && $1.isFinite }
        var (sum, untiedX, untiedY) = (0, 0, 0)
        for (i, a) in pairs.enumerated() {
            for b in pairs[..<i] {
                let signX = (a.0 > b.0 ? 1 : 0) - (a.0 < b.0 ? 1 : 0), signY = (a.1 > b.1 ? 1 : 0) - (a.1 < b.1 ? 1 : 0)
                sum += signX * signY
                untiedX += signX * signX
                untiedY += signY * signY
            }
        }
        guard untiedX > 0, untiedY > 0 else { return nil }
        return Double(sum) / (Double(untiedX) * Double(untiedY)).squareRoot()
    }

    /// - Parameter resamples: of the bootstrap; 2000, enough for two digits of a 95 % interval (Efron & Tibshirani 1993).
    /// - Returns: nil where τ is not defined.
    public init?(_ x: [Double], _ y: [Double], resamples: Int = 2000, seed: UInt64 = 0) {
        guard let value = Self.value(x, y) else { return nil }
        let pairs = zip(x, y).filter { $0.isFinite && $1.isFinite }
        let random = RandomNumbers(seed: seed).named("bootstrap")
        var found: [Double] = []
        for resample in 0..<resamples {
            let drawn = pairs.indices.map { i in
                pairs[min(pairs.count - 1, Int(random.uniform(at: resample * pairs.count + i) * Double(pairs.count)))]
            }
            // A resample of one run only has no τ.
            if let tau = Self.value(drawn.map(\.0), drawn.map(\.1)) { found.append(tau) }
        }
        found.sort()
        func quantile(_ share: Double) -> Double {
            found.isEmpty ? value : found[min(found.count - 1, Int(share * Double(found.count)))]
        }
        (self.value, low, high, runs) = (value, quantile(0.025), quantile(0.975), pairs.count)
    }
}
