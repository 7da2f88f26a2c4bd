import Tensors

/// An objective seen along those directions from a point that lie across the orbits of a symmetry: φ(θ) = L(θ₀ + Π(θ − θ₀)), with the
/// orthogonal projection Π of `AttentionSymmetry.across`.
public final class AcrossOrbits: ExampleObjective {
    private let base: any Objective
    private let symmetry: AttentionSymmetry
    private let origin: [Double]

    /// - Parameter origin: θ₀, balanced by the symmetry.
    public init(_ base: any Objective, _ symmetry: AttentionSymmetry, from origin: [Double]) {
        (self.base, self.symmetry, self.origin) = (base, symmetry, origin)
    }

    /// P, the length of θ.
    public var dimension: Int { base.dimension }
    /// Bytes that an analysis may take for vectors of θ's length.
    public var vectorMemory: Int { base.vectorMemory }
    /// The relative rounding error of a product.
    public var rounding: Double { base.rounding }

    private func across(_ vector: [Double]) -> [Double] { symmetry.across(vector, at: origin) }
    private func point(_ theta: [Double]) -> [Double] {
        theta == origin ? origin : Vectors.sum(origin, 1, across(Vectors.sum(theta, -1, origin)))
    }

    /// φ(θ), and the accuracy where examples are classified.
    public func evaluate(at theta: [Double]) throws -> Evaluation { try base.evaluate(at: point(theta)) }

    /// φ(θ) and Π∇L, P numbers.
    public func valueAndGradient(at theta: [Double]) throws -> (value: Double, gradient: [Double]) {
        let (value, gradient) = try base.valueAndGradient(at: point(theta))
        return (value, across(gradient))
    }

    /// ΠHΠv for each v, P numbers each.
    public func hessianVectorProducts(at theta: [Double], along vectors: [[Double]]) throws -> [[Double]] {
        try base.hessianVectorProducts(at: point(theta), along: vectors.map(across)).map(across)
    }

    /// n; 0 for what is no mean over examples.
    public var examples: Int { (base as? any ExampleObjective)?.examples ?? 0 }
    /// Whether it is a mean over examples that can be taken apart.
    public var hasParts: Bool { (base as? any ExampleObjective)?.hasParts ?? false }

    /// The same of some of the examples.
    ///
    /// - Throws: `ObjectiveError.noExamples` for what is no mean over examples.
    public func restricted(to examples: [Int]) throws -> any Objective {
        guard let base = base as? any ExampleObjective else { throw ObjectiveError.noExamples }
        return AcrossOrbits(try base.restricted(to: examples), symmetry, from: origin)
    }

    /// The sum of the weights of some of the examples' elements.
    public func weight(of examples: [Int]) throws -> Double {
        try (base as? any ExampleObjective)?.weight(of: examples) ?? Double(examples.count)
    }

    /// The examples of each class that the search starts from.
    public var classes: [[Int]] { (base as? any ExampleObjective)?.classes ?? [] }
}
