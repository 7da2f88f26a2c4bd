import MatrixFree
import Tensors

/// The transformations of a network's weights under which its attention computes the same: for every head, any invertible matrix A takes
/// queries and keys to W_Q A and W_K A⁻ᵀ, and another one values and the output's columns to W_V B and W_O B⁻ᵀ (da Silva, Dangel, Oore
/// 2025, arXiv 2505.05409).
///
/// Scores hold W_Q and W_K only as the product W_Q W_Kᵀ, and mixed values W_V and W_O only as theirs. So each head has two products
/// G Hᵀ of factors G and H whose rows A mixes, biases among them.
///
/// Every orbit has a **balanced** point, GᵀG = HᵀH, which has its smallest ‖θ‖₂ and is unique up to rotations of a head, which keep ‖ε‖₂.
/// What is measured there, across the orbit alone, is therefore the same for all points of the orbit.
public struct AttentionSymmetry: Sendable, Equatable {
    /// A product G Hᵀ = Σₖ gₖ hₖᵀ, as places of its numbers in θ.
    public struct Product: Sendable, Equatable {
        /// The columns gₖ and hₖ, as many of each.
        public let left: [[Int]], right: [[Int]]

        /// - Precondition: as many columns on both sides, all of one length on each, and no place twice.
        public init(left: [[Int]], right: [[Int]]) {
            precondition(left.count == right.count, "\(left.count) and \(right.count) columns of one product")
            (self.left, self.right) = (left, right)
        }

        /// The head's width.
        var width: Int { left.count }
    }

    /// What the layers are called, and the heads of each.
    public let layers: [String], heads: Int
    /// Two for every head. No number of θ belongs to two of them.
    public let products: [Product]

    /// - Parameters:
    ///   - layers: what they are called.
    ///   - heads: of each layer.
    public init(layers: [String], heads: Int, products: [Product]) {
        (self.layers, self.heads, self.products) = (layers, heads, products)
    }

    /// The balanced point of θ's orbit.
    ///
    /// A head whose product has a smaller rank than its width has none: it is approached where the rest of the factors goes to 0, and that
    /// is what this gives.
    ///
    /// - Throws: `MatrixFreeError` where an eigensolver fails.
    public func balanced(_ theta: [Double]) throws -> [Double] {
        var result = theta
        for product in products {
            // Squared singular values lose digits of small ones, which a second time restores.
            for _ in 0..<2 { try Self.balance(product, &result) }
        }
        return result
    }

    /// G ← G A, H ← H A⁻ᵀ with AᵀGᵀG A = A⁻¹HᵀH A⁻ᵀ = S, the singular values of GHᵀ.
    private static func balance(_ product: Product, _ theta: inout [Double]) throws {
        let width = product.width, left = Self.columns(product.left, theta), right = Self.columns(product.right, theta)
        // GᵀG = V D Vᵀ; D^½ Vᵀ HᵀH V D^½ = U S² Uᵀ; A = V D^-½ U S^½.
        let (squares, axes) = try SymmetricMatrix(dimension: width, elements: Self.gram(left)).eigendecomposition()
        let roots = squares.map { max($0, 0).squareRoot() }, largest = roots.max() ?? 0
        func rotated(_ columns: [[Double]], _ axes: [[Double]]) -> [[Double]] {
            axes.map { axis in
                var sum = Vectors.zeros(columns[0].count)
                for (weight, column) in zip(axis, columns) { Vectors.add(weight, column, to: &sum) }
                return sum
            }
        }
        let tiny = 1e-14
        var first = rotated(left, axes), second = rotated(right, axes)
        for (k, root) in roots.enumerated() {
            Vectors.scale(&first[k], by: root > tiny * largest ? 1 / root : 0)
            Vectors.scale(&second[k], by: root)
        }
        let (values, turns) = try SymmetricMatrix(dimension: width, elements: Self.gram(second)).eigendecomposition()
        let singular = values.map { max($0, 0).squareRoot() }, greatest = singular.max() ?? 0
        (first, second) = (rotated(first, turns), rotated(second, turns))
        for (k, value) in singular.enumerated() {
            let root = value.squareRoot()
            Vectors.scale(&first[k], by: root)
            Vectors.scale(&second[k], by: value > tiny * greatest ? 1 / root : 0)
        }
        Self.store(first, product.left, &theta)
        Self.store(second, product.right, &theta)
    }

    /// The part of a vector that is orthogonal to the orbit, at a balanced point: without its components along (GΛ, −HΛᵀ) for every Λ.
    ///
    /// - Parameter theta: a balanced point, where each product's GᵀG = HᵀH is diagonal as `balanced` leaves it.
    public func across(_ vector: [Double], at theta: [Double]) -> [Double] {
        var result = vector
        for product in products {
            let left = Self.columns(product.left, theta), right = Self.columns(product.right, theta)
            var first = Self.columns(product.left, vector), second = Self.columns(product.right, vector)
            let sizes = zip(left, right).map { Vectors.dot($0, $0) + Vectors.dot($1, $1) }, largest = sizes.max() ?? 0
            let known = (first, second)
            for k in 0..<product.width {
                for l in 0..<product.width {
                    // (GΛ, −HΛᵀ) for the Λ with a 1 in row k, column l, has the square length σₖ + σₗ.
                    let size = 0.5 * (sizes[k] + sizes[l])
                    guard size > 1e-14 * largest else { continue }
                    let share = (Vectors.dot(left[k], known.0[l]) - Vectors.dot(right[l], known.1[k])) / size
                    Vectors.add(-share, left[k], to: &first[l])
                    Vectors.add(share, right[l], to: &second[k])
                }
            }
            Self.store(first, product.left, &result)
            Self.store(second, product.right, &result)
        }
        return result
    }

    /// θ after one transformation of every product, by A = I + 3uvᵀ of random unit vectors: a network that computes the same.
    public func transformed(_ theta: [Double], seed: UInt64) -> [Double] {
        var result = theta
        let strength = 3.0
        for (number, product) in products.enumerated() {
            let numbers = RandomNumbers(seed: seed, stream: UInt64(number)).normals(2 * product.width)
            func unit(_ part: ArraySlice<Double>) -> [Double] {
                var vector = Array(part)
                Vectors.scale(&vector, by: 1 / max(Vectors.norm(vector), .leastNormalMagnitude))
                return vector
            }
            let u = unit(numbers.prefix(product.width))
            var v = unit(numbers.suffix(product.width))
            if Vectors.dot(u, v) < 0 { Vectors.scale(&v, by: -1) }
            let inverse = strength / (1 + strength * Vectors.dot(u, v))
            // G + s(Gu)vᵀ, and H A⁻ᵀ = H − s′(Hv)uᵀ.
            func moved(_ places: [[Int]], along u: [Double], by v: [Double], _ strength: Double) {
                var columns = Self.columns(places, theta), sum = Vectors.zeros(places[0].count)
                for (weight, column) in zip(u, columns) { Vectors.add(weight, column, to: &sum) }
                for (k, weight) in v.enumerated() { Vectors.add(strength * weight, sum, to: &columns[k]) }
                Self.store(columns, places, &result)
            }
            moved(product.left, along: u, by: v, strength)
            moved(product.right, along: v, by: u, -inverse)
        }
        return result
    }

    private static func columns(_ places: [[Int]], _ theta: [Double]) -> [[Double]] {
        places.map { $0.map { theta[$0] } }
    }

    private static func store(_ columns: [[Double]], _ places: [[Int]], _ theta: inout [Double]) {
        for (column, places) in zip(columns, places) {
            for (value, place) in zip(column, places) { theta[place] = value }
        }
    }

    /// The inner products of columns.
    private static func gram(_ columns: [[Double]]) -> [Double] {
        columns.flatMap { a in columns.map { Vectors.dot(a, $0) } }
    }
}
