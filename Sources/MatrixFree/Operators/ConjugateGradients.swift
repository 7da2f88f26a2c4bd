import Tensors

/// The solution of (A + δI)x = b for a symmetric A without negative eigenvalues, by conjugate gradients (Hestenes, Stiefel 1952,
/// doi:10.6028/jres.049.044).
public struct ConjugateGradients: Sendable, Equatable {
    /// δ, at least 0. Default 0.
    public var shift: Double
    /// ‖b − (A + δI)x‖ relative to ‖b‖ at which it ends. Default 1e-6, ours.
    public var tolerance: Double
    /// Products at most. Default 1000, ours.
    public var maximumProducts: Int

    /// Settings for a run; each parameter is described at the property of its name.
    public init(shift: Double = 0, tolerance: Double = 1e-6, maximumProducts: Int = 1000) {
        (self.shift, self.tolerance, self.maximumProducts) = (shift, tolerance, maximumProducts)
    }

    /// What was found.
    public struct Result: Sendable, Equatable {
        /// x, P numbers.
        public let solution: [Double]
        /// ‖b − (A + δI)x‖/‖b‖, as the recursion has it; 0 for b = 0.
        public let residual: Double
        /// Whether it is at most the tolerance.
        public let converged: Bool
        /// Whether a direction was met along which A + δI is not positive: then there is no solution of this kind, and x is what was found
        /// before.
        public let metNegativeCurvature: Bool
        /// Products made.
        public let products: Int
    }

    /// Solves for one right-hand side.
    ///
    /// - Parameter progress: called before every product with those made; what it throws ends the work.
    /// - Throws: `MatrixFreeError` for products that are not finite; what the operator and `progress` throw.
    public func run(
        _ matrix: some LinearOperator, _ b: [Double], progress: (Int) throws -> Void = { _ in }
    ) throws -> Result {
        guard b.count == matrix.dimension, shift >= 0, tolerance > 0 else {
            throw MatrixFreeError.invalidArgument(
                "conjugate gradients: \(b.count) numbers for a matrix of \(matrix.dimension) rows, shift \(shift); expected as many, and a shift of at least 0"
            )
        }
        var counter = try ProductCounter(matrix)
        var x = Vectors.zeros(b.count), residual = b, direction = b
        var square = Vectors.dot(b, b), isNegative = false
        let size = square.squareRoot(), least = tolerance * size
        while square.squareRoot() > least, counter.products < maximumProducts {
            try progress(counter.products)
            var product = try counter.apply(direction)
            Vectors.add(shift, direction, to: &product)
            let curvature = Vectors.dot(direction, product)
            guard curvature > 0 else {
                isNegative = true
                break
            }
            let step = square / curvature
            Vectors.add(step, direction, to: &x)
            Vectors.add(-step, product, to: &residual)
            let next = Vectors.dot(residual, residual)
            Vectors.scale(&direction, by: next / square)
            Vectors.add(1, residual, to: &direction)
            square = next
        }
        let relative = size > 0 ? square.squareRoot() / size : 0
        return Result(
            solution: x, residual: relative, converged: relative <= tolerance, metNegativeCurvature: isNegative,
            products: counter.products)
    }
}
