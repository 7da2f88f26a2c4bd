import Essentials
import Objectives
import Training

extension StudyRun {
    /// Where and how recipes are trained again.
    public struct Audit: Sendable {
        /// Where the checkpoints go, and those of an earlier audit are.
        public var folder: String
        /// Which changes.
        public var changes = RecipeChanges()
        /// Seconds between the states that a training keeps for one that is killed; nil for none.
        public var keepEvery: Double? = 30

        /// The usual changes.
        ///
        /// - Parameter folder: where the checkpoints go; not that of the runs.
        public init(folder: String) { self.folder = folder }
    }

    /// What an audit trains; nil where none is asked for.
    func retraining(of paths: [String], _ memory: MemoryBudget) throws -> Retraining? {
        guard let audit else { return nil }
        let retraining = try Retraining(of: paths, audit.changes, in: audit.folder, memory: memory)
        guard !retraining.entries.isEmpty else {
            throw UnusableRequest(
                "--audit \(audit.folder): nothing is changed; expected other seeds, or a factor other than 1")
        }
        retraining.keepEvery = audit.keepEvery
        return retraining
    }

    /// Trains and measures all changed recipes.
    ///
    /// - Throws: `Interruption` that says which trainings are kept.
    func audited(_ study: Study, _ retraining: Retraining, _ memory: MemoryBudget, _ monitor: Monitor) throws
        -> StudyAudit
    {
        do {
            let divergences = try retraining.run(monitor: monitor)
            let count = retraining.entries.count
            let trainings = try retraining.entries.enumerated().map { number, entry in
                var result: Study.Run?
                if let divergence = divergences[number] {
                    monitor.remark("warning: \(entry.path) diverged and is left out: \(divergence)")
                } else {
                    (result, _) = try measure(entry.path, memory, monitor) { share in
                        try monitor.update(
                            "audit", number * 100 + Int(100 * share), of: count * 100, "% of each, \(entry.path)")
                    }
                }
                return StudyAudit.Retrained(
                    run: entry.run, variant: entry.variant, checkpoint: entry.path, result: result,
                    divergence: divergences[number])
            }
            return StudyAudit(study, trainings, changes: retraining.changes, folder: retraining.folder, seed: seed)
        } catch is Interruption {
            throw retraining.interruption
        }
    }
}
