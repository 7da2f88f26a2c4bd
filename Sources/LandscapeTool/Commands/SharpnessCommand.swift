import ArgumentParser
import Landscape

struct SharpnessCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "sharpness", "Measures how much the loss can rise within a radius ρ of the weights.",
        remark:
            "All values are increases over the loss. A worst case is a lower bound: the largest increase that the search found.",
        examples: [
            "landscape sharpness --rho 0.05",
            "landscape sharpness ckpt.bin --measure average --rho 0.005,0.01 --adaptive --eta 0",
        ])

    @Argument(help: "The checkpoint; or several, or their folder, for a table over their steps.", completion: .file())
    var checkpoints = ["ckpt.bin"]
    @Option(help: .weights, completion: .file()) var weights: String?
    @OptionGroup var sharpness: SharpnessOptions
    @Flag(help: "Give each example's logits mean 0 and norm 1 before the loss.") var normalizeLogits = false
    @Option(help: ArgumentHelp("Write the best ε to this .npy file.", valueName: "file"), completion: .file())
    var saveEpsilon: String?
    @Option(
        help: ArgumentHelp(
            "Step of --measure critical and directional: a .npy vector v, for θ + ηv; 'update', the next step of the checkpoint's optimizer; or 'preconditioned', Adam's without momentum (default: the negative gradient).",
            valueName: "v"), completion: .file())
    var along: String?
    @Flag(help: .resume) var resume = false
    @OptionGroup var figure: FigureOptions
    @OptionGroup var options: AnalysisOptions

    func validate() throws {
        if along != nil, !sharpness.hasDirection {
            throw ValidationError("--along needs --measure critical or directional")
        }
        if let along, OptimizerStep(rawValue: along) != nil, weights != nil {
            throw ValidationError(
                "--along \(along) is of the checkpoint's own weights; leave --weights out, or give a vector")
        }
        guard saveEpsilon != nil else { return }
        guard sharpness.batch == nil else {
            throw ValidationError("--save-epsilon with --m: every batch has its own ε; leave one of them out")
        }
        guard sharpness.findsWorst || sharpness.findsOneStep else {
            throw ValidationError("--save-epsilon needs --measure worst, one-step or all")
        }
        guard sharpness.rho.values.count == 1 else { throw ValidationError("--save-epsilon needs a single --rho") }
    }

    func run() throws {
        if let saveEpsilon { try OutputFile.checkArray(saveEpsilon, "--save-epsilon") }
        let paths = try CheckpointSeries.paths(checkpoints)
        if paths.count > 1 {
            try CheckpointSeries.check(weights, paths)
            for (option, file) in [("--save-epsilon", saveEpsilon), ("--along", along)] where file != nil {
                throw UnusableRequest("\(option) is for one checkpoint; found \(paths.count)")
            }
            let session = try Session(
                options, checkpoint: paths[0], command: "sharpness", keys: CheckpointSeries.keys, drawsPicture: true,
                picture: CheckpointSeries.picture(paths, "sharpness"), style: try style("quantities over checkpoints"),
                sources: paths, resumes: resume)
            return try CheckpointSeries(paths).run(session, { try measure($0, session) }, \.quantities)
        }
        let session = try Session(
            options, checkpoint: paths[0], weights: weights, command: "sharpness",
            keys: ResultKeys(sharpness.keys), drawsPicture: drawsPicture, style: try style("sharpness"), resumes: resume
        )
        try session.finish(try measure(paths[0], session))
    }

    private var drawsPicture: Bool {
        sharpness.findsWorst || sharpness.rho.values.count > 1 && (sharpness.findsAverage || sharpness.findsOneStep)
    }

    private func style(_ picture: String) throws -> FigureStyle {
        if !drawsPicture { try figure.refuse("sharpness draws no picture with these options") }
        return try figure.style(
            FigureStyle.Part.ofLines.subtracting([.scale, .valueRange]), on: picture, writes: options.files)
    }

    /// The step that `--along` names.
    private func direction(
        _ name: String, _ checkpoint: String, _ loss: ModelLoss, _ session: Session
    ) throws -> [Double] {
        guard let step = OptimizerStep(rawValue: name) else { return try session.vector(name, for: loss) }
        do {
            return try step.direction(of: Checkpoint.read(checkpoint), on: loss)
        } catch let failure as OptimizerStep.Failure {
            let hasUpdate = if case .noPreconditioner = failure { true } else { false }
            throw failure.refusal(
                "--along \(name)", checkpoint,
                advice: hasUpdate ? "use --along update" : "give the step as a .npy vector")
        }
    }

    private func measure(_ checkpoint: String, _ session: Session) throws -> SharpnessReport {
        var analysis = sharpness.analysis(seed: options.seed)
        let loss = try session.loss(
            of: checkpoint, normalizesLogits: normalizeLogits, derivative: analysis.derivative,
            vectors: analysis.vectors)
        analysis.direction = try along.map { try direction($0, checkpoint, loss, session) }
        let result = try analysis.run(loss, at: loss.theta, monitor: session.monitor)
        let first = result.points[0]
        if let saveEpsilon, let epsilon = first.worstCase?.epsilon ?? first.oneStep?.epsilon {
            session.save(NumericArray(epsilon), to: saveEpsilon)
        }
        return SharpnessReport(context: session.context(loss, try loss.evaluation()), result)
    }
}
