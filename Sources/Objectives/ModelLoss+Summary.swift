import Datasets
import Tensors

extension ModelLoss {
    /// What a loss is of, without its programs and its data: what results state.
    public struct Summary: Sendable {
        /// What the model is called, such as its checkpoint's path.
        public let name: String
        /// As the command line names it.
        public let model: String
        /// The name of the data.
        public let data: String
        /// Of the data.
        public let split: Split
        /// n.
        public let examples: Int
        /// What the network computes in.
        public let precision: Precision
        /// Where batch normalisation got its statistics.
        public var statistics: BatchStatistics
        /// Examples whose statistics of batch normalisation are taken together; nil for stored ones.
        public let normalizedBatch: Int?
        /// The loss's name, such as `cross-entropy`.
        public let lossName: String
        /// λ of the term ½λ‖θ‖²; nil where the loss is without it.
        public let weightDecay: Double?
        /// ‖θ‖₂.
        public let weightNorm: Double
    }

    /// What results state of this loss.
    public var summary: Summary {
        Summary(
            name: name, model: model.metadata.model, data: dataName, split: settings.split, examples: data.count,
            precision: settings.precision, statistics: settings.statistics, normalizedBatch: normalizedBatch,
            lossName: lossName,
            weightDecay: includesWeightDecay ? weightDecay : nil, weightNorm: model.weights.norm)
    }
}
