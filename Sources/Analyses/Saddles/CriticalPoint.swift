import Essentials
import MatrixFree
import Objectives
import Tensors

/// What a point is found to be: a minimum, a saddle, or neither, by its gradient and the lowest eigenvalues of the Hessian with bounds of
/// their errors.
public struct CriticalPoint: Sendable {
    /// What is claimed. Of each eigenvalue that a claim needs, the sign is certain: λ is farther from 0 than its residual and its drift
    /// together.
    public enum Verdict: String, Sendable, Codable {
        /// The gradient is within the tolerance and all eigenvalues are positive.
        case minimum
        /// Likewise, with some negative ones, and the next is positive.
        case saddle
        /// Likewise, with all negative.
        case maximum
        /// The gradient is within the tolerance, and the sign of an eigenvalue that a claim needs is not certain.
        case degenerate
        /// The gradient is beyond the tolerance.
        case unconverged
        /// Likewise, and it lies in the Hessian's kernel: ‖g‖ cannot be made smaller, and this is no critical point (Frye et al. 2020, arXiv
        /// 2003.10397).
        case gradientFlat = "gradient-flat"
    }

    /// An eigenvalue of the Hessian.
    public struct Eigenvalue: Sendable, Codable, Equatable {
        /// λ, as vᵀHv.
        public let value: Double
        /// A bound of its error: ‖Hv − λv‖, of a dense matrix with its asymmetry.
        public let residual: Double
        /// How far it may be from that of the critical point itself: four times ‖(H(θ + s) − H(θ))v‖, s Newton's step. 0 where the gradient
        /// is beyond the tolerance, and no critical point is known.
        public let drift: Double

        /// Whether it is negative beyond its errors.
        public var isNegative: Bool { value < -residual - drift }
        /// Whether it is positive beyond its errors.
        public var isPositive: Bool { value > residual + drift }
    }

    /// θ, P numbers.
    public let theta: [Double]
    /// L(θ).
    public let loss: Double
    /// ‖∇L(θ)‖₂, and what it was to be at most.
    public let gradientNorm: Double, tolerance: Double
    /// The lowest, ascending.
    public let eigenvalues: [Eigenvalue]
    /// Whether the lowest were found for certain: from the dense matrix, or by a search that converged and found no further copies outside its
    /// Krylov space.
    public let isComplete: Bool
    /// Whether they are those of the dense matrix.
    public let isDense: Bool
    /// The least ‖Hp + g‖/‖g‖ of a point beyond the tolerance: near 1 where the gradient lies in the kernel of H. Nil within it.
    public let flatness: Double?
    /// Products that it took.
    public let products: Int
    /// What is claimed.
    public let verdict: Verdict
    /// A unit vector of the lowest eigenvalue, its largest component positive.
    public let lowestVector: [Double]

    /// Eigenvalues whose sign is certainly negative; of a saddle its index.
    public var negative: Int { eigenvalues.prefix { $0.isNegative }.count }

    /// Parameters up to which the whole Hessian is computed. 1024, ours: 50 MB, and a second.
    static let mostDense = 1024
    /// Matrices of that size that are held at once, with the copies that LAPACK and the eigenvectors take.
    static let copies = 6
    /// Eigenvalues at most. 64, ours.
    static let mostEigenvalues = 64
    /// Eigenvalues of the dense matrix that are shown beyond the first that is not negative. 2, ours.
    static let surplus = 2
    /// The share of ‖g‖ that no step removes from which on it counts as lying in the kernel (Frye et al. 2020).
    static let mostFlat = 0.9

    /// How its eigenvalues are found.
    struct Settings {
        var tolerance = 1e-10
        /// Of the residuals, relative to |λ|, as `Lanczos` has it.
        var residual = 1e-4
        var maximumProducts = 1000
        /// Eigenvalues that are looked for first.
        var count = 2
        var seed: UInt64 = 0
        var mostDense = CriticalPoint.mostDense
    }

    /// - Parameters:
    ///   - value: L(θ).
    ///   - gradient: ∇L(θ).
    ///   - name: what its progress is called.
    /// - Throws: what the objective and the monitor throw.
    init(
        _ objective: any Objective, at theta: [Double], value: Double, gradient: [Double], _ settings: Settings,
        named name: String, monitor: Monitor
    ) throws {
        (self.theta, loss, gradientNorm) = (theta, value, Vectors.norm(gradient))
        tolerance = settings.tolerance
        let converged = gradientNorm <= settings.tolerance
        let kind = [
            "critical point \(settings)", "\(objective.vectorMemory)", converged ? "converged" : "unconverged",
        ]
        let found = try monitor.part(of: objective, at: theta, kind, vectors: \Spectrum.vectors) {
            try Spectrum(
                of: CurvatureOperator(objective, at: theta), gradient, settings, isConverged: converged,
                monitor.named(name))
        }
        (eigenvalues, isComplete, isDense) = (found.eigenvalues, found.isComplete, found.isDense)
        (flatness, products) = (found.flatness, found.products)
        lowestVector = found.vectors.first ?? []
        verdict = Self.verdict(
            isConverged: converged, flatness: found.flatness, eigenvalues, isComplete: isComplete,
            dimension: theta.count)
    }

    /// What may be claimed.
    static func verdict(
        isConverged: Bool, flatness: Double?, _ eigenvalues: [Eigenvalue], isComplete: Bool, dimension: Int
    ) -> Verdict {
        guard isConverged else { return flatness.map { $0 >= mostFlat } ?? false ? .gradientFlat : .unconverged }
        let negative = eigenvalues.prefix { $0.isNegative }.count
        guard isComplete else { return .degenerate }
        if negative == dimension { return .maximum }
        guard negative < eigenvalues.count, eigenvalues[negative].isPositive else { return .degenerate }
        return negative == 0 ? .minimum : .saddle
    }
}

/// The lowest eigenvalues of a Hessian with bounds of their errors.
private struct Spectrum: Codable {
    var eigenvalues: [CriticalPoint.Eigenvalue] = []
    var isComplete = true, isDense = false
    var flatness: Double?
    var products = 0
    /// That of the lowest.
    var vectors: [[Double]] = []

    enum CodingKeys: CodingKey { case eigenvalues, isComplete, isDense, flatness, products }

    init(
        of hessian: CurvatureOperator, _ gradient: [Double], _ settings: CriticalPoint.Settings, isConverged: Bool,
        _ monitor: Monitor
    ) throws {
        let memory = hessian.objective.vectorMemory, dimension = hessian.dimension
        isDense = dimension <= settings.mostDense && CriticalPoint.copies * 8 * dimension * dimension <= memory
        let pairs =
            isDense
            ? try dense(hessian, settings, monitor) : try lanczos(hessian, settings, memory: memory, monitor)
        let drifts = isConverged ? try drifts(of: pairs, hessian, gradient, monitor) : pairs.map { _ in 0 }
        eigenvalues = zip(pairs, drifts).map { .init(value: $0.value, residual: $0.residual, drift: $1) }
        vectors = pairs.first.map { [Self.oriented($0.vector)] } ?? []
        if !isConverged {
            var flow = try LinearizedFlow(
                hessian, gradient: gradient, capacity: Self.capacity(memory, dimension), tolerance: 1e-3,
                rounding: hessian.objective.rounding)
            flatness = try flow.leastResidual { try monitor.update("kernel", $0, of: FlowWalk.mostVectors) }
            products += flow.products
        }
    }

    private typealias Pair = (value: Double, residual: Double, vector: [Double])

    private static func capacity(_ memory: Int, _ dimension: Int) -> Int {
        min(FlowWalk.mostVectors, max(8, memory / 8 / dimension - 8))
    }

    /// −v or v, that of which the component of largest magnitude is positive.
    private static func oriented(_ vector: [Double]) -> [Double] {
        let largest = vector.reduce(0) { abs($1) > abs($0) ? $1 : $0 }
        return largest < 0 ? vector.map { -$0 } : vector
    }

    /// All of the matrix. No eigenvalue can be missed: by Weyl's theorem each is within the norm of what products are rounded by, of which
    /// the asymmetry is a measure.
    private mutating func dense(
        _ hessian: CurvatureOperator, _ settings: CriticalPoint.Settings, _ monitor: Monitor
    ) throws -> [Pair] {
        let count = hessian.dimension
        var elements: [Double] = []
        elements.reserveCapacity(count * count)
        for first in stride(from: 0, to: count, by: 16) {
            try monitor.update("Hessian", first, of: count)
            let block = (first..<min(first + 16, count)).map { index in
                var unit = Vectors.zeros(count)
                unit[index] = 1
                return unit
            }
            for column in try hessian.apply(block: block) {
                guard Vectors.isFinite(column) else { throw MatrixFreeError.nonFiniteProduct(number: products + 1) }
                products += 1
                elements += column
            }
        }
        var asymmetry = 0.0
        for column in 0..<count {
            for row in 0..<column {
                let difference = elements[row + column * count] - elements[column + row * count]
                asymmetry += difference * difference / 2
            }
        }
        let (values, vectors) = try SymmetricMatrix(dimension: count, elements: elements).eigendecomposition()
        let rounding = 0x1p-52 * Double(count) * values.reduce(0) { max($0, abs($1)) }
        let bound = asymmetry.squareRoot() + rounding
        let negative = values.prefix { $0 < -bound }.count
        let shown = min(count, max(settings.count, negative + 1 + CriticalPoint.surplus))
        return (0..<shown).map { (values[$0], bound, vectors[$0]) }
    }

    /// The lowest by Lanczos with restarts outside the Krylov space, as many as it takes to find one that is not negative.
    private mutating func lanczos(
        _ hessian: CurvatureOperator, _ settings: CriticalPoint.Settings, memory: Int, _ monitor: Monitor
    ) throws -> [Pair] {
        let perVector = 8 * hessian.dimension
        let most = min(CriticalPoint.mostEigenvalues, max(settings.count, memory / perVector / 8), hessian.dimension)
        var count = min(settings.count, most)
        while true {
            let found = try monitor.following("lowest eigenvalues") {
                try Lanczos(
                    largest: 0, smallest: count, tolerance: settings.residual,
                    maximumProducts: settings.maximumProducts, memoryLimit: memory - 2 * count * perVector,
                    seed: settings.seed, rounding: hessian.objective.rounding, multiplicities: true,
                    verifyResiduals: true
                ).run(hessian, progress: $0)
            }
            products += found.products
            isComplete = found.converged
            let areNegative = found.smallest.allSatisfy { $0.value < -$0.residual }
            guard areNegative, count < most, found.converged else {
                return zip(found.smallest, found.smallestVectors).map { ($0.value, $0.residual, $1) }
            }
            count = min(2 * count, most)
        }
    }

    /// How much the eigenvalues may change from here to the critical point, where H is another. By Kantorovich's theorem it is within twice
    /// Newton's step; another factor of two is ours.
    private mutating func drifts(
        of pairs: [Pair], _ hessian: CurvatureOperator, _ gradient: [Double], _ monitor: Monitor
    ) throws -> [Double] {
        guard Vectors.norm(gradient) > 0 else { return pairs.map { _ in 0 } }
        let modes = pairs.prefix { $0.value < 0 }.map { (value: $0.value, vector: $0.vector) }
        let matrix = ReflectedOperator(base: hessian, modes: modes)
        let objective = hessian.objective
        var flow = try LinearizedFlow(
            matrix, gradient: matrix.reflected(gradient),
            capacity: Self.capacity(objective.vectorMemory, hessian.dimension), tolerance: 1e-2,
            rounding: objective.rounding)
        let step = try flow.step(radius: .infinity) { try monitor.update("Newton step", $0, of: FlowWalk.mostVectors) }
        products += flow.products
        let point = Vectors.sum(hessian.theta, 1, step.vector)
        guard Vectors.isFinite(point) else { return pairs.map { _ in .infinity } }
        let there = CurvatureOperator(objective, at: point)
        return try pairs.map { pair in
            let products = try (hessian.apply(pair.vector), there.apply(pair.vector))
            self.products += 2
            let change = Vectors.norm(Vectors.sum(products.1, -1, products.0))
            return change.isFinite ? 4 * change : .infinity
        }
    }
}
