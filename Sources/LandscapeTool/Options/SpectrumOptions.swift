import ArgumentParser
import Landscape

/// What is asked of a spectrum, as the command line gives it.
struct SpectrumOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Number of algebraically largest eigenvalues.", valueName: "count")) var top = 1
    @Option(help: ArgumentHelp("Number of algebraically smallest eigenvalues.", valueName: "count")) var bottom = 0
    @Option(help: ArgumentHelp("Solver.", valueName: "solver")) var method = SpectrumAnalysis.Method.lanczos
    @Option(
        help: ArgumentHelp("Largest residual ‖Hv − λv‖ relative to |λ| of a converged eigenvalue.", valueName: "ratio"))
    var tolerance = 1e-4
    @Option(help: ArgumentHelp("Largest number of Hessian–vector products.", valueName: "count")) var iterations = 1000
    @Flag(help: "Estimate the trace, by Hutch++.") var trace = false
    @Flag(help: "Estimate the Frobenius norm, by Hutch++.") var frobenius = false
    @Flag(help: "Estimate the spectral density, by stochastic Lanczos quadrature.") var density = false
    @Flag(help: "Measure the largest eigenvalue and the trace of each parameter tensor's diagonal block.")
    var layers = false
    @Flag(help: "Measure eigenvalues, trace and gradient of each class's examples alone.") var byClass = false
    @Flag(help: "Measure the relative flatness of each layer's weights.") var relativeFlatness = false
    @Flag(help: "Estimate the diagonal, with its mean over each parameter tensor.") var diagonal = false
    @Option(
        help: ArgumentHelp(
            "Estimate log det(G + δI) and the effective dimension Σ λ/(λ + δ), with --operator ggn or a Fisher matrix.",
            valueName: "δ"))
    var logdet: Double?
    @Flag(help: "Measure the share of the gradient in the space of the --top eigenvectors.") var topSpace = false
    @Flag(help: "Measure tr(HΣ) with the covariance Σ of the examples' gradients.") var noise = false
    @Option(
        help: ArgumentHelp("With --noise, measure tr((H + δI)⁻¹Σ), too: Takeuchi's criterion.", valueName: "δ"))
    var damping: Double?
    @Option(
        help: ArgumentHelp(
            "Products for the trace, the norm and the diagonal: a third each for a sketch, its range and the rest (default: 30).",
            valueName: "count")
    )
    var probes: Int?
    @Option(
        name: .customLong("operator"),
        help: ArgumentHelp("Matrix: the Hessian, Gauss–Newton (ggn), Fisher, or empirical Fisher.", valueName: "matrix")
    )
    var kind = CurvatureKind.hessian
    @Flag(
        help:
            "Look for further copies of repeated eigenvalues. Always on for regression with several outputs."
    )
    var multiplicities = false

    static let names = [
        "--top", "--bottom", "--method", "--tolerance", "--iterations", "--trace", "--frobenius", "--density",
        "--layers", "--by-class", "--relative-flatness", "--diagonal", "--logdet", "--top-space", "--noise",
        "--damping", "--probes",
        "--operator", "--multiplicities",
    ]

    func validate() throws {
        let counts = 0...Int(Int32.max)
        guard counts.contains(top), counts.contains(bottom) else {
            throw ValidationError(
                "--top \(top) --bottom \(bottom): expected 0 or more, at most as many as the model has parameters")
        }
        guard tolerance > 0, tolerance < 1 else {
            throw ValidationError("--tolerance \(tolerance): expected a number between 0 and 1")
        }
        guard 1...1_000_000_000 ~= iterations else {
            throw ValidationError("--iterations \(iterations): expected 1 to 10⁹")
        }
        if let probes {
            guard 6...1_000_000_000 ~= probes else {
                throw ValidationError("--probes \(probes): expected at least 6 for a standard error, at most 10⁹")
            }
            guard trace || frobenius || layers || diagonal || byClass || noise || relativeFlatness else {
                throw ValidationError(
                    "--probes has no effect here; add --trace, --frobenius, --diagonal, --layers, --by-class, --relative-flatness or --noise, or leave --probes out"
                )
            }
        }
        if let logdet {
            guard logdet > 0, logdet.isFinite else {
                throw ValidationError("--logdet \(logdet): expected a positive number, such as 0.001")
            }
            guard kind != .hessian else {
                throw ValidationError(
                    "--logdet: the Hessian may have negative eigenvalues, whose logarithm there is not; add --operator ggn, or a Fisher matrix"
                )
            }
        }
        if let damping {
            guard damping >= 0, damping.isFinite else {
                throw ValidationError("--damping \(damping): expected 0 or more, such as 0.001")
            }
            guard noise else {
                throw ValidationError("--damping has no effect without --noise; add it, or leave --damping out")
            }
        }
        if topSpace, top == 0 { throw ValidationError("--top-space needs --top of at least 1") }
    }

    /// Whether nothing is asked for.
    var isEmpty: Bool {
        top + bottom == 0
            && !(trace || frobenius || density || layers || diagonal || byClass || noise || relativeFlatness)
            && logdet == nil
    }

    /// Whether the result has a picture.
    var drawsPicture: Bool { top + bottom > 0 || density || layers }

    /// Refuses a matrix that has no weight decay.
    func check(_ decay: WeightDecayOptions) throws {
        if decay.isIncluded, kind == .fisher || kind == .empiricalFisher {
            throw ValidationError(
                "--operator \(kind.rawValue) with --include-weight-decay: Fisher matrices describe the model's predictions and have no weight decay; expected hessian or ggn"
            )
        }
    }

    func analysis(seed: UInt64) -> SpectrumAnalysis {
        var analysis = SpectrumAnalysis(largest: top, smallest: bottom)
        (analysis.kind, analysis.method, analysis.tolerance) = (kind, method, tolerance)
        (analysis.maximumProducts, analysis.probes, analysis.seed) = (iterations, probes ?? analysis.probes, seed)
        analysis.measuresRelativeFlatness = relativeFlatness
        (analysis.findsClasses, analysis.measuresNoise, analysis.noiseDamping) = (byClass, noise, damping)
        (analysis.estimatesDiagonal, analysis.determinantShift, analysis.findsGradientShare) = (
            diagonal, logdet, topSpace
        )
        (analysis.estimatesTrace, analysis.estimatesFrobeniusNorm) = (trace, frobenius)
        (analysis.estimatesDensity, analysis.findsBlocks, analysis.findsMultiplicities) = (
            density, layers, multiplicities
        )
        return analysis
    }

    /// The keys of the result.
    func keys(along: Bool = false) -> [String] {
        ResultKeys.spectrum(
            top: top > 0, bottom: bottom > 0, trace: trace, frobenius: frobenius, density: density, layers: layers,
            along: along)
            + (diagonal
                ? ResultKeys.members("diagonal", "mean standard_error lowest highest exact products layers") : [])
            + (logdet == nil
                ? []
                : ResultKeys.members(
                    "logdet",
                    "value standard_error interval95 relative effective_dimension effective_dimension_standard_error effective_dimension_interval95 delta settled products"
                ))
            + (noise
                ? ResultKeys.members(
                    "noise",
                    "trace_h_sigma trace_h_sigma_standard_error trace_h_sigma_interval95 trace_sigma trace_sigma_standard_error products"
                )
                    + (damping == nil
                        ? []
                        : ResultKeys.members("noise", "tic tic_standard_error tic_interval95 damping residual"))
                : [])
            + (relativeFlatness ? ["relative_flatness"] : []) + (byClass ? ["classes"] : [])
            + (topSpace ? ResultKeys.members("top_space", "share") : [])
    }
}
