import Networks
import Tensors

/// The axes of a slice: one direction or two, normalised as asked.
public struct SliceDirections: Sendable {
    /// One vector for a 1-D slice, two for a 2-D one; P numbers each.
    public let vectors: [[Double]]
    public let normalization: DirectionNormalization
    /// What they are, such as `random` or `eigen`.
    public let kind: String
    /// Of the pair as it is used; nil for one direction.
    public var cosine: Double? {
        guard vectors.count == 2 else { return nil }
        let norms = Vectors.norm(vectors[0]) * Vectors.norm(vectors[1])
        return norms > 0 ? Vectors.dot(vectors[0], vectors[1]) / norms : 0
    }

    /// Normalises `raw`; the second is made orthogonal to the first before that, and normalised again (which may tilt it: see
    /// `cosine`).
    public init(
        _ raw: [[Double]], kind: String, at theta: [Double], _ layout: ParameterLayout,
        normalization: DirectionNormalization,
        includes1D: Bool = false, orthogonalizes: Bool
    ) {
        precondition((1...2).contains(raw.count), "a slice along \(raw.count) directions")
        var vectors = raw
        for i in vectors.indices {
            normalization.apply(to: &vectors[i], at: theta, layout, includes1D: includes1D)
            if i == 1, orthogonalizes {
                // The projection divides by ‖d₁‖²; with d₁ of norm other than 1, forgetting it leaves the pair oblique.
                let square = Vectors.dot(vectors[0], vectors[0])
                if square > 0 {
                    Vectors.add(-Vectors.dot(vectors[0], vectors[1]) / square, vectors[0], to: &vectors[1])
                }
                normalization.apply(to: &vectors[1], at: theta, layout, includes1D: includes1D)
            }
        }
        self.vectors = vectors
        self.normalization = normalization
        self.kind = kind
    }

    /// Standard normal directions, one random sequence for each axis.
    public static func random(_ count: Int, dimension: Int, seed: UInt64) -> [[Double]] {
        (0..<count).map { RandomNumbers(seed: seed).named("direction \($0 + 1)").normals(dimension) }
    }
}
