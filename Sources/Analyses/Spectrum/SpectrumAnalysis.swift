import Essentials
import MatrixFree
import Networks
import Objectives
import Tensors

/// The spectrum of a curvature matrix: extreme eigenvalues with residuals, trace and norm with standard errors, density, blocks.
///
/// ```swift
/// let spectrum = try SpectrumAnalysis(largest: 5).run(objective, at: theta)
/// ```
public struct SpectrumAnalysis: Sendable {
    /// How eigenvalues are found.
    public enum Method: String, Sendable, Codable, CaseIterable {
        /// Lanczos with thick restart: the algebraically largest and smallest.
        case lanczos
        /// Power iteration with deflation.
        case power
    }

    /// Which matrix; the Hessian by default.
    public var kind = CurvatureKind.hessian
    /// How many of the algebraically largest eigenvalues, and of the smallest.
    public var largest: Int, smallest: Int
    /// Lanczos by default.
    public var method = Method.lanczos
    /// Residual ‖Hv − λv‖ relative to |λ| at which an eigenvalue is taken for converged; 1e-4, ours.
    public var tolerance = 1e-4
    /// Products for eigenvalues at most; 1000, ours.
    public var maximumProducts = 1000
    /// Whether the trace is estimated, by Hutch++ (arXiv 2010.09649), and the Frobenius norm.
    public var estimatesTrace = false, estimatesFrobeniusNorm = false
    /// Products for the trace and the norm, a third each for sketch, range and rest; 30, ours.
    public var probes = 30
    /// Whether the spectral density is estimated, by stochastic Lanczos quadrature (Ghorbani et al. 2019, arXiv 1901.10159).
    public var estimatesDensity = false
    /// Whether the largest eigenvalue and the trace of each tensor's diagonal block are computed.
    public var findsBlocks = false
    /// Whether the diagonal is estimated (`DiagonalEstimate`), with as many products as the trace.
    public var estimatesDiagonal = false
    /// δ of the log-determinant and effective dimension (`LogDeterminant`), for matrices without negative eigenvalues; nil for none.
    public var determinantShift: Double?
    /// Whether the share of the gradient in the space of the largest eigenvectors is computed (Gur-Ari et al. 2018, arXiv 1812.04754).
    public var findsGradientShare = false
    /// Whether the curvature of each class's examples is measured (`ClassCurvature`), for examples that have one class each.
    public var findsClasses = false
    /// Whether the covariance of the examples' gradients is held against the matrix (`NoiseAlignment`), and δ of its inverse; nil for
    /// tr(HΣ) alone.
    public var measuresNoise = false, noiseDamping: Double?
    /// Whether the relative flatness of each layer is measured (`RelativeFlatness`).
    public var measuresRelativeFlatness = false
    /// Whether further copies of repeated eigenvalues are looked for; done anyway where the loss is known to repeat them.
    public var findsMultiplicities = false
    /// A vector v for vᵀHv and ‖Hv‖, P numbers; nil for none.
    public var along: [Double]?
    /// Of everything random.
    public var seed: UInt64 = 0

    /// The largest and smallest eigenvalues, and nothing else.
    public init(largest: Int = 1, smallest: Int = 0) { (self.largest, self.smallest) = (largest, smallest) }

    /// Lanczos steps of the density: 90 (Ghorbani et al. 2019).
    private static let quadratureSteps = 90

    /// One end of the spectrum: values with residuals.
    public struct End: Sendable, Codable {
        /// Descending for the largest, ascending for the smallest.
        public let values: [Double]
        /// ‖Hv − λv‖ of each.
        public let residuals: [Double]

        /// - Parameter residuals: as many as values.
        public init(values: [Double], residuals: [Double]) { (self.values, self.residuals) = (values, residuals) }
    }

    /// What was found.
    public struct Result: Sendable {
        /// Which matrix.
        public let kind: CurvatureKind
        /// How eigenvalues were found.
        public let method: Method
        /// The residual that was asked for, relative to |λ|.
        public let tolerance: Double
        /// The largest, descending, and the smallest, ascending; nil where not asked for.
        public internal(set) var top: End?, bottom: End?
        /// Whether all eigenvalues reached the tolerance.
        public internal(set) var converged = true
        /// Products that all of it took.
        public internal(set) var products = 0
        /// nil where not asked for.
        public internal(set) var trace: TraceEstimate?
        /// ‖H‖_F; nil where not asked for.
        public internal(set) var frobenius: StochasticEstimate?
        /// nil where not asked for.
        public internal(set) var density: SpectralDensity?
        /// vᵀHv and ‖Hv‖ for the given v.
        public internal(set) var along: (quadraticForm: Double, norm: Double)?
        /// H v, P numbers; empty where no v was given.
        public internal(set) var product: [Double] = []
        /// Diagonal blocks of the tensors, in order.
        public internal(set) var layers: [LayerCurvature] = []
        /// diag H; nil where not asked for.
        public internal(set) var diagonal: DiagonalEstimate?
        /// The names of the tensors whose means the diagonal has.
        public internal(set) var diagonalParts: [String] = []
        /// log det(H + δI); nil where not asked for.
        public internal(set) var determinant: LogDeterminant?
        /// ‖Vᵀg‖²/‖g‖² with the largest eigenvectors V and g = ∇L(θ); nil where not asked for, NaN where the gradient is 0.
        public internal(set) var gradientShare: Double?
        /// By class, those with examples, in order; empty where not asked for.
        public internal(set) var classes: [ClassCurvature] = []
        /// Curvature and gradient noise; nil where not asked for.
        public internal(set) var noise: NoiseAlignment?
        /// Of each weight matrix, in order; empty where not asked for.
        public internal(set) var relativeFlatness: [RelativeFlatness] = []
        /// Unit eigenvectors of the largest eigenvalues, P numbers each.
        public internal(set) var vectors: [[Double]] = []

        init(kind: CurvatureKind, method: Method, tolerance: Double) {
            (self.kind, self.method, self.tolerance) = (kind, method, tolerance)
        }
    }

    /// How many vectors of θ's length the analysis holds beside the few of every one: bases, with what comes out of them. A density's
    /// bases may lie in a file.
    public var vectors: ClosedRange<Int> {
        let found = 2 * (largest + smallest)
        let least =
            [
                found > 0 ? found / 2 + 3 + found : 0, estimatesTrace || estimatesFrobeniusNorm ? probes : 0,
                estimatesDensity || determinantShift != nil ? 4 : 0, findsBlocks ? probes : 0,
                findsClasses ? found + max(probes, found) : 0, estimatesDiagonal ? probes / 3 + 8 : 0,
                measuresNoise || measuresRelativeFlatness ? 8 : 0,
                findsGradientShare ? found + 1 : 0,
            ].max() ?? 0
        let most =
            [
                found > 0 || findsBlocks ? found + maximumProducts : 0, estimatesDensity ? 4 * Self.quadratureSteps : 0,
                determinantShift != nil ? 4 * SpectralSums().steps : 0,
            ]
            .max() ?? 0
        return least...max(least, most)
    }

    /// Computes what is asked for.
    ///
    /// - Parameters:
    ///   - layout: the tensors of θ, for `findsBlocks`.
    ///   - monitor: told of the progress; what it throws ends the work.
    /// - Throws: `UnusableRequest` for more eigenvalues than there are, a v of another length, blocks without a layout, or the determinant
    ///   of a Hessian; what the objective and the monitor throw.
    public func run(
        _ objective: any Objective, at theta: [Double], layout: ParameterLayout? = nil, monitor: Monitor = .silent
    ) throws -> Result {
        guard largest >= 0, smallest >= 0, largest + smallest <= theta.count else {
            throw UnusableRequest(
                "--top \(largest) --bottom \(smallest): expected at most \(theta.count) eigenvalues, one for each parameter"
            )
        }
        guard determinantShift == nil || kind != .hessian else {
            throw UnusableRequest(
                "--logdet of the Hessian: it may have negative eigenvalues, whose logarithm there is not; expected --operator ggn, fisher or empirical-fisher"
            )
        }
        let curvature = CurvatureOperator(objective, at: theta, kind)
        var result = Result(kind: kind, method: method, tolerance: tolerance)
        if let along {
            guard along.count == theta.count else {
                throw UnusableRequest(
                    "a vector of \(along.count) numbers; expected \(theta.count), one for each parameter")
            }
            try multiply(along, by: curvature, &result)
        }
        if largest + smallest > 0 { try findEigenvalues(curvature, monitor, &result) }
        if estimatesTrace || estimatesFrobeniusNorm {
            try monitor.update("trace", 0, of: nil, "\(probes) products")
            let estimate = try HutchPlusPlus(products: probes, seed: seed).run(curvature)
            if estimatesTrace { result.trace = estimate }
            if estimatesFrobeniusNorm { result.frobenius = estimate.frobeniusNorm }
            result.products += estimate.products
        }
        if findsGradientShare, largest > 0 {
            let gradient = try objective.valueAndGradient(at: theta).gradient
            result.gradientShare = Vectors.share(of: gradient, in: result.vectors) ?? .nan
        }
        if estimatesDiagonal { try estimateDiagonal(curvature, layout, monitor, &result) }
        if let determinantShift {
            let found = try LogDeterminant(
                of: curvature, shift: determinantShift, memoryLimit: objective.vectorMemory, seed: seed,
                rounding: objective.rounding
            ) { try monitor.update("log-determinant", $0, of: $1) }
            result.determinant = found
            result.products += found.products
        }
        if estimatesDensity { try estimateDensity(curvature, monitor, &result) }
        if measuresNoise {
            let found = try NoiseAlignment(
                of: curvature, shift: noiseDamping, probes: probes, maximumProducts: maximumProducts, seed: seed
            ) { try monitor.update("noise", $0, of: probes) }
            result.noise = found
            result.products += found.products
        }
        if measuresRelativeFlatness {
            guard let layout else {
                throw UnusableRequest("relative flatness: the tensors of θ are not known; expected their layout")
            }
            let (layers, products) = try RelativeFlatness.all(curvature, layout, probes: probes, seed: seed) {
                try monitor.update("relative flatness", $0, of: probes)
            }
            result.relativeFlatness = layers
            result.products += products
        }
        if findsClasses { try measureClasses(objective, at: theta, monitor, &result) }
        if findsBlocks {
            guard let layout else {
                throw UnusableRequest("blocks of tensors: the tensors of θ are not known; expected their layout")
            }
            let (blocks, products) = try LayerCurvature.all(
                curvature, layout, tolerance: max(tolerance, 1e-3), maximumProducts: maximumProducts, probes: probes,
                memoryLimit: objective.vectorMemory, seed: seed, rounding: objective.rounding
            ) { try monitor.update("layers", $0, of: $1) }
            result.layers = blocks
            result.products += products
        }
        return result
    }

    private func measureClasses(
        _ objective: any Objective, at theta: [Double], _ monitor: Monitor, _ result: inout Result
    ) throws {
        guard let whole = objective as? any ExampleObjective, whole.hasParts,
            case let classes = whole.examplesByClass, classes.contains(where: { !$0.isEmpty })
        else {
            throw UnusableRequest(
                "--by-class: the examples have no class, or more than one, or are normalised together; expected one class an example, and --batchnorm stored"
            )
        }
        let weights = try classes.map { try whole.weight(of: $0) }, total = weights.reduce(0, +)
        for (label, examples) in classes.enumerated() where !examples.isEmpty {
            try monitor.update("classes", label, of: classes.count)
            let settings = [
                "class \(label)", kind.rawValue, "\(largest) \(tolerance) \(maximumProducts) \(probes) \(seed)",
                "\(objective.vectorMemory)",
            ]
            let found = try monitor.part(of: objective, at: theta, settings) {
                try ClassCurvature(
                    label, examples: examples.count, share: weights[label] / total,
                    whole.restricted(to: examples), at: theta, kind: kind, largest: largest, tolerance: tolerance,
                    maximumProducts: maximumProducts, probes: probes, seed: seed, vectors: result.vectors,
                    monitor: monitor)
            }
            result.classes.append(found)
            result.products += found.products
            result.converged = result.converged && found.converged
        }
    }

    private func estimateDiagonal(
        _ curvature: CurvatureOperator, _ layout: ParameterLayout?, _ monitor: Monitor, _ result: inout Result
    ) throws {
        let parts = layout.map { layout in layout.tensors.indices.map(layout.range) } ?? []
        let found = try DiagonalEstimate(of: curvature, products: probes, parts: parts, seed: seed) {
            try monitor.update("diagonal", $0, of: min(probes, curvature.dimension))
        }
        (result.diagonal, result.diagonalParts) = (found, layout?.tensors.map(\.name) ?? [])
        result.products += found.products
    }

    private func estimateDensity(
        _ curvature: CurvatureOperator, _ monitor: Monitor, _ result: inout Result
    ) throws {
        let objective = curvature.objective
        let density = try monitor.part(of: objective, at: curvature.theta, ["density", kind.rawValue, "\(seed)"]) {
            try StochasticLanczosQuadrature(
                steps: Self.quadratureSteps, memoryLimit: objective.vectorMemory, seed: seed,
                rounding: objective.rounding
            ).run(curvature) { try monitor.update("density", $0, of: $1) }
        }
        result.density = density
        result.products += density.products
    }

    /// Hv and its numbers. A v that is out of Float32's range, or near its ends, is scaled by a power of two for the product and Hv back.
    private func multiply(_ v: [Double], by curvature: CurvatureOperator, _ result: inout Result) throws {
        let length = Vectors.norm(v)
        let isOrdinary = length == 0 || abs(length.exponent) <= 20
        let scale =
            isOrdinary ? 1 : Double(sign: .plus, exponent: min(max(length.exponent, -1022), 1022), significand: 1)
        var scaled = v
        if !isOrdinary { Vectors.scale(&scaled, by: 1 / scale) }
        var product = try curvature.apply(scaled)
        result.along = (Vectors.dot(scaled, product) * scale * scale, Vectors.norm(product) * scale)
        if !isOrdinary { Vectors.scale(&product, by: scale) }
        result.product = product
        result.products += 1
    }

    private func findEigenvalues(
        _ curvature: CurvatureOperator, _ monitor: Monitor, _ result: inout Result
    ) throws {
        let settings = [
            "eigenvalues", kind.rawValue, method.rawValue,
            "\(largest) \(smallest) \(tolerance) \(maximumProducts) \(findsMultiplicities) \(seed)",
            "\(curvature.objective.vectorMemory)",
        ]
        let found = try monitor.part(
            of: curvature.objective, at: curvature.theta, settings, vectors: \Eigenvalues.vectors
        ) { try eigenvalues(curvature, monitor) }
        (result.top, result.bottom, result.vectors) = (found.top, found.bottom, found.vectors)
        result.converged = result.converged && found.converged
        result.products += found.products
    }

    /// The eigenvalues at the ends, as `Result` has them.
    private struct Eigenvalues: Codable {
        var top: End?, bottom: End?
        var converged = true, products = 0
        var vectors: [[Double]] = []

        enum CodingKeys: CodingKey { case top, bottom, converged, products }
    }

    private func eigenvalues(_ curvature: CurvatureOperator, _ monitor: Monitor) throws -> Eigenvalues {
        var result = Eigenvalues()
        switch method {
        case .power:
            for (count, target) in [(largest, PowerTarget.largestAlgebraic), (smallest, .smallestAlgebraic)]
            where count > 0 {
                let found = try PowerIteration(
                    count: count, target: target, tolerance: tolerance, maximumIterations: maximumProducts, seed: seed
                ).run(curvature)
                let end = End(values: found.eigenvalues.map(\.value), residuals: found.eigenvalues.map(\.residual))
                if target == .largestAlgebraic {
                    (result.top, result.vectors) = (end, found.vectors)
                } else {
                    result.bottom = end
                }
                result.converged = result.converged && found.converged
                result.products += found.products
            }
        case .lanczos:
            let objective = curvature.objective
            let repeats = (objective as? ModelLoss)?.hasRepeatedEigenvalues ?? false
            let found = try monitor.following("eigenvalues") {
                try Lanczos(
                    largest: largest, smallest: smallest, tolerance: tolerance, relativeFloor: kind.relativeFloor,
                    maximumProducts: maximumProducts,
                    memoryLimit: objective.vectorMemory - 2 * (largest + smallest) * 8 * curvature.dimension,
                    seed: seed, rounding: objective.rounding, multiplicities: findsMultiplicities || repeats,
                    verifyResiduals: true
                ).run(curvature, progress: $0)
            }
            if largest > 0 {
                result.top = End(values: found.largest.map(\.value), residuals: found.largest.map(\.residual))
            }
            if smallest > 0 {
                result.bottom = End(values: found.smallest.map(\.value), residuals: found.smallest.map(\.residual))
            }
            (result.converged, result.vectors) = (found.converged, found.largestVectors)
            result.products += found.products
        }
        return result
    }
}
