import Datasets
import Models
import Objectives
import Tensors

/// An average of the weights that a training went through, kept in Float64 beside them and written beside the final checkpoint: with
/// `ckpt.bin` as `ckpt.ema.bin` and `ckpt.swa.bin`.
public enum WeightAverage: String, Sendable, Codable, CaseIterable {
    /// The exponential moving average a ← d a + (1 − d) θ after every step, which begins with the first step's θ, as PyTorch's
    /// `AveragedModel` with `get_ema_multi_avg_fn(d)`.
    case ema
    /// The mean of θ at the end of every epoch from one on: stochastic weight averaging (Izmailov et al. 2018, arXiv 1803.05407). There the
    /// learning rate is constant or cyclic by then; with one that falls to 0 the average hardly differs from its last θ.
    case swa

    /// The name that a training's state keeps it by.
    var key: String { rawValue + "_weights" }

    /// What an average was found to be.
    public struct Result: Sendable {
        /// Which one.
        public let average: WeightAverage
        /// The checkpoint; nil where nothing is written.
        public let file: String?
        /// How many points it is a mean of: steps, or epochs.
        public let count: Int
        /// Over the whole splits, with statistics of batch normalisation that were measured at the average.
        public let train: Evaluation, test: Evaluation?
    }
}

extension TrainingConfiguration {
    /// The averages that a state has after so many steps and epochs, with how many points each is a mean of.
    func averages(step: Int, epoch: Int) -> [(average: WeightAverage, count: Int)] {
        [
            (WeightAverage.ema, ema == nil ? 0 : step), (.swa, swaStart.map { max(0, epoch - $0 + 1) } ?? 0),
        ].filter { $0.1 > 0 }
    }
}

extension TrainingState {
    /// Counts θ to the moving average, after a step.
    mutating func averageStep(_ configuration: TrainingConfiguration) {
        guard let decay = configuration.ema else { return }
        guard var average = optimizer.state.removeValue(forKey: WeightAverage.ema.key) else {
            optimizer.state[WeightAverage.ema.key] = theta
            return
        }
        Vectors.scale(&average, by: decay)
        Vectors.add(1 - decay, theta, to: &average)
        optimizer.state[WeightAverage.ema.key] = average
    }

    /// Counts θ to the mean over epochs, after a whole one.
    mutating func averageEpoch(_ configuration: TrainingConfiguration) {
        guard let start = configuration.swaStart, epoch >= start else { return }
        guard var average = optimizer.state.removeValue(forKey: WeightAverage.swa.key) else {
            optimizer.state[WeightAverage.swa.key] = theta
            return
        }
        // a + (θ − a)/n
        let share = 1 / Double(epoch - start + 1)
        Vectors.scale(&average, by: 1 - share)
        Vectors.add(share, theta, to: &average)
        optimizer.state[WeightAverage.swa.key] = average
    }
}

extension Trainer {
    /// The averages at the end of a training, written and evaluated.
    ///
    /// - Throws: `FileError` where a checkpoint cannot be written; what the objective throws.
    func writeAverages(_ files: inout CheckpointSeries) throws -> [WeightAverage.Result] {
        try configuration.averages(step: state.step, epoch: state.epoch).compactMap { average, count in
            guard let weights = state.optimizer.state[average.key] else { return nil }
            var averaged = state
            averaged.theta = weights.map(configuration.precision.rounded)
            averaged.optimizer.state = [:]
            averaged.buffers = try statistics(at: averaged.theta)
            var checkpoint = averaged.checkpoint(
                configuration, network, data, loss: loss.specification, tool: tool, other: carried)
            checkpoint.metadata.training?.derivation = average.rawValue
            let file = try files.write(checkpoint, labelled: average.rawValue)
            func evaluation(on data: Dataset) throws -> Evaluation {
                try objective(on: data).with(statistics: averaged.buffers).evaluate(at: averaged.theta)
            }
            return WeightAverage.Result(
                average: average, file: file, count: count, train: try evaluation(on: data.train),
                test: try data.test.map(evaluation))
        }
    }

    /// The network's buffers as the training data have them at a point; those of the training where nothing is normalised by batch.
    private func statistics(at theta: [Double]) throws -> [Double] {
        guard network.buffers.count > 0 else { return state.buffers }
        let objective = try NetworkObjective(
            network: network, statistics: state.buffers, data: data.train, loss: loss, batchNorm: .batch,
            precision: configuration.precision,
            batchSize: ObjectiveError.normalizableBatch(
                of: data.train.count, most: min(configuration.batchSize, configuration.m ?? .max)), memory: memory)
        return try objective.batchStatistics(at: theta).map(configuration.precision.rounded)
    }
}
