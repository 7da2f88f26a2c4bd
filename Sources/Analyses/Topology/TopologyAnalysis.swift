import Foundation

/// Minima, saddles and holes of a slice, and which of them are certain.
///
/// ```swift
/// let topology = try TopologyAnalysis().run(slice)
/// print(topology.sublevel.branches.count, topology.certainMinima ?? 0)
/// ```
public struct TopologyAnalysis: Sendable {
    /// ‖f − g‖∞ of the values on the grid and the function, in the units of the values; nil for what the slice states, else an
    /// estimate (see `LevelError`).
    public var error: Double?
    /// Minima of at least this persistence keep a basin; nil for the certain ones, or all where no error is known.
    public var persistence: Double?
    /// Values at which Betti numbers are counted, ascending; nil for `levelCount` from the lowest to the highest.
    public var levels: [Double]?

    /// 51, as many as a slice has points along an axis by default: enough for a curve.
    public static let levelCount = 51
    /// Values that span more have levels of even ratios.
    private static let logarithmicSpan = 30.0

    /// A topology with an estimated error, unless it is said otherwise.
    public init() {}

    /// What sublevel sets of a slice have.
    public struct Result: Sendable {
        /// The points.
        public let grid: SliceGrid
        /// Values at the points, in the order of the grid.
        public let values: [Double]
        /// Minima, saddles and holes.
        public let sublevel: SublevelTopology
        /// How far values may be off; nil where that is not known.
        public let error: LevelError?
        /// For each branch whether it is certain: nil where no error is known.
        public let areBranchesCertain: [Bool]?
        /// For each hole whether it is certain: nil where no error is known.
        public let areHolesCertain: [Bool]?
        /// The persistence from which on minima keep a basin; nil where that is decided by certainty.
        public let persistence: Double?
        /// Numbers of branches that keep a basin.
        public let kept: [Int]
        /// The number of a branch for each point; −1 where the value is not finite.
        public let basins: [Int]
        /// Points in the basin of each of `kept`.
        public let basinPoints: [Int]
        /// Ascending values.
        public let levels: [Double]
        /// Betti numbers at each level, as many as the grid has axes.
        public let betti: [[Int]]
        /// How far minima lie below the saddles next to them.
        public let distance: SaddleMinimumDistance

        /// How many minima are certain; nil where no error is known.
        public var certainMinima: Int? { areBranchesCertain?.count { $0 } }
        /// `highest − lowest` less the smallest persistence of a minimum, Landscaper's `persistence_range`; nil for a single minimum.
        public var persistenceRange: Double? {
            guard let least = sublevel.branches.last, least.saddle != nil else { return nil }
            return sublevel.range.upperBound - sublevel.range.lowerBound - least.persistence
        }
        /// How many holes are certain; nil where no error is known.
        public var certainHoles: Int? { areHolesCertain?.count { $0 } }
    }

    /// The topology of a slice's loss.
    ///
    /// - Throws: `TopologyError` where no value is finite.
    public func run(_ slice: Slice) throws(TopologyError) -> Result {
        try run(slice.loss, on: slice.grid, isMeasured: slice.isMeasured, accuracy: slice.interpolation)
    }

    /// The topology of values on a grid.
    ///
    /// - Parameters:
    ///   - values: in the order of the grid.
    ///   - isMeasured: which were evaluated, where others are interpolated; nil where all were.
    ///   - accuracy: how far interpolated values may be off; nil where none are.
    /// - Throws: `TopologyError` where no value is finite, and for 2³¹ − 1 points or more.
    /// - Precondition: as many values as points.
    public func run(
        _ values: [Double], on grid: SliceGrid, isMeasured: [Bool]? = nil, accuracy: AdaptiveSurface.Accuracy? = nil
    ) throws(TopologyError) -> Result {
        let topology = try SublevelTopology(values: values, shape: grid.shape)
        let error = levelError(values, grid, topology, isMeasured, accuracy)
        let areCertain = error.map { error in
            topology.branches.map { error.isCertain(birth: $0.birth, death: $0.death) }
        }
        let kept = topology.branches.indices.filter { number in
            let branch = topology.branches[number]
            return branch.saddle == nil || persistence.map { branch.persistence >= $0 } ?? areCertain?[number] ?? true
        }
        let isKept = Set(kept)
        let basins = topology.basins { isKept.contains($0) }
        var points = [Int](repeating: 0, count: topology.branches.count)
        for basin in basins where basin >= 0 { points[basin] += 1 }
        let levels = levels ?? Self.levels(topology.range)
        return Result(
            grid: grid, values: values, sublevel: topology, error: error, areBranchesCertain: areCertain,
            areHolesCertain: error.map { error in
                topology.holes.map { error.isCertain(birth: $0.birth, death: $0.death) }
            },
            persistence: persistence, kept: kept, basins: basins, basinPoints: kept.map { points[$0] }, levels: levels,
            betti: levels.map(topology.bettiNumbers), distance: SaddleMinimumDistance(topology))
    }

    private func levelError(
        _ values: [Double], _ grid: SliceGrid, _ topology: SublevelTopology, _ isMeasured: [Bool]?,
        _ accuracy: AdaptiveSurface.Accuracy?
    ) -> LevelError? {
        if let error { return LevelError(error) }
        if let accuracy, let stated = LevelError(accuracy, range: evaluatedRange(values, isMeasured) ?? topology.range)
        {
            return stated
        }
        return LevelError(estimating: values, coordinates: grid.axes.reversed().map(\.values))
    }

    /// What an adaptive slice's shares are of.
    private func evaluatedRange(_ values: [Double], _ isMeasured: [Bool]?) -> ClosedRange<Double>? {
        guard let isMeasured, isMeasured.count == values.count else { return nil }
        let known = values.indices.lazy.filter { isMeasured[$0] && values[$0].isFinite }.map { values[$0] }
        return known.min().map { $0...(known.max() ?? $0) }
    }

    /// From the lowest to the highest value, evenly; of even ratios where they are positive and span much.
    private static func levels(_ range: ClosedRange<Double>) -> [Double] {
        let (low, high) = (range.lowerBound, range.upperBound), steps = levelCount - 1
        guard high > low else { return [low] }
        let isLogarithmic = low > 0 && high / low > logarithmicSpan
        return (0...steps).map { step in
            let share = Double(step) / Double(steps)
            if step == 0 || step == steps { return step == 0 ? low : high }
            return isLogarithmic ? low * pow(high / low, share) : low * (1 - share) + high * share
        }
    }
}
