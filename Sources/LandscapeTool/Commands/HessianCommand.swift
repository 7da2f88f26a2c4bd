import ArgumentParser
import Landscape

struct HessianCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "hessian", "Measures eigenvalues of the Hessian with residuals, its trace, norm and density.",
        examples: [
            "landscape hessian --top 5 --trace",
            "landscape hessian ckpt.bin --top 10 --bottom 3 --density -o spectrum.png",
        ])

    @Argument(help: "The checkpoint; or several, or their folder, for a table over their steps.", completion: .file())
    var checkpoints = ["ckpt.bin"]
    @Option(help: .weights, completion: .file()) var weights: String?
    @OptionGroup var spectrum: SpectrumOptions
    @Option(
        help: ArgumentHelp("Report vᵀHv and ‖Hv‖ for the vector in this .npy file.", valueName: "file"),
        completion: .file()) var along: String?
    @Option(help: ArgumentHelp("Write the Hv of --along to this .npy file.", valueName: "file"), completion: .file())
    var saveProduct: String?
    @Option(
        help: ArgumentHelp("Write the largest eigenvectors to this .npy file, one row each.", valueName: "file"),
        completion: .file())
    var saveVectors: String?
    @Option(
        help: ArgumentHelp("Write the --diagonal to this .npy file, in the order of the weights.", valueName: "file"),
        completion: .file())
    var saveDiagonal: String?
    @Option(
        help: ArgumentHelp(
            "Draw --examples N anew so often, and enclose λmax of all examples by that of N.", valueName: "draws"))
    var samplingError: Int?
    @Flag(help: .resume) var resume = false
    @OptionGroup var figure: FigureOptions
    @OptionGroup var options: AnalysisOptions

    func validate() throws {
        if spectrum.isEmpty, along == nil {
            throw ValidationError(
                "--top 0 --bottom 0: nothing is asked for; expected at least one eigenvalue, --trace, --frobenius, --density, --layers, --by-class, --relative-flatness, --diagonal, --logdet, --noise or --along"
            )
        }
        try spectrum.check(options.decay)
        if let samplingError {
            guard 3...1_000_000 ~= samplingError else {
                throw ValidationError("--sampling-error \(samplingError): expected 3 to a million draws, such as 10")
            }
            guard options.examples != nil else {
                throw ValidationError("--sampling-error needs --examples N: how many examples are drawn")
            }
        }
        if saveDiagonal != nil, !spectrum.diagonal { throw ValidationError("--save-diagonal needs --diagonal") }
        if saveProduct != nil, along == nil { throw ValidationError("--save-product needs --along") }
        if saveVectors != nil, spectrum.top == 0 { throw ValidationError("--save-vectors needs --top of at least 1") }
    }

    func run() throws {
        if let saveProduct { try OutputFile.checkArray(saveProduct, "--save-product") }
        if let saveVectors { try OutputFile.checkArray(saveVectors, "--save-vectors") }
        if let saveDiagonal { try OutputFile.checkArray(saveDiagonal, "--save-diagonal") }
        let paths = try CheckpointSeries.paths(checkpoints)
        if paths.count > 1 {
            try CheckpointSeries.check(weights, paths)
            guard along == nil, saveProduct == nil, saveVectors == nil, saveDiagonal == nil, samplingError == nil else {
                throw UnusableRequest(
                    "--along, --save-product, --save-vectors, --save-diagonal and --sampling-error are for one checkpoint; found \(paths.count)"
                )
            }
            let session = try Session(
                options, checkpoint: paths[0], command: "hessian", keys: CheckpointSeries.keys, drawsPicture: true,
                picture: CheckpointSeries.picture(paths, "hessian"), style: try style("quantities over checkpoints"),
                sources: paths, resumes: resume)
            return try CheckpointSeries(paths).run(session, { try measure($0, session) }, \.quantities)
        }
        let session = try Session(
            options, checkpoint: paths[0], weights: weights, command: "hessian",
            keys: ResultKeys(
                spectrum.keys(along: along != nil)
                    + (samplingError == nil
                        ? []
                        : ResultKeys.members(
                            "sampling",
                            "lower upper interval95 lower_standard_error upper_standard_error trace trace_standard_error examples total repetitions converged products"
                        ))), drawsPicture: drawsPicture,
            style: try style(spectrum.density ? "a density" : "eigenvalues"), resumes: resume)
        try session.finish(try measure(paths[0], session))
    }

    private var drawsPicture: Bool { spectrum.drawsPicture }

    private func style(_ picture: String) throws -> FigureStyle {
        if !drawsPicture { try figure.refuse("hessian draws no picture with these options") }
        return try figure.style(
            FigureStyle.Part.ofLines.subtracting([.scale, .valueRange]), on: picture, writes: options.files)
    }

    private func measure(_ checkpoint: String, _ session: Session) throws -> SpectrumReport {
        var analysis = spectrum.analysis(seed: options.seed)
        let loss = try session.loss(of: checkpoint, vectors: analysis.vectors)
        analysis.along = try along.map { try session.vector($0, for: loss) }
        let result = try analysis.run(
            loss, at: loss.theta, layout: loss.model.network.parameters, monitor: session.monitor)
        if let saveProduct { session.save(NumericArray(result.product), to: saveProduct) }
        if let saveDiagonal, let diagonal = result.diagonal {
            session.save(NumericArray(diagonal.values), to: saveDiagonal)
        }
        if let saveVectors {
            session.save(
                NumericArray(result.vectors.flatMap { $0 }, shape: [result.vectors.count, loss.dimension]),
                to: saveVectors)
        }
        var report = SpectrumReport(context: session.context(loss, try loss.evaluation()), result)
        if let samplingError, let examples = options.examples {
            let whole = try session.loss(of: checkpoint, ofAllExamples: true, vectors: analysis.vectors)
            let (kind, steps) = (analysis.kind, analysis.maximumProducts)
            report.sampling = try SamplingError(
                of: whole, at: whole.theta, kind: kind, examples: examples, repetitions: samplingError,
                tolerance: max(analysis.tolerance, 1e-3), maximumProducts: steps, traceProducts: analysis.probes,
                seed: options.seed, monitor: session.monitor)
        }
        return report
    }
}
