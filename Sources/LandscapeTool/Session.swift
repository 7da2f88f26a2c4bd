import Foundation
import Landscape

/// A command's run on a checkpoint: its options, its clock, and where its results go.
struct Session {
    let options: AnalysisOptions
    /// Its path; the folder of several for a command that measures all of them.
    let checkpoint: String
    let command: String
    let monitor: Monitor
    let memory: MemoryBudget
    /// Where a picture goes without -o.
    private let picture: String
    let style: FigureStyle
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
    ///   - keys: what the result will have, for `--key`.
    ///   - drawsPicture: whether the command draws with these options; then a picture is written where no -o is given.
    ///   - hasGrid: whether the result has values on a grid.
    ///   - picture: where that goes; nil for beside the checkpoint.
    ///   - style: of the picture.
    ///   - sources: all checkpoints that the result is about; nil for the one.
    ///   - resumes: whether to go on from what an interrupted run has kept; nil for a command that keeps nothing.
    init(
        _ options: AnalysisOptions, checkpoint: String, command: String, keys: ResultKeys,
        drawsPicture: Bool = false, hasGrid: Bool = false, picture: String? = nil, style: FigureStyle = FigureStyle(),
        sources: [String]? = nil, resumes: Bool? = nil
    ) throws {
        (self.options, self.checkpoint, self.command, self.style) = (options, checkpoint, command, style)
        self.picture = picture ?? OutputFile.picture(checkpoint, command)
        try keys.check(options.general.keys)
        options.general.prepare()
        let monitor = options.general.monitor
        memory = MemoryBudget(
            limit: try options.memoryBytes() ?? MachineMemory.tight(usual: MemoryBudget.defaultLimit))
        let drawsUnasked = drawsPicture && options.output.isEmpty && !options.general.quiet
        for path in drawsUnasked ? [self.picture] : options.output {
            try OutputFile.checkWritable(path)
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
            ? nil : Origin(words: Array(LandscapeTool.arguments.dropFirst()), checkpoints: sources ?? [checkpoint])
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
    ///   - vectors: how many vectors of θ's length the command holds beside the few of every analysis.
    func loss(of path: String? = nil, normalizesLogits: Bool = false, vectors: ClosedRange<Int> = 0...0) throws
        -> ModelLoss
    {
        var settings = try options.lossSettings()
        settings.normalizesLogits = normalizesLogits
        let path = path ?? checkpoint
        try monitor.update("reading", 0, of: nil, path)
        let model = try Model.open(path), metadata = model.metadata
        // One name may mean other files beside another checkpoint.
        let place = try? model.dataSpecification.absolute
        let isSame = loaded.record == metadata.data && loaded.place == place && loaded.loss == metadata.loss
        let loss = try ModelLoss(
            model, name: path, settings, loaded: isSame ? loaded.data : nil, vectors: vectors, memory: memory,
            monitor: monitor)
        (loaded.record, loaded.place, loaded.loss, loaded.data) = (metadata.data, place, metadata.loss, loss.data)
        try monitor.update("computing", 0, of: nil)
        return loss
    }

    /// What the results state.
    func context(_ loss: ModelLoss, _ evaluation: Evaluation) -> RunContext {
        RunContext(command: command, loss.summary, evaluation, seed: options.seed, seconds: seconds)
    }

    /// A vector of θ's length from an .npy file.
    func vector(_ path: String, for loss: ModelLoss) throws -> [Double] {
        let values = try NPY.read(path).doubles
        guard values.count == loss.dimension else {
            throw UnusableRequest(
                "\(path) holds \(values.count) numbers, expected the \(loss.dimension) of the parameters")
        }
        guard values.allSatisfy(\.isFinite) else {
            throw UnusableRequest(
                "\(path) holds numbers that are not finite, expected finite ones; write the vector again")
        }
        return values
    }

    /// Writes a result where asked; without -o its picture, if there is one, unless the run is quiet or a key is wrong. Then prints it. One
    /// that cannot be written keeps neither the others from being written nor the result from being printed.
    func finish(_ report: some Report) throws {
        Terminal.standard.clear()
        // What an interruption kept from being written is told of, and the run that goes on prints the result.
        let json = report.json
        let hasKeys = attempt { _ = try options.general.values(json) }
        let drawsUnasked = options.output.isEmpty && report.figure != nil && !options.general.quiet && hasKeys
        var drawn = false
        for path in drawsUnasked ? [picture] : options.output {
            let isWritten = attempt {
                try OutputFile.write(path, beside: checkpoint) {
                    try report.write(to: $0, style: style, origin: origin)
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
        for problem in problems.list.dropLast() { Terminal.standard.say("error: \(problem)") }
        if let problem = problems.list.last { throw problem }
    }

    /// Writes an array; that it cannot be written is told of by `finish`.
    func save(_ array: NumericArray, to path: String) {
        attempt { try OutputFile.write(path, beside: checkpoint) { try NPY.write(array, to: $0) } }
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
