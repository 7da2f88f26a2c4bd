import Training

/// Which measures of a study survive small changes of the training: each run's recipe was trained again with other seeds, learning
/// rates and batch sizes, and measured as the run was.
///
/// Zhang & Louis 2025 (arXiv 2510.18934) ask that measures be audited so.
public struct StudyAudit: Sendable {
    /// A training of a changed recipe.
    public struct Retrained: Sendable {
        /// The number of the run whose recipe was changed.
        public let run: Int
        /// The changed recipe.
        public let variant: RecipeVariant
        /// What was measured of it; nil where it diverged.
        public let result: Study.Run?
        /// Of its checkpoint.
        public let checkpoint: String
        /// Why it diverged; nil where it did not.
        public let divergence: String?

        /// A training, with what was measured of it or why there is nothing to measure.
        public init(
            run: Int, variant: RecipeVariant, checkpoint: String, result: Study.Run?, divergence: String? = nil
        ) {
            (self.run, self.variant, self.checkpoint) = (run, variant, checkpoint)
            (self.result, self.divergence) = (result, divergence)
        }
    }

    /// How one number of the runs fared.
    public struct Row: Sendable {
        /// Its name in JSON, and its words in tables.
        public let name: String, title: String
        /// The standard deviation of the study's runs, with r − 1; nil for fewer than two that have the number.
        public let spread: Double?
        /// Under the changes of each kind that there are.
        public let kinds: [RecipeVariant.Kind: Movement]
        /// Under all of them.
        public let all: Movement
    }

    /// Where the checkpoints are.
    public let folder: String
    /// The sizes of the changes.
    public let changes: RecipeChanges
    /// All changes of the first run, then those of the next.
    public let trainings: [Retrained]
    /// A row for each measure, and one for the gap between test and training loss.
    public let rows: [Row]

    /// - Parameters:
    ///   - study: the runs as they are.
    ///   - seed: of the bootstrap.
    public init(
        _ study: Study, _ trainings: [Retrained], changes: RecipeChanges = RecipeChanges(), folder: String,
        seed: UInt64 = 0
    ) {
        (self.folder, self.changes, self.trainings) = (folder, changes, trainings)
        func row(_ name: String, _ title: String, _ value: (Study.Run) -> Double) -> Row {
            let original = study.runs.map(value)
            func movement(_ kind: RecipeVariant.Kind?) -> Movement {
                let chosen = trainings.filter { kind == nil || $0.variant.kind == kind }
                return Movement(
                    original,
                    chosen.map { training in
                        Movement.Change(
                            run: training.run, label: training.variant.label,
                            value: training.result.map(value) ?? .nan)
                    }, seed: seed)
            }
            let kinds = RecipeVariant.Kind.allCases.filter { kind in trainings.contains { $0.variant.kind == kind } }
            return Row(
                name: name, title: title, spread: Self.deviation(original.filter(\.isFinite)),
                kinds: Dictionary(uniqueKeysWithValues: kinds.map { ($0, movement($0)) }), all: movement(nil))
        }
        rows =
            study.measures.map { measure in row(measure.rawValue, measure.title) { $0.measures[measure] } }
            + [row("loss_gap", "test − training loss") { $0.lossGap }]
    }

    private static func deviation(_ values: [Double]) -> Double? {
        guard values.count > 1 else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
    }
}
