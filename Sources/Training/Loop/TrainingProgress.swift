import Models

/// How far a training is.
public struct TrainingProgress: Sendable {
    /// The epoch under way, from 1, and all of them.
    public let epoch: Int, epochs: Int
    /// Steps taken and all of them, those before an interruption counted.
    public let step: Int, totalSteps: Int
    /// Mean loss of the epoch under way; share of examples classified right (nil for regression).
    public let loss: Double, accuracy: Double?
    /// Of the last step.
    public let learningRate: Double
    /// Seconds since the start of this run, and how many are likely left.
    public let elapsed: Double, left: Double?
}

/// What a training gave.
public struct TrainingOutcome: Sendable {
    /// False where it was interrupted: the checkpoint is then there to go on from.
    public let isFinished: Bool
    /// As written to the output path.
    public let checkpoint: Checkpoint
    /// Every file written, in order; the output path last.
    public let files: [String]
    /// At the final θ with stored batch-norm statistics, over the whole split; nil where interrupted or there is no such split.
    public let trainLoss: Double?, trainAccuracy: Double?, testLoss: Double?, testAccuracy: Double?
    /// From the beginning, those before an interruption counted. A step that climbs counts 2.
    public let steps: Int, gradientEvaluations: Int
    /// Of this run.
    public let seconds: Double
    /// Averages of the weights that were asked for; none where interrupted.
    public let averages: [WeightAverage.Result]
    /// What a user should know of the result, one line each.
    public let warnings: [String]
}
