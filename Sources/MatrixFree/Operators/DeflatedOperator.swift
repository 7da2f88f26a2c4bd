import Tensors

/// (I − QQᵀ) H (I − QQᵀ): H on the orthogonal complement of some orthonormal vectors, zero on the vectors themselves.
///
/// Where Q holds eigenvectors of H, the others keep their eigenvalues.
public struct DeflatedOperator<Base: LinearOperator>: LinearOperator {
    /// H.
    public let base: Base
    private let removed: KrylovBasis
    /// That of H.
    public var dimension: Int { base.dimension }

    /// - Parameters:
    ///   - base: H, of at least one row.
    ///   - vectors: the columns of Q, P numbers each. They are orthonormalised here; dependent ones are dropped.
    public init(_ base: Base, removing vectors: [[Double]]) {
        let basis = KrylovBasis(dimension: base.dimension, capacity: max(1, min(vectors.count, base.dimension)))
        for vector in vectors { basis.appendOrthonormalized(vector) }
        self.init(base, removing: basis)
    }

    init(_ base: Base, removing basis: KrylovBasis) {
        self.base = base
        removed = basis
    }

    /// (I − QQᵀ) H (I − QQᵀ) x, with one product of H.
    public func apply(_ x: [Double]) throws -> [Double] { project(try base.apply(project(x))) }

    /// (I − QQᵀ) H (I − QQᵀ) x of several vectors, with one block of products of H.
    public func apply(block: [[Double]]) throws -> [[Double]] { try base.apply(block: block.map(project)).map(project) }

    /// The orthogonal complement of the removed vectors.
    var complement: Subspace { Subspace(dimension: dimension - removed.count, project: project) }

    /// (I − QQᵀ)x, P numbers.
    public func project(_ x: [Double]) -> [Double] {
        var y = x
        removed.removeComponents(from: &y)
        return y
    }
}
