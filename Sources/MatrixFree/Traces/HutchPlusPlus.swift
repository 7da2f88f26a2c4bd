import Tensors

/// Hutch++ (Meyer, Musco, Musco, Woodruff 2021, arXiv 2010.09649): the trace on the range of a sketch exactly, and
/// Hutchinson's estimator for the rest,
///
///     tr H = tr(QᵀHQ) + E gᵀ(I − QQᵀ)H(I − QQᵀ)g,   Q = orth(HS),
///
/// with S and g of independent signs ±1. Where few eigenvalues make up most of H, as in trained networks, the rest is
/// small: the error falls as 1/m where Hutchinson's falls as 1/√m, and is zero once Q spans the range of H.
/// The Frobenius norm comes from the same products: ‖H‖_F² = ‖HQ‖_F² + E‖H(I − QQᵀ)g‖².
///
///     let trace = try HutchPlusPlus(products: 60).run(hessian).trace
public struct HutchPlusPlus: Sendable, Equatable {
    /// The budget of products, at least 3. A third each goes to the sketch, to HQ and to the rest, as in the paper's
    /// algorithm 1. A standard error takes 6, so that the rest gets two probes. A budget of P or more buys the trace
    /// exactly, with the P unit vectors. A third of the budget are vectors in memory. Default 99: the budget nearest to
    /// the 100 of `Hutchinson`.
    public var products: Int
    /// Vectors handed to the operator at once, at least 1. Default 4, ours.
    public var blockSize: Int
    /// The seed of the sketch and of the probes. Default 0.
    public var seed: UInt64

    /// Settings for a run; each parameter is described at the property of its name.
    public init(products: Int = 99, blockSize: Int = 4, seed: UInt64 = 0) {
        (self.products, self.blockSize, self.seed) = (products, blockSize, seed)
    }

    /// Estimates the trace and the Frobenius norm of H from the same products.
    ///
    /// - Throws: `MatrixFreeError` for settings that have no answer and for products that are not finite; what the
    ///   operator throws.
    public func run(_ matrix: some LinearOperator) throws -> TraceEstimate {
        guard products >= 3, blockSize > 0 else {
            throw MatrixFreeError.invalidArgument(
                "Hutch++: \(products) products in blocks of \(blockSize); expected at least 3 products")
        }
        var counter = try ProductCounter(matrix)
        let n = matrix.dimension
        let random = Self.random(seed)
        if products >= n { return try exactTrace(&counter) }
        let sketchSize = products / 3

        let basis = try Self.range(of: &counter, sketchSize, blockSize: blockSize, random)

        var inside = 0.0
        var squareInside = 0.0
        for first in stride(from: 0, to: basis.count, by: blockSize) {
            let block = (first..<min(first + blockSize, basis.count)).map(basis.vector)
            for (q, product) in zip(block, try counter.apply(block: block)) {
                inside += Vectors.dot(q, product)
                let norm = Vectors.norm(product)
                squareInside += norm * norm
            }
        }
        let probes = max(1, products - 2 * sketchSize)
        var forms: [Double] = []
        var squares: [Double] = []
        for first in stride(from: 0, to: probes, by: blockSize) {
            let block = (first..<min(first + blockSize, probes)).map { index in
                var g = random.named("probe \(index)").signs(n)
                basis.removeComponents(from: &g)
                return g
            }
            for (g, product) in zip(block, try counter.apply(block: block)) {
                forms.append(Vectors.dot(g, product))
                let norm = Vectors.norm(product)
                squares.append(norm * norm)
            }
        }
        return TraceEstimate(
            method: .hutchPlusPlus, trace: StochasticEstimate(samples: forms, offset: inside),
            frobeniusNorm: StochasticEstimate(samples: squares, offset: squareInside).squareRoot, probes: probes,
            sketchRank: basis.count, products: counter.products, seed: seed)
    }

    /// The random numbers of the sketch and of the probes.
    static func random(_ seed: UInt64) -> RandomNumbers { RandomNumbers(seed: seed).named("hutch++") }

    /// Q = orth(HS), S of so many random vectors.
    ///
    /// - Parameter progress: called before every block of products.
    static func range(
        of counter: inout ProductCounter<some LinearOperator>, _ size: Int, blockSize: Int, _ random: RandomNumbers,
        progress: (_ products: Int) throws -> Void = { _ in }
    ) throws -> KrylovBasis {
        let n = counter.matrix.dimension, basis = KrylovBasis(dimension: n, capacity: size)
        for first in stride(from: 0, to: size, by: blockSize) {
            try progress(counter.products)
            let block = (first..<min(first + blockSize, size)).map { random.named("sketch \($0)").signs(n) }
            // A product that depends on those before adds nothing to the range.
            for product in try counter.apply(block: block) { basis.appendOrthonormalized(product) }
        }
        return basis
    }

    /// Σ eᵢᵀHeᵢ: P products.
    private func exactTrace<Operator>(_ counter: inout ProductCounter<Operator>) throws -> TraceEstimate {
        let n = counter.matrix.dimension
        var trace = 0.0
        var square = 0.0
        for first in stride(from: 0, to: n, by: blockSize) {
            let indices = first..<min(first + blockSize, n)
            for (index, product) in zip(indices, try counter.columns(indices)) {
                trace += product[index]
                square += Vectors.dot(product, product)
            }
        }
        return TraceEstimate(
            method: .hutchPlusPlus, trace: StochasticEstimate(exact: trace),
            frobeniusNorm: StochasticEstimate(exact: square.squareRoot()), probes: 0, sketchRank: n,
            products: counter.products, seed: seed)
    }
}
