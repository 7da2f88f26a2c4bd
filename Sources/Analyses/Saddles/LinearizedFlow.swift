import Foundation
import MatrixFree
import Tensors

/// Steps along the gradient flow of a quadratic model: s' = −(g + As) from s = 0 reaches s(t) = −φ(A, t) g with
/// φ(λ, t) = (1 − e^(−λt))/λ (Page, McIver 1988, doi:10.1063/1.454172).
///
/// For short t it is the steepest descent, for long t Newton's step −A⁻¹g; along negative curvature it grows until its length ends it. It is
/// found in the Krylov space of A and g, which grows as far as a step needs it.
struct LinearizedFlow<Matrix: LinearOperator> {
    /// A step, and what ended it.
    struct Step {
        /// s, P numbers.
        let vector: [Double]
        /// Whether the flow came to its end within the radius: the model's critical point.
        let isWhole: Bool
    }

    private let matrix: Matrix
    private let size: Double, tolerance: Double, rounding: Double
    private var process: LanczosProcess
    /// Products made.
    private(set) var products = 0

    /// Vectors between two looks at the step. 8, ours.
    private static var pace: Int { 8 }

    /// - Parameters:
    ///   - gradient: g, P finite numbers, not all zero.
    ///   - capacity: vectors of the Krylov space at most.
    ///   - tolerance: of ‖s' + g + As‖ at the step's end, relative to ‖g‖.
    ///   - rounding: the relative rounding error of a product.
    /// - Throws: `MatrixFreeError` for arguments outside these ranges.
    init(_ matrix: Matrix, gradient: [Double], capacity: Int, tolerance: Double, rounding: Double) throws {
        (self.matrix, self.tolerance, self.rounding) = (matrix, tolerance, rounding)
        size = Vectors.norm(gradient)
        process = try LanczosProcess(
            dimension: matrix.dimension, capacity: capacity, start: gradient, rounding: rounding)
    }

    private var isComplete: Bool { process.isFull || process.breakdowns > 0 }

    private mutating func grow(_ progress: (Int) throws -> Void) throws {
        try progress(products)
        guard let x = process.next else { preconditionFailure("the space is spanned") }
        let product = try matrix.apply(x)
        guard Vectors.isFinite(product) else { throw MatrixFreeError.nonFiniteProduct(number: products + 1) }
        try process.absorb(x, product: product)
        products += 1
    }

    /// The step of at most a length.
    ///
    /// - Parameter progress: called before every product with those made; what it throws ends the work.
    /// - Throws: `MatrixFreeError` for products that are not finite; what the matrix throws.
    mutating func step(radius: Double, progress: (Int) throws -> Void = { _ in }) throws -> Step {
        if process.count == 0 { try grow(progress) }
        while true {
            let (values, vectors) = try process.projection.eigendecomposition()
            let flow = coefficients(values, vectors.map { $0[0] }, radius)
            let last = zip(flow.numbers, vectors).reduce(0) { $0 + $1.0 * $1.1[process.count - 1] }
            if isComplete || process.coupling * abs(last) <= tolerance * size {
                var combination = [Double](repeating: 0, count: process.count)
                for (number, vector) in zip(flow.numbers, vectors) { Vectors.add(number, vector, to: &combination) }
                return Step(vector: process.basis.combination(combination), isWhole: flow.isWhole)
            }
            for _ in 0..<Self.pace where !isComplete { try grow(progress) }
        }
    }

    /// Curvature below this share of the largest counts as none: its flow is a straight line to the end of time. A hundredth of the root of a
    /// product's rounding error, ours: 1.5e-10 in Float64.
    private func kernel(_ norm: Double) -> Double { 0.01 * rounding.squareRoot() * norm }

    /// The step's components along eigenvectors of A's projection.
    private func coefficients(
        _ values: [Double], _ firsts: [Double], _ radius: Double
    ) -> (numbers: [Double], isWhole: Bool) {
        func numbers(_ time: Double) -> [Double] {
            zip(values, firsts).map { value, first in
                first == 0 ? 0 : -size * first * (value == 0 ? time : -expm1(-value * time) / value)
            }
        }
        let norm = values.reduce(0) { max($0, abs($1)) }
        let longest = norm > 0 ? 1 / kernel(norm) : 2 * radius / size
        let whole = numbers(longest)
        if Vectors.norm(whole) <= radius { return (whole, norm > 0) }
        // The length grows with time.
        var short = min(radius / size, longest), long = longest
        while Vectors.norm(numbers(short)) > radius { short /= 2 }
        for _ in 0..<80 {
            let middle = (short * long).squareRoot()
            if Vectors.norm(numbers(middle)) > radius { long = middle } else { short = middle }
        }
        return (numbers(short), false)
    }

    /// The least ‖Ap + g‖/‖g‖ over the whole Krylov space: near 1 where g lies in the kernel of A, so that no step makes it smaller.
    ///
    /// - Parameter progress: as in `step`.
    mutating func leastResidual(progress: (Int) throws -> Void = { _ in }) throws -> Double {
        while process.count == 0 || !isComplete { try grow(progress) }
        let projection = process.projection
        let couplings = projection.offDiagonal + [process.coupling]
        let norm = try projection.ritzValues().values.reduce(0) { max($0, abs($1)) }
        // MINRES by Givens rotations of the projection's columns: each leaves a share s of the residual.
        var residual = 1.0, pivot = projection.diagonal[0], cosine = 1.0
        for column in 0..<projection.size {
            let length = hypot(pivot, couplings[column])
            let (next, sine) =
                length > kernel(norm) ? (pivot / length, couplings[column] / length) : (0, 1)
            residual *= abs(sine)
            guard column + 1 < projection.size else { break }
            pivot = next * projection.diagonal[column + 1] - sine * cosine * couplings[column]
            cosine = next
        }
        return residual
    }
}

/// H with the signs of some of its eigenvalues reversed: H − 2 Σ λᵢvᵢvᵢᵀ. With the gradient's components along them reversed, too, descent
/// climbs along these modes.
struct ReflectedOperator<Base: LinearOperator>: LinearOperator {
    let base: Base
    let modes: [(value: Double, vector: [Double])]
    var dimension: Int { base.dimension }

    func apply(_ x: [Double]) throws -> [Double] {
        var product = try base.apply(x)
        for mode in modes { Vectors.add(-2 * mode.value * Vectors.dot(mode.vector, x), mode.vector, to: &product) }
        return product
    }

    /// g − 2 Σ vᵢvᵢᵀg.
    func reflected(_ gradient: [Double]) -> [Double] {
        var result = gradient
        for mode in modes { Vectors.add(-2 * Vectors.dot(mode.vector, gradient), mode.vector, to: &result) }
        return result
    }
}
