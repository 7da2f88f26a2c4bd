import ArgumentParser
import Landscape

struct SaddleCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "saddle", "Finds a saddle near a checkpoint, verifies it, and follows it down to both sides.",
        remark: "Computes in Float64 unless --precision says otherwise.",
        examples: [
            "landscape saddle ckpt.bin --steps 20",
            "landscape saddle sgd.bin --include-weight-decay --save saddle.bin",
        ])

    @Argument(help: "The checkpoint to begin at, such as the top of a path.", completion: .file()) var checkpoint =
        "ckpt.bin"
    @Option(help: .weights, completion: .file()) var weights: String?
    @Option(
        help: ArgumentHelp("Directions that are climbed: the index of the saddle looked for.", valueName: "count"))
    var index = 1
    @Option(help: ArgumentHelp("Norm of the gradient at a critical point at most.", valueName: "norm"))
    var gradientTolerance = 1e-10
    @Option(help: ArgumentHelp("Steps of the search at most.", valueName: "count")) var steps = 1000
    @Option(help: ArgumentHelp("Steps of each descent from the saddle at most; 0 for no descents.", valueName: "count"))
    var descentSteps = 1000
    @Option(
        help: ArgumentHelp(
            "Length of the first step at most (default: a twentieth of the weights' norm).", valueName: "distance"))
    var radius: Double?
    @Option(
        help: ArgumentHelp(
            "Residual of the eigenvalues that the verdict is about, relative to |λ|.", valueName: "residual"))
    var tolerance = 1e-4
    @Option(help: ArgumentHelp("Products for these eigenvalues at most.", valueName: "count")) var iterations = 1000
    @Option(
        help: ArgumentHelp("Write the point that was found as a checkpoint, in Float64.", valueName: "file"),
        completion: .file())
    var save: String?
    @Option(
        help: ArgumentHelp(
            "Write the ends of the descents as checkpoints NAME.minus.bin and NAME.plus.bin.", valueName: "name"),
        completion: .file())
    var saveMinima: String?
    @Flag(help: .resume) var resume = false
    @OptionGroup var options: AnalysisOptions

    func validate() throws {
        func check(_ option: String, _ count: Int, from least: Int) throws {
            guard (least...1_000_000_000).contains(count) else {
                throw ValidationError("\(option) \(count): expected \(least) to 10⁹")
            }
        }
        guard 1...60 ~= index else { throw ValidationError("--index \(index): expected 1 to 60") }
        try check("--steps", steps, from: 1)
        try check("--descent-steps", descentSteps, from: 0)
        try check("--iterations", iterations, from: 1)
        for (option, value) in [
            ("--gradient-tolerance", gradientTolerance), ("--tolerance", tolerance), ("--radius", radius ?? 1),
        ] {
            guard value > 0, value.isFinite else {
                throw ValidationError("\(option) \(value): expected a positive number")
            }
        }
        if saveMinima == "" { throw ValidationError("--save-minima: found an empty name, expected one such as end") }
        if let path = [save, minimum(-1), minimum(1)].compactMap(\.self).first(where: options.output.contains) {
            throw ValidationError("-o \(path): a checkpoint is written there, too; name another file")
        }
        if let save, [minimum(-1), minimum(1)].contains(save) {
            throw ValidationError("--save \(save): --save-minima writes there, too; name another file")
        }
        if saveMinima != nil, descentSteps == 0 {
            throw ValidationError("--save-minima has no effect with --descent-steps 0; leave one of them out")
        }
    }

    /// Where the end of a descent is written.
    private func minimum(_ sign: Int) -> String? { saveMinima.map { "\($0).\(sign < 0 ? "minus" : "plus").bin" } }

    func run() throws {
        for path in [save, minimum(-1), minimum(1)].compactMap({ $0 }) {
            try OutputFile.checkWritable(path, apartFrom: [checkpoint] + (weights.map { [$0] } ?? []))
        }
        let session = try Session(
            options, checkpoint: checkpoint, weights: weights, command: "saddle",
            keys: ResultKeys(
                ResultKeys.members(
                    "saddle",
                    "verdict index negative loss gradient_norm tolerance flatness eigenvalues complete method distance steps products gradients descents"
                )), precision: .double, resumes: resume)
        var search = SaddleSearch()
        (search.index, search.gradientTolerance, search.radius) = (index, gradientTolerance, radius)
        (search.steps, search.descentSteps) = (steps, descentSteps)
        (search.tolerance, search.maximumProducts, search.seed) = (tolerance, iterations, options.seed)
        let loss = try session.loss(vectors: search.vectors)
        let found = try search.run(loss, from: loss.theta, monitor: session.monitor)
        if let save { session.save(found.point.checkpoint(of: loss, as: "saddle search"), to: save) }
        for descent in found.descents {
            if let path = minimum(descent.sign) {
                session.save(descent.point.checkpoint(of: loss, as: "descent from a saddle"), to: path)
            }
        }
        if saveMinima != nil, found.descents.isEmpty {
            options.general.remark(
                "no descents: there is no critical point with a direction that is certain to lead down")
        }
        try session.finish(SaddleReport(context: session.context(loss, try loss.evaluation()), found))
    }
}
