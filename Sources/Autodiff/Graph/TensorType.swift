/// The shape of a value and what its elements are.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
    public enum Element: Sendable { case real, index }

    /// Extents, outermost first; a scalar's is empty. All are at least 1.
    public var shape: [Int]
    public var element: Element

    public init(_ shape: [Int], _ element: Element = .real) {
        precondition(shape.allSatisfy { $0 > 0 }, "a tensor of shape \(shape) has no elements")
        self.shape = shape
        self.element = element
    }

    public var count: Int { shape.reduce(1, *) }
    public var description: String { "\(element == .real ? "" : "index ")\(shape)" }
}

/// What a value depends on, from what changes least to what changes most. A value is computed again only when an input of
/// its own stage or an earlier one has changed.
public struct Stage: RawRepresentable, Comparable, Hashable, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Examples and labels of one batch, and constants.
    public static let data = Stage(rawValue: 0)
    /// The parameters θ and the buffers beside them.
    public static let parameters = Stage(rawValue: 1)
    /// Of the graph's values none: what is made again of values that are kept, whenever a batch is come back to.
    public static let recomputed = Stage(rawValue: 2)
    /// A vector that a derivative is taken along.
    public static let tangent = Stage(rawValue: 3)

    public static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }
}
