/// The shape of a value and the kind of its elements.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
    /// The kind of an element: a real number in the computation's precision, or an index of 32 bits (classes, tokens,
    /// places of maxima).
    public enum Element: Sendable { case real, index }

    /// Extents, outermost first; a scalar's is empty. Each is at least 1.
    public var shape: [Int]
    /// The kind of its elements.
    public var element: Element

    /// The type of a value with these extents.
    ///
    /// - Precondition: each is at least 1.
    public init(_ shape: [Int], _ element: Element = .real) {
        precondition(shape.allSatisfy { $0 > 0 }, "a tensor of shape \(shape) has no elements")
        self.shape = shape
        self.element = element
    }

    /// Number of elements: the product of the extents, 1 for a scalar.
    public var count: Int { shape.reduce(1, *) }
    /// The shape as in messages, such as `[128, 10]` or `index [128]`.
    public var description: String { "\(element == .real ? "" : "index ")\(shape)" }
}

/// How often a value changes, from least to most.
///
/// A value has the latest stage of its inputs. It is computed again only when an input of its own stage or of an
/// earlier one has changed, so a second Hessian–vector product at the same θ computes only what depends on v.
public struct Stage: RawRepresentable, Comparable, Hashable, Sendable {
    /// Position in the order of stages, from 0.
    public let rawValue: Int
    /// The stage at a position in the order.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Inputs and labels of one batch, and constants.
    public static let data = Stage(rawValue: 0)
    /// The parameters θ and the buffers beside them.
    public static let parameters = Stage(rawValue: 1)
    /// Values that are computed again from kept ones whenever a run comes back to a batch. No value of a graph has this
    /// stage; an `Executable` assigns it.
    public static let recomputed = Stage(rawValue: 2)
    /// Vectors that a derivative is taken along.
    public static let tangent = Stage(rawValue: 3)

    /// Whether one changes less often than the other.
    public static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }
}
