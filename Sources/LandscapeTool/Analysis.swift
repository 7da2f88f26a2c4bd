import Foundation
import Landscape

/// A checkpoint opened for an analysis: model, data, objective, and the writing of what comes out.
struct Analysis {
    let options: AnalysisOptions
    let command: String
    let model: Model
    /// The loss on the data, with the weight decay where that is asked for.
    let objective: PenalizedObjective
    /// The same without.
    private let dataObjective: NetworkObjective
    /// Averaged over the data for `--batchnorm recalibrate`; the checkpoint's own else.
    let statistics: [Double]
    let data: Dataset
    let dataName: String
    /// Whether the loss sees normalised logits.
    let normalizesLogits: Bool
    /// Bytes for more vectors of θ's length than the few that every analysis holds, such as a Krylov basis.
    let vectorBytes: Int
    /// What of a memory that is given is set aside for them. (Where none is given, they come on top.)
    var reservedBytes: Int { options.memory == nil ? 0 : vectorBytes }
    /// One process has one memory, however many objectives there are.
    static let memory = SharedMemory()
    let started = Date()

    /// Examples whose statistics are averaged for `--batchnorm recalibrate` where no batch size is given: that of training.
    private static let recalibrationBatch = 128

    var theta: [Double] { model.theta }
    var quiet: Bool { options.general.quiet }
    var seconds: Double { Date().timeIntervalSince(started) }

    /// - Parameters:
    ///   - drawsPicture: whether the command writes a picture where no -o is given.
    ///   - vectors: how many vectors of θ's length the command holds beside the few of every analysis: at least, and at most. Of a
    ///     memory that is given they have what the least need, and a quarter of what is more than enough.
    init(
        _ options: AnalysisOptions, command: String, drawsPicture: Bool = false, normalizesLogits: Bool = false,
        vectors: ClosedRange<Int> = 0...0
    ) throws {
        self.options = options
        self.normalizesLogits = normalizesLogits
        self.command = command
        options.general.prepare()
        let pictures =
            drawsPicture && options.output.isEmpty ? [Self.picturePath(options.checkpoint, command)] : options.output
        for path in pictures {
            try Self.checkWritable(path)
            if !drawsPicture, [".png", ".svg", ".pdf"].contains(where: path.lowercased().hasSuffix) {
                throw UnusableRequest(
                    "-o \(path): \(command) draws no picture with these options; expected .json, .csv or .npz")
            }
            if !["slice", "trajectory", "interpolate"].contains(command),
                [".vti", ".vtr"].contains(where: path.lowercased().hasSuffix)
            {
                throw UnusableRequest("-o \(path): \(command) has no grid of numbers; expected .json, .csv or .npz")
            }
        }
        model = try Model(path: options.checkpoint)
        let specification = try options.data.map { try DataSpecification($0) }
        data = try model.dataset(options.split, specification, examples: options.examples)
        dataName = specification.map { "\($0)" } ?? model.metadata.data.specification
        let (model, data) = (self.model, self.data)
        let (memory, perVector) = (try options.memoryBytes(), 8 * model.network.parameters.count)
        let least = memory == nil ? 0 : vectors.lowerBound * perVector
        let recalibration =
            options.batchnorm == .recalibrate
            ? try model.objective(
                data, batchNorm: .batch, precision: options.precision,
                batchSize: options.batchSize ?? Self.recalibrationBatch, memoryLimit: memory, reservedBytes: least)
            : nil
        dataObjective = try Self.objective(model, data, options, normalizesLogits, model.buffers, least)
        if let memory {
            // Reading data of which only a part is used may have taken more.
            let peak = MachineMemory.peak.flatMap { $0 > memory ? $0 + $0 / 64 : nil } ?? 0
            let enough = max(dataObjective.leastMemory, recalibration?.leastMemory ?? 0, peak)
            guard memory >= enough else { throw ObjectiveError.memoryTooSmall(given: memory, needed: enough) }
            vectorBytes = min(least + (memory - enough) / 4, vectors.upperBound * perVector)
            dataObjective.reservedBytes = vectorBytes
        } else {
            vectorBytes = max(NetworkObjective.defaultMemoryLimit, vectors.lowerBound * perVector)
        }
        statistics = try recalibration?.batchStatistics(at: model.theta) ?? model.buffers
        dataObjective.setBuffers(statistics)
        objective = PenalizedObjective(
            dataObjective, weightDecay: try options.decay.coefficient(of: model, options.checkpoint) ?? 0)
    }

    /// The loss on some of the examples, with the same statistics of batch normalisation.
    func objective(on examples: [Int]) throws -> PenalizedObjective {
        penalized(
            try Self.objective(model, data.subset(examples), options, normalizesLogits, statistics, reservedBytes))
    }

    private func penalized(_ other: any Objective) -> PenalizedObjective {
        PenalizedObjective(other, weightDecay: objective.weightDecay)
    }

    private static func objective(
        _ model: Model, _ data: Dataset, _ options: AnalysisOptions, _ normalizesLogits: Bool,
        _ statistics: [Double], _ reservedBytes: Int
    ) throws -> NetworkObjective {
        let objective = try model.objective(
            data, batchNorm: options.batchnorm == .batch ? .batch : .stored, precision: options.precision,
            batchSize: options.batchSize, memoryLimit: try options.memoryBytes(), reservedBytes: reservedBytes,
            normalizesLogits: normalizesLogits)
        objective.sharedMemory = Self.memory
        objective.setBuffers(statistics)
        objective.betweenBatches = { try Signals.check() }
        return objective
    }

    var hasOtherSplit: Bool {
        options.data == nil && (options.split == .test || model.metadata.data.testExamples != nil)
    }

    /// The same network on the other split of the same data, with the same statistics of batch normalisation.
    func objectiveOfOtherSplit() throws -> PenalizedObjective {
        let split: Split = options.split == .train ? .test : .train
        // The other split may have fewer examples than are asked for.
        let all = try model.dataset(split, options.data.map { try DataSpecification($0) })
        let other = try all.prefix(min(options.examples ?? all.count, all.count))
        return penalized(try Self.objective(model, other, options, normalizesLogits, statistics, reservedBytes))
    }

    /// An objective for points far from the checkpoint: statistics of batch normalisation are measured anew at each for
    /// `recalibrate`; for `stored` they are what `stored` gives, such as a mixture of those of the networks around.
    func objective(
        _ mode: BatchNormOption, stored: @escaping (_ theta: [Double]) -> [Double]
    ) throws -> any Objective {
        guard model.network.buffers.count > 0 else { return objective }
        switch mode {
        case .batch: return objective
        case .stored: return penalized(AdjustedObjective(dataObjective, buffers: stored))
        case .recalibrate:
            let statistics = try model.objective(
                data, batchNorm: .batch, precision: options.precision,
                batchSize: options.batchSize ?? Self.recalibrationBatch, memoryLimit: try options.memoryBytes(),
                reservedBytes: reservedBytes)
            statistics.betweenBatches = { try Signals.check() }
            statistics.sharedMemory = Self.memory
            return penalized(AdjustedObjective(dataObjective) { try statistics.batchStatistics(at: $0) })
        }
    }

    /// Another checkpoint of the same network.
    func companion(_ path: String) throws -> Model {
        let other = try Model(path: path)
        guard other.network.parameters == model.network.parameters else {
            throw UnusableRequest(
                "\(path) is \(other.metadata.model), expected the tensors of \(options.checkpoint): \(model.metadata.model)"
            )
        }
        return other
    }

    /// Another checkpoint of the same network, for losses on common terms.
    func partner(_ path: String) throws -> Model {
        let other = try companion(path)
        try checkWeightDecay(of: other, path)
        return other
    }

    /// Losses of several networks can be compared with one weight decay alone.
    func checkWeightDecay(of other: Model, _ path: String) throws {
        guard options.decay.isIncluded, let found = try options.decay.coefficient(of: other, path),
            found != objective.weightDecay
        else { return }
        throw UnusableRequest(
            "\(path) was trained with weight decay \(found), \(options.checkpoint) with \(objective.weightDecay); expected one for all: name it with --weight-decay"
        )
    }

    func progress(_ name: String) -> Progress { Progress(name, quiet: quiet) }

    /// A vector of θ's length from an .npy file.
    func vector(_ path: String) throws -> [Double] {
        let values = try NPY.read(path).doubles
        guard values.count == theta.count else {
            throw UnusableRequest(
                "\(path) holds \(values.count) numbers, expected the \(theta.count) of the parameters")
        }
        guard values.allSatisfy(\.isFinite) else {
            throw UnusableRequest(
                "\(path) holds numbers that are not finite, expected finite ones; write the vector again")
        }
        return values
    }

    /// What results state. Evaluates the objective once.
    func context() throws -> RunContext {
        dataObjective.setBuffers(statistics)
        let evaluation = try objective.evaluate(at: theta)
        return RunContext(
            command: command, checkpoint: options.checkpoint, model: model.metadata.model, data: dataName,
            split: options.split.rawValue, examples: data.count, seed: options.seed,
            precision: options.precision.rawValue,
            batchnorm: options.batchnorm.rawValue,
            lossName: model.loss.name + (normalizesLogits ? " of normalised logits" : ""),
            weightDecay: options.decay.isIncluded ? objective.weightDecay : nil, loss: evaluation.loss,
            accuracy: evaluation.accuracy,
            weightNorm: Vectors.norm(theta), seconds: seconds, software: Software.name)
    }

    /// Prints a result and writes it where asked; without -o a picture, if there is one, goes beside the checkpoint.
    func finish(_ report: some Report) throws {
        try Self.finish(report, options, picture: Self.picturePath(options.checkpoint, command))
    }

    /// - Parameter picture: where the picture goes without -o.
    static func finish(_ report: some Report, _ options: AnalysisOptions, picture: String) throws {
        Progress.clear()
        // A key that is not there must not keep the files from being written.
        let text = Result { try options.general.text(report.json, report.context.lines + report.lines) }
        if case .success(let text) = text { try StandardOutput.print(text) }
        if !options.output.isEmpty {
            for path in options.output { try report.write(to: path) }
        } else if report.figure != nil {
            try report.write(to: picture)
            if !options.general.quiet { Progress.say("picture written to \(picture)") }
        }
        _ = try text.get()
    }

    /// `runs/ckpt.bin` gives `runs/ckpt.slice.png`.
    static func picturePath(_ checkpoint: String, _ command: String) -> String {
        (checkpoint.hasSuffix(".bin") ? String(checkpoint.dropLast(4)) : checkpoint) + ".\(command).png"
    }

    /// Finds out before long work that a file cannot be written after it.
    static func checkWritable(_ path: String) throws {
        guard !path.isEmpty else { throw UnusableRequest("-o: found an empty name, expected a file to write to") }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            throw UnusableRequest("cannot write \(path): it is a folder; name a file in it")
        }
        let folder = (path as NSString).deletingLastPathComponent
        let shown = folder.isEmpty ? "." : folder
        guard FileManager.default.fileExists(atPath: shown, isDirectory: &isFolder), isFolder.boolValue else {
            throw UnusableRequest("cannot write \(path): there is no folder \(shown); make it first")
        }
        // Permissions do not say all: some folders take no files whoever asks.
        let trial = (shown as NSString).appendingPathComponent(".landscape-\(getpid()).trial")
        let descriptor = open(trial, O_CREAT | O_EXCL | O_WRONLY, 0o600)
        guard descriptor >= 0 else {
            throw UnusableRequest(
                "cannot write \(path): the folder \(shown) is not writable (\(String(cString: strerror(errno)))); name another place"
            )
        }
        close(descriptor)
        unlink(trial)
    }
}
