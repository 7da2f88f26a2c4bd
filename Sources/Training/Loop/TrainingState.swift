import Models
import Networks
import Objectives
import Tensors

/// Where a training is: all that the next step depends on beside the configuration and the data.
struct TrainingState: Sendable {
    var theta: [Double]
    /// Running statistics of batch normalisation, in the order of the network's buffers.
    var buffers: [Double]
    var optimizer: any Optimizer
    /// Steps taken, whole epochs done, and steps taken of the epoch that is under way.
    var step = 0, epoch = 0, stepInEpoch = 0
    /// What the epoch under way has seen so far.
    var lossSum = 0.0, correct = 0.0, examples = 0
    /// How much these examples count in the loss, and how many of their elements have a class that counts.
    var weight = 0.0, classified = 0.0
    var gradientEvaluations = 0
    var history: [EpochRecord] = []

    /// PyTorch's default share of a new batch in running averages.
    static let averagingShare = 0.1

    /// Mean loss and share of right examples over the epoch under way, as they were when each batch was seen.
    var runningLoss: Double { weight > 0 ? lossSum / weight : 0 }
    var runningAccuracy: Double { classified > 0 ? correct / classified : 0 }

    /// Moves θ and rounds it to what the training computes in. Tells whether all of θ is finite.
    mutating func move(along gradient: [Double], learningRate: Double, _ precision: Precision) -> Bool {
        optimizer.update(&theta, gradient: gradient, learningRate: learningRate, step: step)
        step += 1
        stepInEpoch += 1
        theta.withUnsafeMutableBufferPointer { theta in
            if precision == .float { for i in theta.indices { theta[i] = Double(Float(theta[i])) } }
        }
        return Self.isFinite(theta)
    }

    /// Counts a batch to the epoch's running means and its statistics to the running averages.
    mutating func see(_ batch: BatchGradient.Batch, count: Int, _ layout: ParameterLayout, _ precision: Precision) {
        lossSum += batch.loss * batch.weight
        weight += batch.weight
        classified += batch.classified
        correct += batch.correct ?? 0
        examples += count
        for (index, values) in batch.statistics {
            let first = layout.offsets[index]
            for (i, value) in values.enumerated() {
                let mean = (1 - Self.averagingShare) * buffers[first + i] + Self.averagingShare * value
                buffers[first + i] = precision.rounded(mean)
            }
        }
    }

    /// Whether steps were taken that no record of an epoch tells of: its evaluation did not come to an end.
    var isUnrecorded: Bool { stepInEpoch > 0 && history.last?.step != step }

    mutating func beginEpoch() {
        (stepInEpoch, lossSum, correct, examples, weight, classified) = (0, 0, 0, 0, 0, 0)
    }

    /// Whether no number is infinite or NaN.
    static func isFinite(_ values: [Double]) -> Bool {
        // x·0 is 0 for finite numbers and NaN for all others.
        values.withUnsafeBufferPointer { $0.reduce(0) { $0 + $1 * 0 } == 0 }
    }
}
