/// A network's objective whose buffers, such as the statistics of batch normalisation, depend on θ: they are set anew before
/// every computation. For paths between networks, along which stored statistics are those of neither.
public final class AdjustedObjective: Objective {
    public let base: NetworkObjective
    private let buffers: (_ theta: [Double]) throws -> [Double]
    private var last: [Double]?

    /// - Parameter buffers: in the order of the network's layout.
    public init(_ base: NetworkObjective, buffers: @escaping (_ theta: [Double]) throws -> [Double]) {
        (self.base, self.buffers) = (base, buffers)
    }

    public var dimension: Int { base.dimension }

    private func prepare(_ theta: [Double]) throws {
        guard last != theta else { return }
        base.setBuffers(try buffers(theta))
        last = theta
    }

    public func evaluate(at theta: [Double]) throws -> Evaluation {
        try prepare(theta)
        return try base.evaluate(at: theta)
    }

    public func valueAndGradient(at theta: [Double]) throws -> (value: Double, gradient: [Double]) {
        try prepare(theta)
        return try base.valueAndGradient(at: theta)
    }

    public func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try prepare(theta)
        return try base.hessianVectorProducts(at: theta, along: vectors)
    }

    public func gaussNewtonVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try prepare(theta)
        return try base.gaussNewtonVectorProducts(at: theta, along: vectors)
    }

    public func empiricalFisherVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try prepare(theta)
        return try base.empiricalFisherVectorProducts(at: theta, along: vectors)
    }
}
