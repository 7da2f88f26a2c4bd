import Foundation
import Landscape

/// A command's run on a checkpoint: its options, its clock, and where its results go.
struct Session {
    let options: AnalysisOptions
    /// Its path; the folder of several for a command that measures all of them.
    let checkpoint: String
    /// The file whose weights take the place of the checkpoint's; nil for its own.
    let weights: String?
    let command: String
    let monitor: Monitor
    let memory: MemoryBudget
    /// Where a picture goes without -o.
    private let picture: String
    let style: FigureStyle
    /// What the network computes in where no option says.
    private let precision: Precision
    /// Where the result comes from; nil where no file is written to say so.
    private let origin: Origin?
    private let started = Date()
    private let loaded = Loaded()
    private let problems = Problems()

    /// The examples of the last loss, for the next checkpoint of the same training.
    private final class Loaded {
        var record: DataRecord?, place: DataSpecification?, loss: String?, data: Dataset?
    }

    /// What could not be written, to be told of when all is done.
    private final class Problems {
        var list: [any Error] = []

        var hasInterruption: Bool {
            list.contains {
                if case .interrupted? = ($0 as? KeptElsewhere)?.problem ?? $0 as? FileError { true } else { false }
            }
        }
    }

    /// Settles what the process is, and finds out whether the results can be written.
    ///
    /// - Parameters:
    ///   - weights: the file whose weights take the place of the checkpoint's; nil for its own.
    ///   - keys: what the result will have, for `--key`.
    ///   - drawsPicture: whether the command draws with these options; then a picture is written where no -o is given.
    ///   - hasGrid: whether the result has values on a grid.
    ///   - picture: where that goes; nil for beside the checkpoint.
    ///   - style: of the picture.
    ///   - sources: all checkpoints that the result is about; nil for the one.
    ///   - precision: what the network computes in where no option says.
    ///   - resumes: whether to go on from what an interrupted run has kept; nil for a command that keeps nothing.
    init(
        _ options: AnalysisOptions, checkpoint: String, weights: String? = nil, command: String, keys: ResultKeys,
        drawsPicture: Bool = false, hasGrid: Bool = false, picture: String? = nil, style: FigureStyle = FigureStyle(),
        sources: [String]? = nil, precision: Precision = .float, resumes: Bool? = nil
    ) throws {
        (self.options, self.checkpoint, self.weights) = (options, checkpoint, weights)
        (self.command, self.style, self.precision) = (command, style, precision)
        self.picture = picture ?? OutputFile.picture(checkpoint, command)
        try keys.check(options.general.keys)
        options.general.prepare(limit: options.memory)
        let monitor = options.general.monitor
        memory = MemoryBudget(limit: try options.memoryBytes())
        let drawsUnasked = drawsPicture && options.output.isEmpty && !options.general.quiet
        let inputs = (sources ?? [checkpoint]) + (weights.map { [$0] } ?? [])
        for path in drawsUnasked ? [self.picture] : options.output {
            try OutputFile.checkWritable(path, apartFrom: inputs)
            if !drawsPicture, OutputFile.isPicture(path) {
                throw UnusableRequest(
                    "-o \(path): \(command) draws no picture with these options; expected .json, .csv or .npz")
            }
            if !hasGrid, [".vti", ".vtr"].contains(where: path.lowercased().hasSuffix) {
                throw UnusableRequest(
                    "-o \(path): \(command) has no grid of numbers with these options; expected \(drawsPicture ? "a picture, " : "").json, .csv or .npz"
                )
            }
        }
        let writesFiles = drawsUnasked || !options.output.isEmpty
        origin =
            try !writesFiles
            ? nil
            : Origin(
                words: Array(LandscapeTool.arguments.dropFirst()), checkpoints: sources ?? [checkpoint],
                weights: weights)
        // Last: what is refused leaves what is kept as it is.
        self.monitor =
            try resumes.map {
                monitor.keeping(
                    in: try KeptWork.open(command, beside: checkpoint, resumes: $0, onRemark: options.general.remark))
            } ?? monitor
    }

    var seconds: Double { Date().timeIntervalSince(started) }

    /// The checkpoint's loss on its data.
    ///
    /// - Parameters:
    ///   - path: of several checkpoints, the one that is meant.
    ///   - ofAllExamples: whether of all, whatever `--examples` says.
    ///   - derivative: the highest that the command takes.
    ///   - vectors: how many vectors of θ's length the command holds beside the few of every analysis.
    func loss(
        of path: String? = nil, normalizesLogits: Bool = false, ofAllExamples: Bool = false,
        derivative: DerivativeOrder = .product, vectors: ClosedRange<Int> = 0...0
    ) throws -> ModelLoss {
        var settings = try options.lossSettings(precision)
        if ofAllExamples { settings.examples = nil }
        settings.normalizesLogits = normalizesLogits
        let path = path ?? checkpoint
        try monitor.update("reading", 0, of: nil, path)
        let model = try self.model(path), metadata = model.metadata
        let data = settings.data ?? (try? model.dataSpecification)
        for output in options.output {
            try OutputFile.checkApart(
                output, from: data.map { $0.paths.filter { !RandomAccessFile.isFolder($0) } } ?? [])
        }
        // One name may mean other files beside another checkpoint.
        let place = try? model.dataSpecification.absolute
        let isSame = loaded.record == metadata.data && loaded.place == place && loaded.loss == metadata.loss
        let loss = try ModelLoss(
            model, name: weights.map { "\(path) with the weights of \($0)" } ?? path, settings,
            loaded: isSame && !ofAllExamples ? loaded.data : nil, derivative: derivative, vectors: vectors,
            memory: memory, monitor: monitor)
        if !ofAllExamples {
            (loaded.record, loaded.place, loaded.loss, loaded.data) = (metadata.data, place, metadata.loss, loss.data)
        }
        try monitor.update("computing", 0, of: nil)
        return loss
    }

    /// The checkpoint's model, with other weights where they are asked for.
    private func model(_ path: String) throws -> Model {
        let model = try Model.open(path)
        guard let weights else { return model }
        let (other, notes) = try model.withWeights(of: weights)
        for note in notes { monitor.remark(note) }
        return other
    }

    /// What the results state.
    func context(_ loss: ModelLoss, _ evaluation: Evaluation) -> RunContext {
        context(loss.summary, evaluation)
    }

    /// The same of one of several results.
    ///
    /// - Parameters:
    ///   - part: the command that gives it alone; nil for the session's own.
    ///   - begin: when its work began; nil for when the session did.
    func context(
        _ subject: ModelLoss.Summary, _ evaluation: Evaluation, part: String? = nil, since begin: Date? = nil
    ) -> RunContext {
        var context = RunContext(
            command: part ?? command, subject, evaluation, seed: options.seed,
            seconds: begin.map { Date().timeIntervalSince($0) } ?? seconds)
        if let weights { (context.checkpoint, context.weights) = (checkpoint, weights) }
        return context
    }

    /// A vector of θ's length from an .npy file.
    func vector(_ path: String, for loss: ModelLoss) throws -> [Double] {
        let values = try Vectors.read(npy: path) { count in
            guard count == loss.dimension else {
                throw UnusableRequest(
                    "\(path) holds \(count) numbers, expected the \(loss.dimension) of the parameters")
            }
        }
        guard values.allSatisfy(\.isFinite) else {
            throw UnusableRequest(
                "\(path) holds numbers that are not finite, expected finite ones; write the vector again")
        }
        return values
    }

    /// Writes a result where asked; without -o its picture, if there is one, unless the run is quiet or a key is wrong. Then prints it. One
    /// that cannot be written keeps neither the others from being written nor the result from being printed.
    ///
    /// - Parameter file: what a file holds in place of the whole result, by its path; nil for the whole.
    func finish(_ report: some Report, file: (String) throws -> (any Report)? = { _ in nil }) throws {
        Terminal.standard.clear()
        // What an interruption kept from being written is told of, and the run that goes on prints the result.
        let json = report.json
        let hasKeys = attempt { _ = try options.general.values(json) }
        let drawsUnasked = options.output.isEmpty && report.figure != nil && !options.general.quiet && hasKeys
        var drawn = false
        for path in drawsUnasked ? [picture] : options.output {
            let isWritten = attempt {
                let content = try file(path) ?? report
                try OutputFile.write(path, beside: checkpoint) {
                    try content.write(to: $0, style: style, origin: origin)
                }
            }
            if isWritten, OutputFile.isPicture(path) { drawn = true }
            if isWritten, options.output.isEmpty { options.general.remark("picture written to \(picture)") }
        }
        if drawn, let figure = report.figure {
            for miss in style.misses(in: figure) { options.general.remark("warning: \(miss.remark)") }
        }
        if hasKeys, !problems.hasInterruption {
            attempt { try options.general.print(json, lines: report.printed) }
        }
        for problem in problems.list.dropLast() { Terminal.standard.say(.error("\(problem)")) }
        if let problem = problems.list.last { throw problem }
    }

    /// Notes what failed; `finish` tells of it, and the command ends with its exit code.
    func note(_ problem: any Error) { problems.list.append(problem) }

    /// Writes an array; that it cannot be written is told of by `finish`.
    func save(_ array: NumericArray, to path: String) {
        attempt { try OutputFile.write(path, beside: checkpoint) { try NPY.write(array, to: $0) } }
    }

    /// Writes a checkpoint, likewise.
    func save(_ checkpoint: Checkpoint, to path: String) {
        attempt { try OutputFile.write(path, beside: self.checkpoint) { try checkpoint.write(to: $0) } }
    }

    @discardableResult
    private func attempt(_ work: () throws -> Void) -> Bool {
        do {
            try work()
            return true
        } catch {
            problems.list.append(error)
            return false
        }
    }
}
