import ArrayFiles
import Datasets
import Essentials
import Foundation
import Models
import Objectives
import Training

/// Measures of all checkpoints in a folder, and how they are ordered with the generalisation gap.
public struct StudyRun: Sendable {
    /// How the measures are taken; their memory, seed and tolerance are set by the run.
    public var measures = StudyMeasures.Settings()
    /// Of the measures: which examples, in what arithmetic, and which loss. Losses and accuracies are of the whole splits.
    public var loss = ModelLoss.Settings()
    /// Of everything random.
    public var seed: UInt64 = 0
    /// Trains the runs' recipes again with small changes; nil for a study alone.
    public var audit: Audit?

    /// Fewer runs have no order to speak of.
    public static let fewest = 3

    /// The settings of `StudyMeasures`, on whole training splits.
    public init() {}

    /// What was measured.
    public struct Result: Sendable {
        /// Measures, gaps and correlations.
        public let study: Study
        /// What each run is of.
        public let subjects: [ModelLoss.Summary]
        /// Which measures survive small changes of the training; nil where that was not asked for, or did not come to its end.
        public let audit: StudyAudit?
        /// Why the study is of fewer checkpoints than there are; nil where it is of all.
        public let interruption: Interruption?
    }

    /// The checkpoints of a folder, sorted by name.
    ///
    /// - Throws: `UnusableRequest` where it is no folder or holds fewer than three.
    public static func checkpoints(in folder: String) throws -> [String] {
        guard RandomAccessFile.isFolder(folder) else {
            throw UnusableRequest(
                "\(folder) is not a folder; expected one with checkpoints (.bin), such as 'study runs'\(FilePath.exists(folder) ? "" : FilePath.suggestion(for: folder))"
            )
        }
        let names = try FilePath.names(in: folder).filter { $0.hasSuffix(".bin") && !isAverage($0) }.sorted()
        guard names.count >= fewest else {
            throw UnusableRequest(
                "\(folder): found \(names.count) checkpoints (.bin), expected at least \(fewest): a rank correlation needs several"
            )
        }
        return names.map { (folder as NSString).appendingPathComponent($0) }
    }

    /// Whether a file has the name of an average that a training writes beside its checkpoint: no run of its own.
    private static func isAverage(_ name: String) -> Bool {
        WeightAverage.allCases.contains { name.hasSuffix(".\($0.rawValue).bin") }
    }

    /// Measures the checkpoints one after another. Where it is interrupted, the result is of those that were measured, if they are
    /// enough.
    ///
    /// - Parameters:
    ///   - paths: of the checkpoints; at least three.
    ///   - memory: what the process may take.
    ///   - monitor: told of the progress; an `Interruption` that it throws ends the work.
    /// - Throws: `UnusableRequest` where data have no test split; `RetrainingError` where an audit cannot train a recipe again; what opening
    ///   and measuring throw.
    public func run(_ paths: [String], memory: MemoryBudget = MemoryBudget(), monitor: Monitor = .silent) throws
        -> Result
    {
        // Every file is looked at before hours of work begin.
        for path in paths where try Model.open(path).metadata.data.testExamples == nil && loss.data == nil {
            throw UnusableRequest(
                "\(path): its data have no test split, which the generalisation gap needs; choose other --data"
            )
        }
        let retraining = try retraining(of: paths, memory)
        var runs: [Study.Run] = [], subjects: [ModelLoss.Summary] = []
        var interruption: Interruption?
        do {
            for (number, path) in paths.enumerated() {
                let (run, subject) = try measure(path, memory, monitor) { share in
                    try monitor.update(
                        "study", number * 100 + Int(100 * share), of: paths.count * 100, "% of each, \(path)")
                }
                runs.append(run)
                subjects.append(subject)
            }
        } catch var interrupted as Interruption {
            // What was measured is reported all the same.
            guard runs.count >= Self.fewest else { throw interrupted }
            interrupted.advice = "the result is of the \(runs.count) of \(paths.count) checkpoints that were measured"
            interruption = interrupted
        }
        let study = Study(runs, seed: seed)
        var audit: StudyAudit?
        if interruption == nil, let retraining {
            do {
                audit = try audited(study, retraining, memory, monitor)
            } catch let interrupted as Interruption {
                interruption = interrupted
            }
        }
        return Result(study: study, subjects: subjects, audit: audit, interruption: interruption)
    }

    func measure(
        _ path: String, _ memory: MemoryBudget, _ monitor: Monitor, progress: @escaping (Double) throws -> Void
    ) throws -> (Study.Run, ModelLoss.Summary) {
        // A search's, and up to three times θ with its file's content.
        let search = WorstCaseSearch.vectors(restarts: measures.restarts, radii: 2, classes: 0)
        func open(_ split: Split, examples: Int?) throws -> ModelLoss {
            var loss = loss
            (loss.split, loss.examples) = (split, examples)
            return try ModelLoss(
                Model.open(path), name: path, loss, vectors: search, held: 24, memory: memory, monitor: monitor)
        }
        try progress(0)
        let whole = try open(.train, examples: nil)
        let train = try whole.evaluate(at: whole.theta)
        let test = try open(.test, examples: nil)
        let unseen = try test.evaluate(at: test.theta)
        let measured = loss.examples == nil ? whole : try open(.train, examples: loss.examples)
        var settings = measures
        settings.seed = seed
        settings.suit(measured)
        let measures = try monitor.part(of: measured, at: measured.theta, ["study", "\(settings)"]) {
            try StudyMeasures(measured, at: measured.theta, settings, progress: progress)
        }
        let run = Study.Run(
            checkpoint: path, trainLoss: train.loss, testLoss: unseen.loss, trainAccuracy: train.accuracy,
            testAccuracy: unseen.accuracy, measures: measures)
        return (run, measured.summary)
    }
}
