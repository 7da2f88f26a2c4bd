import Tensors

/// Eigenpairs at the ends of a spectrum that one Lanczos run has found, and what it saw of the rest: what
/// `StochasticLanczosQuadrature` takes out of the space before it sends probes.
struct SpectrumEnds {
    /// Eigenvalues, ascending, and their residuals.
    private(set) var values: [Double] = [], residuals: [Double] = []
    /// Their eigenvectors; nil where there are none.
    private(set) var vectors: KrylovBasis?
    /// The run's own quadrature with what it found at its exact weight; nil where it left nothing else.
    private(set) var survey: SpectralQuadrature?
    /// The outermost values that the run saw, found or not.
    private(set) var range: ClosedRange<Double>?
    /// P.
    let dimension: Int

    /// Residual of what counts as an eigenpair, in σ: the density that is broadened by σ does not tell it from one. Ours.
    private static let accuracy = 1e-3

    /// None.
    init(dimension: Int) { self.dimension = dimension }

    /// - Parameter progress: as of `StochasticLanczosQuadrature.run`.
    init(
        _ counter: inout ProductCounter<some LinearOperator>, _ settings: StochasticLanczosQuadrature,
        _ progress: (_ products: Int, _ most: Int) throws -> Void
    ) throws {
        dimension = counter.matrix.dimension
        let n = dimension, most = min(settings.steps, n), random = settings.random.named("survey")
        let basis = KrylovBasis(dimension: n, capacity: most, memoryLimit: settings.memoryLimit)
        var process = try LanczosProcess(
            basis: basis, start: random.signs(n), random: random, rounding: settings.rounding)
        while !process.isFull && process.breakdowns == 0 {
            try process.step { try counter.apply($0) }
            try progress(counter.products, most + settings.probes * settings.expectedSteps)
        }
        let (nodes, vectors) = try process.projection.eigendecomposition()
        let errors = vectors.map { abs(process.coupling * ($0.last ?? 0)) + process.dropped }
        let (lowest, highest) = (nodes.first ?? 0, nodes.last ?? 0)
        range = lowest...highest
        let sigma = settings.sigma ?? SpectralDensity.sigma(lowest, highest)
        func isFound(_ index: Int) -> Bool { errors[index] <= Self.accuracy * sigma }
        let low = nodes.indices.prefix(while: isFound).count
        let high = nodes.indices.dropFirst(low).reversed().prefix(while: isFound).count
        let found = Array(nodes.indices.prefix(low)) + Array(nodes.indices.suffix(high))
        if !found.isEmpty {
            basis.rotate(by: found.map { vectors[$0] })
            basis.trim()
            (values, residuals, self.vectors) = (found.map { nodes[$0] }, found.map { errors[$0] }, basis)
        }
        let others = low..<(nodes.count - high), weights = others.map { vectors[$0][0] * vectors[$0][0] }
        guard case let total = weights.reduce(0, +), total > 0 else { return }
        survey = completed(
            SpectralQuadrature(
                nodes: Array(nodes[others]), weights: weights.map { $0 / total }, residuals: Array(errors[others])))
    }

    /// The orthogonal complement of the eigenvectors; nil for the whole space.
    var complement: Subspace? {
        vectors.map { vectors in
            Subspace(dimension: dimension - vectors.count) {
                var x = $0
                vectors.removeComponents(from: &x)
                return x
            }
        }
    }

    /// Share of all eigenvalues that is not taken out.
    var rest: Double { Double(dimension - values.count) / Double(dimension) }

    /// A probe of the rest together with the eigenvalues taken out: a quadrature of the whole.
    func completed(_ probe: SpectralQuadrature) -> SpectralQuadrature {
        let own = zip(values, residuals).map { (node: $0, weight: 1 / Double(dimension), residual: $1) }
        let others = probe.nodes.indices.map { (probe.nodes[$0], probe.weights[$0] * rest, probe.residuals[$0]) }
        let all = (own + others).sorted { $0.node < $1.node }
        return SpectralQuadrature(
            nodes: all.map(\.node), weights: all.map(\.weight), residuals: all.map(\.residual))
    }
}
