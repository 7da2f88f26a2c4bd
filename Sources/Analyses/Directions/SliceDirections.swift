import Networks
import Tensors

/// The axes of a slice: one direction or two, normalised as asked.
public struct SliceDirections: Sendable {
    /// One vector for a 1-D slice, two for a 2-D one; P numbers each.
    public let vectors: [[Double]]
    /// How they were scaled.
    public let normalization: DirectionNormalization
    /// What they are, such as `random` or `eigen`.
    public let kind: String
    /// The cosine between the pair as it is used; nil for one direction, and where the vectors are not known.
    public var cosine: Double? {
        guard vectors.count == 2, vectors[0].count == vectors[1].count, !vectors[0].isEmpty else { return nil }
        let norms = Vectors.norm(vectors[0]) * Vectors.norm(vectors[1])
        return norms > 0 ? Vectors.dot(vectors[0], vectors[1]) / norms : 0
    }

    /// Normalises `raw`, and makes the second orthogonal to the first.
    ///
    /// That changes the norms of its filters and tensors. `.filter` and `.layer` give them back, which may tilt it: see `cosine`.
    /// `.weight` must not, as twice would multiply by |θ|²: the whole direction gets back the norm ‖|θ| ⊙ d₂‖ that it had.
    ///
    /// - Parameters:
    ///   - raw: one or two vectors of P numbers.
    ///   - kind: what they are, such as `random`.
    ///   - layout: the tensors of θ; nil where θ is a plain vector, which nothing but `.none` can be done with.
    ///   - includes1D: whether biases and norm scales move.
    ///   - orthogonalizes: whether the second is made orthogonal to the first.
    /// - Precondition: one or two vectors of θ's length, and a layout of that length where the normalisation needs it.
    public init(
        _ raw: [[Double]], kind: String, at theta: [Double], _ layout: ParameterLayout?,
        normalization: DirectionNormalization, includes1D: Bool = false, orthogonalizes: Bool
    ) {
        precondition((1...2).contains(raw.count), "a slice along \(raw.count) directions")
        precondition(layout != nil || normalization == .none, "normalisation of a vector without tensors")
        var vectors = raw
        func normalize(_ i: Int) {
            guard let layout else { return }
            normalization.apply(to: &vectors[i], at: theta, layout, includes1D: includes1D)
        }
        for i in vectors.indices {
            normalize(i)
            if i == 1, orthogonalizes {
                // The projection divides by ‖d₁‖²; with d₁ of norm other than 1, forgetting it leaves the pair oblique.
                let square = Vectors.dot(vectors[0], vectors[0]), norm = Vectors.norm(vectors[1])
                if square > 0 {
                    Vectors.add(-Vectors.dot(vectors[0], vectors[1]) / square, vectors[0], to: &vectors[1])
                }
                if normalization == .weight {
                    // Of parallel directions rounding alone is left, which is no direction.
                    let left = Vectors.norm(vectors[1])
                    Vectors.scale(&vectors[1], by: left > Self.rounding * norm ? norm / left : 0)
                } else {
                    normalize(i)
                }
            }
        }
        self.vectors = vectors
        self.normalization = normalization
        self.kind = kind
    }

    /// Far above 2⁻⁵², far below the angle of any two directions of more than one number.
    private static let rounding = 1e-12

    /// Directions as they are, scaled already.
    ///
    /// - Precondition: one or two vectors.
    public init(_ vectors: [[Double]], kind: String, normalization: DirectionNormalization = .none) {
        precondition((1...2).contains(vectors.count), "a slice along \(vectors.count) directions")
        (self.vectors, self.kind, self.normalization) = (vectors, kind, normalization)
    }

    /// The same without the vectors, which take as much memory as the network.
    var described: SliceDirections {
        SliceDirections(vectors.map { _ in [] }, kind: kind, normalization: normalization)
    }

    /// Standard normal directions, one random sequence for each axis.
    public static func random(_ count: Int, dimension: Int, seed: UInt64) -> [[Double]] {
        (0..<count).map { RandomNumbers(seed: seed).named("direction \($0 + 1)").normals(dimension) }
    }
}
