import Tensors

extension GeneralizedLanczosTrustRegion {
    /// Finds the maximiser on the space of a Lanczos decomposition that is there already, without a product. g may have
    /// parts outside its basis; they count in the residual. Only `radius` and `tolerance` have a say.
    ///
    /// - Parameter gradient: g, P finite numbers.
    /// - Throws: `MatrixFreeError` for arguments that have no answer.
    public func run(_ decomposition: LanczosDecomposition, gradient: [Double]) throws -> QuadraticMaximum {
        try AugmentedSpace(decomposition, gradient, radius: radius).maximum(self, products: 0).found
    }

    /// Finds the maximiser from the space of a Lanczos decomposition of H. While the residual is above the tolerance, its direction joins
    /// the space, with one product each (Davidson 1975, doi:10.1016/0021-9991(75)90065-0, without a preconditioner).
    ///
    /// A decomposition that was made for λmax, started near g, saves most of the products. The maximiser is the global one if λ ≥ λmax.
    ///
    /// - Parameters:
    ///   - matrix: H, P × P.
    ///   - gradient: g, P finite numbers.
    /// - Throws: `MatrixFreeError` for arguments that have no answer and for products that are not finite; what the operator throws.
    public func run(
        _ matrix: some LinearOperator, in decomposition: LanczosDecomposition, gradient: [Double]
    ) throws -> QuadraticMaximum {
        var counter = try ProductCounter(matrix), space = try AugmentedSpace(decomposition, gradient, radius: radius)
        while true {
            let (found, rest) = try space.maximum(self, products: counter.products)
            guard !found.converged, counter.products < maximumProducts, let direction = space.direction(rest) else {
                return found
            }
            space.add(direction, try counter.apply(direction))
        }
    }
}

/// The space of a Lanczos decomposition with further directions.
private struct AugmentedSpace {
    let decomposition: LanczosDecomposition
    let gradient: [Double], length: Double
    /// Unit vectors orthogonal to the basis and to each other, and H times them.
    var directions: [[Double]] = [], products: [[Double]] = []
    /// g's components along the basis and the directions.
    var linear: [Double]

    init(_ decomposition: LanczosDecomposition, _ gradient: [Double], radius: Double) throws(MatrixFreeError) {
        let isOfLength = gradient.count == decomposition.basis.dimension
        length = isOfLength ? Vectors.norm(gradient) : .nan
        guard length.isFinite, radius > 0, radius.isFinite else {
            throw .invalidArgument(
                "trust region: gradient of \(gradient.count) numbers and norm \(length), radius \(radius); "
                    + "expected \(decomposition.basis.dimension) finite numbers and a positive radius")
        }
        (self.decomposition, self.gradient) = (decomposition, gradient)
        linear = decomposition.basis.coefficients(of: gradient)
    }

    /// H on the space. HQ = QT + βqeₘᵀ, so that a direction p meets the basis in β⟨q, p⟩ alone.
    private var projection: SymmetricMatrix {
        let m = decomposition.basis.count, n = linear.count, t = decomposition.projection
        var elements = [Double](repeating: 0, count: n * n)
        func set(_ i: Int, _ j: Int, _ value: Double) { (elements[i + j * n], elements[j + i * n]) = (value, value) }
        for i in 0..<m { set(i, i, t.diagonal[i]) }
        for i in 1..<max(1, m) { set(i - 1, i, t.offDiagonal[i - 1]) }
        for (j, direction) in directions.enumerated() {
            if let next = decomposition.next {
                set(m - 1, m + j, decomposition.coupling * Vectors.dot(next, direction))
            }
            for i in 0...j { set(m + i, m + j, Vectors.dot(directions[i], products[j])) }
        }
        return SymmetricMatrix(dimension: n, elements: elements)
    }

    /// The maximiser on the space, and g + Hε − λε.
    func maximum(
        _ settings: GeneralizedLanczosTrustRegion, products made: Int
    ) throws(MatrixFreeError) -> (found: QuadraticMaximum, rest: [Double]) {
        let (values, vectors) = try projection.eigendecomposition(), m = decomposition.basis.count
        let inside = vectors.map { Vectors.dot($0, linear) }
        let solution = SecularEquation(eigenvalues: values, linear: inside, radius: settings.radius).solve()
        var h = [Double](repeating: 0, count: values.count)
        for (c, y) in zip(solution.coefficients, vectors) { Vectors.add(c, y, to: &h) }
        let head = Array(h[..<m])
        var maximizer = decomposition.basis.combination(head)
        var rest = Vectors.sum(gradient, 1, decomposition.basis.combination(decomposition.projection.product(head)))
        if let next = decomposition.next { Vectors.add(decomposition.coupling * h[m - 1], next, to: &rest) }
        for (j, direction) in directions.enumerated() {
            Vectors.add(h[m + j], direction, to: &maximizer)
            Vectors.add(h[m + j], products[j], to: &rest)
        }
        Vectors.add(-solution.multiplier, maximizer, to: &rest)
        let residual = Vectors.norm(rest), norm = Vectors.norm(h)
        var result = QuadraticMaximum(
            value: solution.value(linear: inside, eigenvalues: values), multiplier: solution.multiplier,
            residual: residual, norm: norm, radius: settings.radius, isActive: solution.isActive,
            isHardCase: solution.isHardCase, largestOutside: nil,
            converged: residual <= settings.tolerance * (length > 0 ? length : solution.multiplier * norm),
            products: made, tolerance: settings.tolerance)
        result.maximizer = maximizer
        return (result, rest)
    }

    /// The unit vector along what a residual has outside the space; nil where that is rounding.
    func direction(_ rest: [Double]) -> [Double]? {
        var direction = rest
        for _ in 0..<2 {
            for other in directions { Vectors.add(-Vectors.dot(other, direction), other, to: &direction) }
            decomposition.basis.removeComponents(from: &direction)
        }
        let norm = Vectors.norm(direction)
        guard norm > 1e-6 * Vectors.norm(rest) else { return nil }
        Vectors.scale(&direction, by: 1 / norm)
        return direction
    }

    mutating func add(_ direction: [Double], _ product: [Double]) {
        directions.append(direction)
        products.append(product)
        linear.append(Vectors.dot(direction, gradient))
    }
}
