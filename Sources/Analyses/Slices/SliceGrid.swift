/// The points of a slice: every α with every β, row by row (row = β). A slice along one direction is one row.
public struct SliceGrid: Sendable, Equatable {
    /// Coordinates along d₁.
    public let alpha: SliceAxis
    /// Nil for one direction.
    public let beta: SliceAxis?

    /// - Parameter beta: coordinates along d₂; nil for one direction.
    public init(_ alpha: SliceAxis, _ beta: SliceAxis? = nil) { (self.alpha, self.beta) = (alpha, beta) }

    /// Points along α.
    public var columns: Int { alpha.values.count }
    /// Points along β; 1 for one direction.
    public var rows: Int { beta?.values.count ?? 1 }
    /// All points.
    public var count: Int { columns * rows }

    /// The numbers that stand for a point in `Slice.loss`.
    public func index(row: Int, column: Int) -> Int { row * columns + column }
    /// The row of a point: the number of its β.
    public func row(_ index: Int) -> Int { index / columns }
    /// The column of a point: the number of its α.
    public func column(_ index: Int) -> Int { index % columns }

    /// (α, β) of a point.
    public func coordinates(_ index: Int) -> (alpha: Double, beta: Double) {
        (alpha.values[column(index)], beta?.values[row(index)] ?? 0)
    }

    /// Whether coordinates are evenly spaced along every axis.
    public var isEven: Bool { alpha.spacing != nil && (beta == nil || beta?.spacing != nil) }

    /// The number of (0, 0); nil where the grid does not have it.
    public var origin: Int? {
        guard let column = alpha.zero, let row = beta.map(\.zero) ?? 0 else { return nil }
        return index(row: row, column: column)
    }
}

extension SliceAxis {
    /// The coordinates in units of the mean spacing, from 0: grids of any ranges look alike.
    var places: [Double] {
        guard let first = values.first, let last = values.last, last > first else { return values.map { _ in 0 } }
        return values.map { ($0 - first) / (last - first) * Double(values.count - 1) }
    }
}
