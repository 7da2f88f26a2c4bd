import ArgumentParser
import Landscape

struct HessianCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        "hessian", "Measures eigenvalues of the Hessian with residuals, its trace, norm and density.",
        examples: [
            "landscape hessian --top 5 --trace",
            "landscape hessian ckpt.bin --top 10 --bottom 3 --density -o spectrum.png",
        ])

    @Argument(help: "The checkpoint; or several, or their folder, for a table over their steps.", completion: .file())
    var checkpoints = ["ckpt.bin"]
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
    @Option(
        help: ArgumentHelp(
            "Products for the trace and the norm: a third each for Hutch++'s sketch, range and rest (default: 30).",
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
    @Option(
        help: ArgumentHelp("Report vᵀHv and ‖Hv‖ for the vector in this .npy file.", valueName: "file"),
        completion: .file()) var along: String?
    @Option(help: ArgumentHelp("Write the Hv of --along to this .npy file.", valueName: "file"), completion: .file())
    var saveProduct: String?
    @Option(
        help: ArgumentHelp("Write the largest eigenvectors to this .npy file, one row each.", valueName: "file"),
        completion: .file())
    var saveVectors: String?
    @Flag(help: .resume) var resume = false
    @OptionGroup var figure: FigureOptions
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
        guard 1...1_000_000_000 ~= iterations else {
            throw ValidationError("--iterations \(iterations): expected 1 to 10⁹")
        }
        if let probes {
            guard 6...1_000_000_000 ~= probes else {
                throw ValidationError("--probes \(probes): expected at least 6 for a standard error, at most 10⁹")
            }
            guard trace || frobenius || layers else {
                throw ValidationError(
                    "--probes has no effect here; add --trace, --frobenius or --layers, or leave --probes out")
            }
        }
        if top + bottom == 0, along == nil, !(trace || frobenius || density || layers) {
            throw ValidationError(
                "--top 0 --bottom 0: nothing is asked for; expected at least one eigenvalue, --trace, --frobenius, --density, --layers or --along"
            )
        }
        if options.decay.isIncluded, kind == .fisher || kind == .empiricalFisher {
            throw ValidationError(
                "--operator \(kind.rawValue) with --include-weight-decay: Fisher matrices describe the model's predictions and have no weight decay; expected hessian or ggn"
            )
        }
        if saveProduct != nil, along == nil { throw ValidationError("--save-product needs --along") }
        if saveVectors != nil, top == 0 { throw ValidationError("--save-vectors needs --top of at least 1") }
    }

    func run() throws {
        if let saveProduct { try OutputFile.checkArray(saveProduct, "--save-product") }
        if let saveVectors { try OutputFile.checkArray(saveVectors, "--save-vectors") }
        let paths = try CheckpointSeries.paths(checkpoints)
        if paths.count > 1 {
            guard along == nil, saveProduct == nil, saveVectors == nil else {
                throw UnusableRequest(
                    "--along, --save-product and --save-vectors are for one checkpoint; found \(paths.count)")
            }
            let session = try Session(
                options, checkpoint: paths[0], command: "hessian", keys: CheckpointSeries.keys, drawsPicture: true,
                picture: CheckpointSeries.picture(paths, "hessian"), style: try style("quantities over checkpoints"),
                sources: paths, resumes: resume)
            return try CheckpointSeries(paths).run(session, { try measure($0, session) }, \.quantities)
        }
        let session = try Session(
            options, checkpoint: paths[0], command: "hessian",
            keys: ResultKeys(
                ResultKeys.spectrum(
                    top: top > 0, bottom: bottom > 0, trace: trace, frobenius: frobenius, density: density,
                    layers: layers, along: along != nil)),
            drawsPicture: drawsPicture, style: try style(density ? "a density" : "eigenvalues"), resumes: resume)
        try session.finish(try measure(paths[0], session))
    }

    private var drawsPicture: Bool { top + bottom > 0 || density || layers }

    private func style(_ picture: String) throws -> FigureStyle {
        if !drawsPicture { try figure.refuse("hessian draws no picture with these options") }
        return try figure.style(
            FigureStyle.Part.ofLines.subtracting([.scale, .valueRange]), on: picture, writes: options.files)
    }

    private func measure(_ checkpoint: String, _ session: Session) throws -> SpectrumReport {
        var analysis = SpectrumAnalysis(largest: top, smallest: bottom)
        (analysis.kind, analysis.method, analysis.tolerance) = (kind, method, tolerance)
        (analysis.maximumProducts, analysis.probes, analysis.seed) = (
            iterations, probes ?? analysis.probes, options.seed
        )
        (analysis.estimatesTrace, analysis.estimatesFrobeniusNorm) = (trace, frobenius)
        (analysis.estimatesDensity, analysis.findsBlocks, analysis.findsMultiplicities) = (
            density, layers, multiplicities
        )
        let loss = try session.loss(of: checkpoint, vectors: analysis.vectors)
        analysis.along = try along.map { try session.vector($0, for: loss) }
        let spectrum = try analysis.run(
            loss, at: loss.theta, layout: loss.model.network.parameters, monitor: session.monitor)
        if let saveProduct { session.save(NumericArray(spectrum.product), to: saveProduct) }
        if let saveVectors {
            session.save(
                NumericArray(spectrum.vectors.flatMap { $0 }, shape: [spectrum.vectors.count, loss.dimension]),
                to: saveVectors)
        }
        return SpectrumReport(context: session.context(loss, try loss.evaluation()), spectrum)
    }
}
