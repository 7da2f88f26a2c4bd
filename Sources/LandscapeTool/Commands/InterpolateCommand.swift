import ArgumentParser
import Landscape

struct InterpolateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "interpolate",
        abstract: "The loss on the straight line between two networks and its barrier, or on the plane through three.",
        usage: "landscape interpolate A B [C] [OPTIONS]")

    enum CurveKind: String, ExpressibleByArgument, CaseIterable { case bezier }

    @Option(help: "Points along the line (51), or along each axis of the plane (31).") var points: Int?
    @Option(help: "bezier: also train a curve of low loss between the two.") var curve: CurveKind?
    @Option(help: "Trained points of the curve.") var bends = 1
    @Option(help: "Steps of the curve's training.") var steps = 1000
    @Option(help: "Learning rate of the curve's training.") var lr = 0.05
    @Option(help: "Examples a step of the curve's training.") var curveBatchSize = 128
    @Option(help: "Evaluate the plane only where needed to interpolate the rest within this share of the range.")
    var adaptive: Double?
    @Flag(name: .customLong("log"), help: "Logarithmic scale in the picture.") var isLogarithmic = false
    @OptionGroup var options: AnalysisOptions
    @Argument(help: "The second checkpoint and, for a plane, a third.", completion: .file()) var others: [String] = []

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
        if curve != nil, others.count != 1 { throw ValidationError("--curve: expected two checkpoints, not three") }
        if adaptive != nil, others.count != 2 {
            throw ValidationError("--adaptive: expected three checkpoints, for a plane")
        }
        try SliceOptions.checkAdaptive(adaptive)
        guard (1...100).contains(bends) else { throw ValidationError("--bends \(bends): expected 1 to 100") }
        guard steps >= 1 else { throw ValidationError("--steps \(steps): expected at least 1") }
        guard lr > 0, lr.isFinite else { throw ValidationError("--lr \(lr): expected a positive number") }
        guard curveBatchSize >= 1 else {
            throw ValidationError("--curve-batch-size \(curveBatchSize): expected at least 1")
        }
    }

    func run() throws {
        // Of every network θ and its file's content, and of a curve the points with their gradients.
        let vectors = 4 * (others.count + 1) + (curve == nil ? 6 : 12 + 4 * bends)
        let analysis = try Analysis(
            options, command: "interpolate", drawsPicture: true, vectors: vectors...vectors)
        let models = [analysis.model] + (try others.map(analysis.partner))
        let names = [options.checkpoint] + others
        // Stored statistics are those of no network between: along a trained curve they are measured anew.
        let hasBuffers = analysis.model.network.buffers.count > 0
        let mode = curve != nil && options.batchnorm == .stored && hasBuffers ? .recalibrate : options.batchnorm
        if hasBuffers, mode == .stored, !analysis.quiet {
            Progress.say(
                "statistics of batch normalisation between the networks are mixtures of theirs; --batchnorm recalibrate measures them at every point"
            )
        }
        if models.count == 3 {
            try analysis.finish(try plane(models, names, mode, analysis))
        } else {
            try analysis.finish(try line(models, names, mode, analysis))
        }
    }

    /// The losses on the straight line between two of the networks.
    private func profile(_ a: Model, _ b: Model, _ mode: BatchNormOption, _ analysis: Analysis) throws
        -> PathProfile
    {
        let blend = PathProfile.line(from: a.buffers, to: b.buffers)
        let place = PathProfile.place(from: a.theta, to: b.theta)
        let objective = try analysis.objective(mode) { blend(place($0)) }
        let (progress, count) = (analysis.progress("line"), points ?? 51)
        return try PathProfile(
            objective, count: count, progress: { try progress.update($0, of: count) },
            point: PathProfile.line(from: a.theta, to: b.theta))
    }

    private func line(
        _ models: [Model], _ names: [String], _ mode: BatchNormOption, _ analysis: Analysis
    ) throws -> InterpolationReport {
        let difference = Vectors.sum(models[1].theta, -1, models[0].theta)
        guard Vectors.norm(difference) > 0 else {
            throw UnusableRequest("\(names[0]) and \(names[1]) hold the same weights; expected two different networks")
        }
        let profile = try profile(models[0], models[1], mode, analysis)
        let trained = try curve.map { _ in try trainedCurve(models, mode, analysis) }
        var context = try analysis.context()
        context.batchnorm = mode.rawValue
        var report = InterpolationReport(
            context: context, ends: names, distance: Vectors.norm(difference), line: profile)
        report.curve = trained
        report.isLogarithmic = isLogarithmic
        return report
    }

    private func trainedCurve(_ models: [Model], _ mode: BatchNormOption, _ analysis: Analysis) throws
        -> InterpolationReport.Curve
    {
        var curve = BezierCurve(from: models[0].theta, to: models[1].theta, bends: bends)
        let batches = try BatchGradient(
            network: analysis.model.network, data: analysis.data, loss: analysis.model.loss, batchSize: curveBatchSize,
            precision: options.precision, memoryLimit: try options.memoryBytes(), reservedBytes: analysis.reservedBytes)
        batches.sharedMemory = Analysis.memory
        let perEpoch = (analysis.data.count + batches.batchSize - 1) / batches.batchSize
        var order = BatchOrder(count: analysis.data.count, batchSize: batches.batchSize, seed: options.seed, epoch: 0)
        var gradient = [Double](repeating: 0, count: analysis.theta.count)
        let training = analysis.progress("curve")
        let decay = analysis.objective.weightDecay
        try curve.train(
            steps: steps, learningRate: lr, seed: options.seed,
            progress: { step, loss in try training.update(step, of: steps, "loss \(Format.short(loss))") }
        ) { step, point in
            if step > 0, step % perEpoch == 0 {
                order = BatchOrder(
                    count: analysis.data.count, batchSize: batches.batchSize, seed: options.seed, epoch: step / perEpoch
                )
            }
            let batch = batches.evaluate(at: point, examples: Array(order[step % perEpoch]), gradient: &gradient)
            if decay != 0 { Vectors.add(decay, point, to: &gradient) }
            return (batch.loss + 0.5 * decay * Vectors.dot(point, point), gradient)
        }
        // Without statistics to store, the mode makes no difference.
        let objective = try analysis.objective(mode) { _ in analysis.statistics }
        let (progress, count) = (analysis.progress("along the curve"), points ?? 51)
        let profile = try PathProfile(
            objective, count: count, progress: { try progress.update($0, of: count) }, point: curve.point)
        return InterpolationReport.Curve(
            profile: profile, points: curve.points, steps: steps, relativeLength: curve.relativeLength())
    }

    private func plane(
        _ models: [Model], _ names: [String], _ mode: BatchNormOption, _ analysis: Analysis
    ) throws -> CheckpointPlaneReport {
        guard let plane = CheckpointPlane(models[0].theta, models[1].theta, models[2].theta) else {
            throw UnusableRequest(
                "\(names.joined(separator: ", ")) lie on one line; expected three different networks that span a plane")
        }
        let count = points ?? 31
        let pair = SliceDirections(
            plane.directions, kind: "plane", at: analysis.theta, analysis.model.network.parameters,
            normalization: .none, orthogonalizes: false)
        let objective = try analysis.objective(mode) { theta in
            var mixture = [Double](repeating: 0, count: models[0].buffers.count)
            for (weight, model) in zip(plane.weights(at: theta), models) {
                Vectors.add(weight, model.buffers, to: &mixture)
            }
            return mixture
        }
        var computation = SliceComputation(
            pair, alpha: SliceAxis(range: plane.range(axis: 0), points: count),
            beta: SliceAxis(range: plane.range(axis: 1), points: count))
        try analysis.compute(
            &computation, "plane", .init(tolerance: adaptive, isLogarithmic: isLogarithmic), objective: objective)
        let slice = try computation.result(objective, at: analysis.theta)
        let sides = try [(0, 1), (0, 2), (1, 2)].map { try profile(models[$0.0], models[$0.1], mode, analysis) }
        var context = try analysis.context()
        context.batchnorm = mode.rawValue
        var report = CheckpointPlaneReport(
            context: context, surface: SliceReport(context: context, slice: slice, directions: pair), names: names,
            corners: plane.corners, sides: sides)
        report.isLogarithmic = isLogarithmic
        return report
    }
}
