import ArgumentParser
import Landscape

struct InterpolateCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "interpolate", "Measures the loss and the barrier between two networks, or draws the plane through three.",
        usage: "landscape interpolate A B [C] [OPTIONS]",
        examples: [
            "landscape interpolate sgd.bin sam.bin",
            "landscape interpolate sgd.bin sam.bin --curve bezier --steps 200",
            "landscape interpolate sgd.bin sam.bin --curve neb --steps 200 --save-curve path",
        ])

    @Argument(help: "The first checkpoint.", completion: .file()) var checkpoint = "ckpt.bin"
    @Argument(help: "The second checkpoint and, for a plane, the third.", completion: .file()) var others: [String] = []
    @Option(
        help: ArgumentHelp(
            "Points along the line (default: 51), or along each axis of the plane (default: 31).", valueName: "count"))
    var points: Int?
    @Option(
        help: ArgumentHelp(
            "First reorder the second network's hidden units: weights so that its weights are nearest to the first's, activations so that they compute the same on training examples.",
            valueName: "kind"))
    var align: Alignment.Kind?
    @OptionGroup var matching: AlignmentOptions
    @Flag(
        help:
            "Correct the mean and variance of every hidden unit along the line (REPAIR), in networks without normalisation."
    )
    var repair = false
    @Option(
        help: ArgumentHelp(
            "Also train a curve of low loss between the two: a Bezier curve, a chain of straight pieces, or a nudged elastic band.",
            valueName: "kind"))
    var curve: PathCurve.Kind?
    @Option(
        help: ArgumentHelp(
            "Trained points of the curve (default: 1), or those that an elastic band begins with (3).",
            valueName: "count"))
    var bends: Int?
    @Option(
        help: ArgumentHelp(
            "Cycles of an elastic band, between which points are inserted (default: 4).", valueName: "count"))
    var cycles: Int?
    @Option(help: ArgumentHelp("Steps of the curve's training (default: 1000).", valueName: "count")) var steps: Int?
    @Option(help: ArgumentHelp("Learning rate of the curve's training (default: 0.05).", valueName: "rate")) var lr:
        Double?
    @Option(help: ArgumentHelp("Batch size of the curve's training (default: 128).", valueName: "examples"))
    var curveBatchSize: Int?
    @Option(
        help: ArgumentHelp(
            "Write the networks along the curve as checkpoints into this folder; it is made if missing.",
            valueName: "folder"), completion: .directory)
    var saveCurve: String?
    @Option(
        help: ArgumentHelp(
            "For the plane: evaluate only the points needed to interpolate the rest within this share of the values' range, such as 0.01.",
            valueName: "tolerance")
    )
    var adaptive: Double?
    @Flag(help: .resume) var resume = false
    @OptionGroup var figure: FigureOptions
    @OptionGroup var options: AnalysisOptions

    func validate() throws {
        guard (1...2).contains(others.count) else {
            throw ValidationError(
                "found \(others.isEmpty ? "one checkpoint" : "\(others.count + 1) checkpoints"), expected two, A and B, or three for a plane"
            )
        }
        if let points, !(2...100_000).contains(points) {
            throw ValidationError("--points \(points): expected at least 2")
        }
        if others.count == 2, points ?? 2 > 3000 {
            throw ValidationError("--points \(points!): expected at most 3000 along each axis of a plane")
        }
        if align != nil, others.count != 1 { throw ValidationError("--align: expected two checkpoints, not three") }
        try matching.check(align, option: "--align")
        if repair, others.count != 1 { throw ValidationError("--repair: expected two checkpoints, not three") }
        if curve != nil, others.count != 1 { throw ValidationError("--curve: expected two checkpoints, not three") }
        if adaptive != nil, others.count != 2 {
            throw ValidationError("--adaptive: expected three checkpoints, for a plane")
        }
        try SliceOptions.checkAdaptive(adaptive)
        // The plane's range is made to hold the three networks, and one coordinate is moved to the first.
        if let path = options.output.first(where: { $0.lowercased().hasSuffix(".vti") }), others.count == 2 {
            throw ValidationError("-o \(path): the plane's coordinates are not evenly spaced; expected .vtr")
        }
        if let bends, !(1...100).contains(bends) { throw ValidationError("--bends \(bends): expected 1 to 100") }
        if let cycles, !(1...100).contains(cycles) {
            throw ValidationError("--cycles \(cycles): expected 1 to 100")
        }
        if let steps, steps < 1 { throw ValidationError("--steps \(steps): expected at least 1") }
        if let lr, !(lr > 0 && lr.isFinite) { throw ValidationError("--lr \(lr): expected a positive number") }
        if let curveBatchSize, curveBatchSize < 1 {
            throw ValidationError("--curve-batch-size \(curveBatchSize): expected at least 1")
        }
        let given = [
            ("--bends", bends != nil), ("--steps", steps != nil), ("--lr", lr != nil),
            ("--curve-batch-size", curveBatchSize != nil), ("--save-curve", saveCurve != nil),
        ]
        if curve == nil, let (option, _) = given.first(where: \.1) {
            throw ValidationError("\(option) has no effect without --curve; add a curve, or leave \(option) out")
        }
        if cycles != nil, curve != .neb {
            throw ValidationError("--cycles has no effect without --curve neb; add it, or leave --cycles out")
        }
    }

    func run() throws {
        let session = try Session(
            options, checkpoint: checkpoint, command: "interpolate",
            keys: ResultKeys(
                ResultKeys.interpolation(
                    isPlane: others.count == 2, curve: curve != nil, adaptive: adaptive != nil,
                    repairs: repair,
                    alignment: align.map { ($0, matching.alignRefine != nil) })),
            drawsPicture: true, hasGrid: others.count == 2,
            style: try others.count == 2
                ? figure.style(FigureStyle.Part.ofMaps, on: "a map", writes: options.files)
                : figure.style(FigureStyle.Part.ofLines, on: "the line between two networks", writes: options.files),
            sources: [checkpoint] + others, resumes: resume)
        var analysis = Interpolation()
        if let points { (analysis.linePoints, analysis.planePoints) = (points, points) }
        if let curve {
            var settings = Interpolation.Curve(curve)
            if let bends { settings.bends = bends }
            if let steps { settings.steps = steps }
            if let lr { settings.learningRate = lr }
            if let cycles { settings.cycles = cycles }
            if let curveBatchSize { settings.batchSize = curveBatchSize }
            analysis.curve = settings
        }
        analysis.repairs = repair
        (analysis.tolerance, analysis.isLogarithmic, analysis.seed) = (adaptive, figure.drawsLogarithm, options.seed)
        let loss = try session.loss(vectors: analysis.vectors(models: others.count + 1))
        var models = try others.map { (model: try Model.open($0), name: $0) }
        let alignment = try align.map {
            try Alignment(
                of: models[0].model, named: models[0].name, to: loss.model, named: checkpoint,
                matching.settings($0, seed: options.seed, memory: session.memory), monitor: session.monitor)
        }
        if let alignment { models[0].model = alignment.model }
        if models.count == 2 {
            let plane = try analysis.run(loss, through: models, monitor: session.monitor)
            let report = CheckpointPlaneReport(
                context: try context(session, loss, plane.start, plane.statistics), names: [checkpoint] + others, plane)
            try session.finish(report)
        } else {
            let folder = try saveCurve.map {
                try CurveFolder($0, apartFrom: [checkpoint] + others, profile: analysis.linePoints, from: loss)
            }
            let line = try analysis.run(loss, to: models[0], monitor: session.monitor)
            let saved = try folder.map { try $0.write(CurveCheckpoints(loss, line.curve!), session) }
            let report = InterpolationReport(
                context: try context(session, loss, line.start, line.statistics), ends: [checkpoint] + others, line,
                alignment: alignment, saved: saved)
            try session.finish(report)
        }
    }

    private func context(
        _ session: Session, _ loss: ModelLoss, _ start: Evaluation, _ statistics: ModelLoss.BatchStatistics
    ) throws -> RunContext {
        var context = session.context(loss, start)
        context.statistics = statistics
        context.normalizedBatch = try loss.normalizedBatch(statistics)
        return context
    }
}
