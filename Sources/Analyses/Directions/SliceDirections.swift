import Networks
import Tensors

/// The axes of a slice: one to three directions, normalised as asked.
public struct SliceDirections: Sendable {
    /// A vector for each axis; P numbers each.
    public let vectors: [[Double]]
    /// How they were scaled.
    public let normalization: DirectionNormalization
    /// What they are, such as `random` or `eigen`.
    public let kind: String
    /// The cosine between the pair as it is used, of three directions that of the pair nearest to parallel; nil for one direction,
    /// and where the vectors are not known.
    public var cosine: Double? {
        guard vectors.count > 1, vectors.allSatisfy({ $0.count == vectors[0].count && !$0.isEmpty }) else { return nil }
        let cosines = vectors.indices.dropFirst().flatMap { second in
            (0..<second).map { first in
                let norms = Vectors.norm(vectors[first]) * Vectors.norm(vectors[second])
                return norms > 0 ? Vectors.dot(vectors[first], vectors[second]) / norms : 0
            }
        }
        return cosines.max { abs($0) < abs($1) }
    }

    /// Normalises `raw`, and makes each orthogonal to those before it.
    ///
    /// That changes the norms of its filters and tensors. `.filter` and `.layer` give them back, which may tilt it: see `cosine`.
    /// `.weight` must not, as twice would multiply by |θ|²: the whole direction gets back the norm ‖|θ| ⊙ d‖ that it had.
    ///
    /// - Parameters:
    ///   - raw: one to three vectors of P numbers.
    ///   - kind: what they are, such as `random`.
    ///   - layout: the tensors of θ; nil where θ is a plain vector, which nothing but `.none` can be done with.
    ///   - includes1D: whether biases and norm scales move.
    ///   - orthogonalizes: whether each is made orthogonal to those before it.
    /// - Precondition: one to three vectors of θ's length, and a layout of that length where the normalisation needs it.
    public init(
        _ raw: [[Double]], kind: String, at theta: [Double], _ layout: ParameterLayout?,
        normalization: DirectionNormalization, includes1D: Bool = false, orthogonalizes: Bool
    ) {
        precondition((1...3).contains(raw.count), "a slice along \(raw.count) directions")
        precondition(layout != nil || normalization == .none, "normalisation of a vector without tensors")
        var vectors = raw
        func normalize(_ i: Int) {
            guard let layout else { return }
            normalization.apply(to: &vectors[i], at: theta, layout, includes1D: includes1D)
        }
        for i in vectors.indices {
            normalize(i)
            if i > 0, orthogonalizes {
                let norm = Vectors.norm(vectors[i])
                // The projection divides by ‖d‖²; with d of norm other than 1, forgetting it leaves the pair oblique.
                for before in 0..<i {
                    let square = Vectors.dot(vectors[before], vectors[before])
                    guard square > 0 else { continue }
                    Vectors.add(-Vectors.dot(vectors[before], vectors[i]) / square, vectors[before], to: &vectors[i])
                }
                if normalization == .weight {
                    // Of parallel directions rounding alone is left, which is no direction.
                    let left = Vectors.norm(vectors[i])
                    Vectors.scale(&vectors[i], by: left > Self.rounding * norm ? norm / left : 0)
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
    /// - Precondition: one to three vectors.
    public init(_ vectors: [[Double]], kind: String, normalization: DirectionNormalization = .none) {
        precondition((1...3).contains(vectors.count), "a slice along \(vectors.count) directions")
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
