/// Measures of many trained networks beside how well they generalise.
public struct Study: Sendable {
    /// One checkpoint.
    public struct Run: Sendable {
        /// Path of the checkpoint.
        public let checkpoint: String
        /// Of the whole training and test splits.
        public let trainLoss: Double, testLoss: Double
        /// In [0, 1]; nil for regression.
        public let trainAccuracy: Double?, testAccuracy: Double?
        /// What was measured of it.
        public let measures: StudyMeasures

        /// - Parameters:
        ///   - trainLoss: of the whole training split, `testLoss` of the whole test split.
        ///   - trainAccuracy: in [0, 1]; nil for regression, like `testAccuracy`.
        public init(
            checkpoint: String, trainLoss: Double, testLoss: Double, trainAccuracy: Double?, testAccuracy: Double?,
            measures: StudyMeasures
        ) {
            (self.checkpoint, self.trainLoss, self.testLoss) = (checkpoint, trainLoss, testLoss)
            (self.trainAccuracy, self.testAccuracy, self.measures) = (trainAccuracy, testAccuracy, measures)
        }

        /// Test loss − training loss.
        public var lossGap: Double { testLoss - trainLoss }
        /// Training accuracy − test accuracy, so that a larger one is worse, like the loss's; nil for regression.
        public var accuracyGap: Double? {
            guard let trainAccuracy, let testAccuracy else { return nil }
            return trainAccuracy - testAccuracy
        }
    }

    /// How one measure is ordered with the generalisation gaps over the runs.
    public struct Correlation: Sendable {
        /// The measure.
        public let measure: StudyMeasures.Measure
        /// nil where one of the two is the same for every run.
        public let lossGap: KendallTau?, accuracyGap: KendallTau?
    }

    /// The checkpoints, as they were measured.
    public let runs: [Run]
    /// A correlation for every measure.
    public let correlations: [Correlation]

    /// The measures that were taken, in their order.
    public var measures: [StudyMeasures.Measure] { Self.measures(of: runs) }

    private static func measures(of runs: [Run]) -> [StudyMeasures.Measure] {
        StudyMeasures.Measure.allCases.filter { measure in runs.contains { $0.measures.values[measure] != nil } }
    }

    /// - Parameter seed: of the bootstrap.
    public init(_ runs: [Run], seed: UInt64 = 0) {
        self.runs = runs
        let gaps = runs.map(\.lossGap), accuracyGaps = runs.map { $0.accuracyGap ?? .nan }
        correlations = Self.measures(of: runs).map { measure in
            let values = runs.map { $0.measures[measure] }
            return Correlation(
                measure: measure, lossGap: KendallTau(values, gaps, seed: seed),
                accuracyGap: KendallTau(values, accuracyGaps, seed: seed))
        }
    }
}
