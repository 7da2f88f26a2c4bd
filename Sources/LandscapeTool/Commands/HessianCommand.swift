import ArgumentParser
import Landscape

extension CurvatureKind: ExpressibleByArgument {}

struct HessianCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hessian",
        abstract:
            "Extreme eigenvalues of the Hessian with residuals, its trace and norm with standard errors, and its density."
    )

    enum Method: String, ExpressibleByArgument, CaseIterable { case lanczos, power }

    @Option(help: "How many of the algebraically largest eigenvalues.") var top = 1
    @Option(help: "How many of the smallest.") var bottom = 0
    @Option(help: "lanczos or power.") var method = Method.lanczos
    @Option(help: "Residual ‖Hv − λv‖ relative to |λ| at which an eigenvalue is taken for converged.") var tolerance =
        1e-4
    @Option(help: "Products at most.") var iterations = 1000
    @Flag(help: "The trace, by Hutch++.") var trace = false
    @Flag(help: "The Frobenius norm.") var frobenius = false
    @Flag(help: "The spectral density, by stochastic Lanczos quadrature.") var density = false
    @Flag(help: "The largest eigenvalue and the trace of each parameter tensor's diagonal block.") var layers = false
    @Option(help: "Products for the trace and the norm (Hutch++: a third each for sketch, range and rest).")
    var probes = 30
    @Option(name: .customLong("operator"), help: "hessian, ggn, fisher or empirical-fisher.")
    var kind = CurvatureKind.hessian
    @Flag(
        help:
            "Look for further copies of repeated eigenvalues; done anyway for regression with several outputs, where they repeat by construction."
    )
    var multiplicities = false
    @Option(help: "Report vᵀHv and ‖Hv‖ for a vector from an .npy file.") var along: String?
    @Option(help: "Write H v to an .npy file.") var saveProduct: String?
    @Option(help: "Write the largest eigenvectors to an .npy file, a row each.") var saveVectors: String?
    @OptionGroup var options: AnalysisOptions

    func validate() throws {
        let counts = 0...Int(Int32.max)
        guard counts.contains(top), counts.contains(bottom) else {
            throw ValidationError(
                "--top \(top) --bottom \(bottom): expected 0 or more, at most as many as the model has parameters")
        }
        guard tolerance > 0, tolerance < 1 else {
            throw ValidationError("--tolerance \(tolerance): expected a number between 0 and 1")
        }
        guard iterations >= 1 else { throw ValidationError("--iterations \(iterations): expected at least 1") }
        guard probes >= 6 else { throw ValidationError("--probes \(probes): expected at least 6 for a standard error") }
        if top + bottom == 0, along == nil, !(trace || frobenius || density || layers) {
            throw ValidationError(
                "--top 0 --bottom 0: nothing is asked for; expected at least one eigenvalue, --trace, --frobenius, --density, --layers or --along"
            )
        }
        if options.decay.isIncluded, kind == .fisher || kind == .empiricalFisher {
            throw ValidationError(
                "--operator \(kind.rawValue) with --include-weight-decay: Fisher matrices are of the model's predictions, of which weight decay is no part; expected hessian or ggn"
            )
        }
        if saveProduct != nil, along == nil { throw ValidationError("--save-product needs --along") }
        if saveVectors != nil, top == 0 { throw ValidationError("--save-vectors needs --top of at least 1") }
    }

    func run() throws {
        for path in [saveProduct, saveVectors].compactMap({ $0 }) { try Analysis.checkWritable(path) }
        let analysis = try Analysis(
            options, command: "hessian", drawsPicture: top + bottom > 0 || density || layers, vectors: vectors)
        let curvature = CurvatureOperator(analysis.objective, at: analysis.theta, kind)
        guard top + bottom <= analysis.theta.count else {
            throw UnusableRequest(
                "--top \(top) --bottom \(bottom): expected no more than the \(analysis.theta.count) eigenvalues that there are"
            )
        }
        let rounding = options.precision == .float ? 0x1p-23 : 0x1p-52
        var spectrum = SpectrumReport(context: try analysis.context(), kind: kind, method: method.rawValue)
        spectrum.tolerance = tolerance
        if let along {
            let v = try analysis.vector(along)
            let product = try curvature.apply(v)
            spectrum.along = (Vectors.dot(v, product), Vectors.norm(product))
            spectrum.products += 1
            if let saveProduct { try NPY.write(NumericArray(product), to: saveProduct) }
        }
        if top + bottom > 0 { try eigenvalues(curvature, analysis, rounding, &spectrum) }
        if trace || frobenius {
            let progress = analysis.progress("trace")
            try progress.update(0, of: probes)
            let estimate = try hutchPlusPlusTrace(curvature, products: probes, seed: options.seed)
            if trace { spectrum.trace = estimate }
            if frobenius { spectrum.frobenius = estimate.frobeniusNorm }
            spectrum.products += estimate.products
        }
        if density {
            let progress = analysis.progress("density")
            let result = try stochasticLanczosQuadrature(
                curvature, steps: Self.quadratureSteps, memoryLimit: analysis.vectorBytes, seed: options.seed,
                rounding: rounding
            ) { done, most in
                (try? progress.update(done, of: most)) != nil
            }
            try Signals.check()
            spectrum.density = result
            spectrum.products += result.products
        }
        if layers {
            let progress = analysis.progress("layers")
            let (blocks, products) = try LayerCurvature.all(
                curvature, analysis.model.network.parameters, tolerance: max(tolerance, 1e-3),
                maximumProducts: iterations, probes: probes, memoryLimit: analysis.vectorBytes, seed: options.seed,
                rounding: rounding
            ) { try progress.update($0, of: $1) }
            spectrum.layers = blocks
            spectrum.products += products
        }
        // The time of all of it.
        spectrum.context.seconds = analysis.seconds
        try analysis.finish(spectrum)
    }

    /// How many vectors are held: bases with what comes out of them.
    private var vectors: ClosedRange<Int> {
        let found = 2 * (top + bottom)
        let least =
            [
                found > 0 ? found / 2 + 3 + found : 0, trace || frobenius ? probes : 0,
                density ? Self.quadratureSteps : 0,
                layers ? probes : 0,
            ].max() ?? 0
        let most = [found > 0 || layers ? found + iterations : 0, density ? 4 * Self.quadratureSteps : 0].max() ?? 0
        return least...max(least, most)
    }
    private static let quadratureSteps = 90

    private func eigenvalues(
        _ curvature: CurvatureOperator<PenalizedObjective>, _ analysis: Analysis, _ rounding: Double,
        _ spectrum: inout SpectrumReport
    ) throws {
        if method == .power {
            for (count, target) in [(top, PowerTarget.largestAlgebraic), (bottom, .smallestAlgebraic)] where count > 0 {
                let result = try powerIteration(
                    curvature, count: count, target: target, tolerance: tolerance, maximumIterations: iterations,
                    seed: options.seed)
                let end = SpectrumReport.End(
                    values: result.eigenvalues.map(\.value), residuals: result.eigenvalues.map(\.residual))
                if target == .largestAlgebraic {
                    (spectrum.top, spectrum.vectors) = (end, result.vectors)
                } else {
                    spectrum.bottom = end
                }
                spectrum.converged = spectrum.converged && result.converged
                spectrum.products += result.products
            }
        } else {
            // Mean squared errors of several outputs: in a linear model every eigenvalue has as many copies.
            let repeats = analysis.model.network.outputs > 1 && !analysis.model.loss.takesClasses
            let result = try lanczos(
                curvature, largest: top, smallest: bottom, tolerance: tolerance, relativeFloor: kind.relativeFloor,
                maximumProducts: iterations,
                memoryLimit: analysis.vectorBytes - 2 * (top + bottom) * 8 * analysis.theta.count,
                seed: options.seed,
                rounding: rounding,
                multiplicities: multiplicities || repeats, verifyResiduals: true,
                progress: spectrumProgress(analysis, "eigenvalues"))
            try Signals.check()
            if top > 0 {
                spectrum.top = .init(values: result.largest.map(\.value), residuals: result.largest.map(\.residual))
            }
            if bottom > 0 {
                spectrum.bottom = .init(
                    values: result.smallest.map(\.value), residuals: result.smallest.map(\.residual))
            }
            (spectrum.converged, spectrum.vectors) = (result.converged, result.largestVectors)
            spectrum.products += result.products
        }
        if let saveVectors {
            try NPY.write(
                NumericArray(spectrum.vectors.flatMap { $0 }, shape: [spectrum.vectors.count, analysis.theta.count]),
                to: saveVectors)
        }
    }
}
