import ArrayFiles
import Essentials
import Foundation
import Models
import Objectives

/// Trainings of the recipes of some runs with small changes, each into a checkpoint of its own in one folder.
///
/// A checkpoint that is there already is not trained again; one that is unfinished is continued. So the folder holds all that an
/// interrupted audit has done. A file of another recipe is never replaced.
public final class Retraining {
    /// One training.
    public struct Entry: Sendable {
        /// The number of the run whose recipe is changed.
        public let run: Int
        /// The changed recipe.
        public let variant: RecipeVariant
        /// Of its checkpoint: `RUN.LABEL.bin` in the folder.
        public let path: String
        /// Whether the checkpoint is there, at its end.
        public fileprivate(set) var isFinished: Bool
    }

    /// All changes of the first run, then those of the next.
    public private(set) var entries: [Entry] = []
    /// The folder of the checkpoints.
    public let folder: String
    /// Which changes there are.
    public let changes: RecipeChanges
    /// Seconds between the states that a training keeps for one that is killed; nil for none.
    public var keepEvery: Double? = 30

    private let memory: MemoryBudget
    /// The last data, which most recipes of a study share.
    private var loaded: (preparation: DataPreparation, data: PreparedData)?

    /// Looks at every run and at what the folder holds, before hours of work begin. Writes nothing.
    ///
    /// - Parameters:
    ///   - runs: paths of the runs' checkpoints.
    ///   - folder: where the trainings go; `run` makes it.
    ///   - memory: what the process may take.
    /// - Throws: `RetrainingError`; errors of reading a damaged file.
    public init(
        of runs: [String], _ changes: RecipeChanges, in folder: String, memory: MemoryBudget = MemoryBudget()
    )
        throws
    {
        (self.folder, self.changes, self.memory) = (folder, changes, memory)
        try Self.check(folder, runs)
        var stems: [String: String] = [:]
        for (number, path) in runs.enumerated() {
            let name = (path as NSString).lastPathComponent
            let stem = name.hasSuffix(".bin") ? String(name.dropLast(4)) : name
            if let other = stems.updateValue(path, forKey: stem) { throw RetrainingError.sameName(other, path) }
            let (recipe, record) = try recipe(of: path)
            for variant in changes.variants(of: recipe, examples: record.trainingExamples) {
                let file = (folder as NSString).appendingPathComponent("\(stem).\(variant.label).bin")
                let isFinished = try isFinished(variant.configuration, at: file, of: path, record)
                entries.append(Entry(run: number, variant: variant, path: file, isFinished: isFinished))
            }
        }
        loaded = nil
    }

    private static func check(_ folder: String, _ runs: [String]) throws(RetrainingError) {
        guard !folder.isEmpty else { throw .unusableFolder("''", "found an empty name") }
        guard FilePath.exists(folder) else { return }
        guard RandomAccessFile.isFolder(folder) else { throw .unusableFolder(folder, "found a file") }
        let own = FilePath.resolved(folder)
        for path in runs {
            let place = FilePath.folder(of: path)
            guard FilePath.resolved(place.isEmpty ? "." : place) != own else {
                throw .unusableFolder(folder, "found the folder of the runs")
            }
        }
    }

    /// What a run was trained by.
    private func recipe(of path: String) throws -> (TrainingConfiguration, DataRecord) {
        let checkpoint = try Checkpoint.read(path), metadata = checkpoint.metadata
        guard metadata.training != nil else { throw RetrainingError.noRecipe(path: path) }
        guard metadata.other[Trainer.startKey] == nil else { throw RetrainingError.started(path: path) }
        do {
            let recipe = try TrainingConfiguration(metadata)
            guard try metadata.locatedData() != nil else {
                throw RetrainingError.noData(path: path, data: metadata.data.specification)
            }
            let trainer = try trainer(recipe, resuming: checkpoint)
            guard trainer.isFinished else {
                throw RetrainingError.unfinished(path: path, step: trainer.step, of: trainer.totalSteps)
            }
            return (recipe, metadata.data)
        } catch let error as RetrainingError {
            throw error
        } catch {
            throw RetrainingError.notAgain(path: path, "\(error)")
        }
    }

    /// Whether a checkpoint is there and at its end.
    ///
    /// - Throws: `RetrainingError.otherRecipe` where it is of another recipe; `notAgain` where the recipe cannot be trained.
    private func isFinished(
        _ recipe: TrainingConfiguration, at file: String, of run: String, _ record: DataRecord
    ) throws -> Bool {
        let kept = FilePath.exists(file) ? try Checkpoint.read(file) : nil
        if let kept {
            let changes = try recipe.changes(from: kept.metadata, record)
            guard changes.isEmpty else { throw RetrainingError.otherRecipe(path: file, changes) }
        }
        do {
            // Also where nothing is there: what cannot be trained is refused before anything is.
            return try trainer(recipe, resuming: kept).isFinished
        } catch {
            throw RetrainingError.notAgain(path: kept == nil ? run : file, "\(error)")
        }
    }

    private func trainer(_ configuration: TrainingConfiguration, resuming checkpoint: Checkpoint?) throws -> Trainer {
        let preparation = configuration.preparation()
        var same = preparation
        // The seed says only which labels are noise.
        if same.labelNoise == 0 { same.seed = 0 }
        if loaded?.preparation != same { loaded = (same, try preparation.load()) }
        return try Trainer(configuration, data: loaded?.data, resuming: checkpoint, memory: memory)
    }

    /// Trains all entries to their ends, one after another.
    ///
    /// - Parameter monitor: told of the progress; what it throws ends the training under way, whose state is kept.
    /// - Returns: for each entry why its training diverged; nil where its checkpoint is there.
    /// - Throws: `Interruption` that says how many trainings are kept; `FileError` where a checkpoint cannot be written.
    public func run(monitor: Monitor = .silent) throws -> [String?] {
        // Measures have data of their own.
        defer { loaded = nil }
        return try entries.indices.map { try train($0, monitor: monitor) }
    }

    /// Trains an entry to its end, from the state in the folder where there is one. Returns and throws as `run`.
    func train(_ number: Int, monitor: Monitor = .silent) throws -> String? {
        let entry = entries[number]
        guard !entry.isFinished else { return nil }
        try FilePath.makeFolder(folder)
        let kept = FilePath.exists(entry.path) ? try Checkpoint.read(entry.path) : nil
        let trainer = try trainer(entry.variant.configuration, resuming: kept)
        (trainer.tool, trainer.keepEvery) = (Software.name, keepEvery)
        trainer.onUnkept = { monitor.remark("warning: the state of the training is not kept: \($0)") }
        var stop: (any Error)?
        trainer.onProgress = { state in
            do {
                try monitor.update(
                    "training again", number * 100 + 100 * state.step / max(1, state.totalSteps),
                    of: self.entries.count * 100, "% of each, \(entry.path), loss \(Format.short(state.loss))")
            } catch { stop = stop ?? error }
        }
        trainer.shouldStop = {
            if stop != nil { return true }
            do { try monitor.check() } catch { stop = error }
            return stop != nil
        }
        do {
            let isFinished = try trainer.run(to: entry.path).isFinished
            entries[number].isFinished = isFinished
            if isFinished { return nil }
        } catch TrainingError.diverged(let divergence) {
            return
                "the \(divergence.quantity) is not finite at step \(divergence.step + 1) of \(trainer.totalSteps)"
        }
        throw stop.flatMap { $0 is Interruption ? nil : $0 } ?? interruption
    }

    /// An interruption that says what is kept.
    public var interruption: Interruption {
        Interruption(
            advice: "\(folder) keeps \(entries.count(where: \.isFinished)) of \(entries.count) trainings")
    }
}

extension Trainer {
    /// In a checkpoint's metadata: that the training began at another checkpoint's weights.
    static let startKey = "training_start"

    /// Whether all steps were taken and recorded.
    var isFinished: Bool { state.step >= totalSteps && !state.isUnrecorded }
}

extension TrainingConfiguration {
    /// What the training of a checkpoint differs in from this recipe on data of this kind.
    fileprivate func changes(from metadata: CheckpointMetadata, _ record: DataRecord) throws -> [String] {
        guard metadata.training != nil else { return ["it records no training"] }
        if metadata.other[Trainer.startKey] != nil { return ["it began at the weights of another checkpoint"] }
        let other = try TrainingConfiguration(metadata)
        var changes = differences(from: other)
        if length != other.length { changes.append("length was \(other.length), is now \(length)") }
        if record.trainingExamples != metadata.data.trainingExamples {
            changes.append(
                "training examples were \(metadata.data.trainingExamples), are now \(record.trainingExamples)")
        }
        return changes
    }
}
