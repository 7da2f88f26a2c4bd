/// The points of a slice: every α with every β and every γ, row by row (row = β), layer by layer (layer = γ). A slice along one
/// direction is one row, one over a plane is one layer.
public struct SliceGrid: Sendable, Equatable {
    /// Coordinates along d₁.
    public let alpha: SliceAxis
    /// Nil for one direction.
    public let beta: SliceAxis?
    /// Nil for one or two directions.
    public let gamma: SliceAxis?

    /// - Parameters:
    ///   - beta: coordinates along d₂; nil for one direction.
    ///   - gamma: coordinates along d₃; nil for one or two directions.
    /// - Precondition: a β where there is a γ.
    public init(_ alpha: SliceAxis, _ beta: SliceAxis? = nil, _ gamma: SliceAxis? = nil) {
        precondition(beta != nil || gamma == nil, "a grid with γ and without β")
        (self.alpha, self.beta, self.gamma) = (alpha, beta, gamma)
    }

    /// As many points along each axis, from −length to length.
    func ending(at lengths: [Double]) -> SliceGrid {
        let axes = zip(axes, lengths).map { SliceAxis(range: -$1...$1, points: $0.values.count) }
        return SliceGrid(axes[0], axes.count > 1 ? axes[1] : nil, axes.count > 2 ? axes[2] : nil)
    }

    /// The axes that there are: α, β, γ.
    public var axes: [SliceAxis] { [alpha, beta, gamma].compactMap(\.self) }
    /// How many there are, 1 to 3.
    public var dimension: Int { axes.count }
    /// Points along each axis, the fastest last: `[γ, β, α]` as far as there are.
    public var shape: [Int] { axes.reversed().map(\.values.count) }
    /// Points along α.
    public var columns: Int { alpha.values.count }
    /// Points along β; 1 for one direction.
    public var rows: Int { beta?.values.count ?? 1 }
    /// Points along γ; 1 for one or two directions.
    public var layers: Int { gamma?.values.count ?? 1 }
    /// All points.
    public var count: Int { columns * rows * layers }

    /// The numbers that stand for a point in `Slice.loss`.
    public func index(row: Int, column: Int, layer: Int = 0) -> Int { (layer * rows + row) * columns + column }
    /// The layer of a point: the number of its γ.
    public func layer(_ index: Int) -> Int { index / (columns * rows) }
    /// The row of a point: the number of its β.
    public func row(_ index: Int) -> Int { index / columns % rows }
    /// The column of a point: the number of its α.
    public func column(_ index: Int) -> Int { index % columns }

    /// (α, β) of a point.
    public func coordinates(_ index: Int) -> (alpha: Double, beta: Double) {
        (alpha.values[column(index)], beta?.values[row(index)] ?? 0)
    }

    /// Where a point lies along each axis that there is: α, β, γ.
    public func place(_ index: Int) -> [Double] {
        zip(axes, [column(index), row(index), layer(index)]).map { $0.values[$1] }
    }

    /// Whether coordinates are evenly spaced along every axis.
    public var isEven: Bool { axes.allSatisfy { $0.spacing != nil } }

    /// The number of (0, 0, 0); nil where the grid does not have it.
    public var origin: Int? {
        let zeros = axes.map(\.zero)
        guard !zeros.contains(nil) else { return nil }
        return zip(zeros, [1, columns, columns * rows]).reduce(0) { $0 + ($1.0 ?? 0) * $1.1 }
    }
}

extension SliceAxis {
    /// The coordinates in units of the mean spacing, from 0: grids of any ranges look alike.
    var places: [Double] {
        guard let first = values.first, let last = values.last, last > first else { return values.map { _ in 0 } }
        return values.map { ($0 - first) / (last - first) * Double(values.count - 1) }
    }
}
