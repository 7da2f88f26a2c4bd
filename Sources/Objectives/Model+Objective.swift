import Datasets
import Models
import Networks
import Tensors

extension Model {
    /// The training loss (see `loss`) of this network on data, with its own buffers.
    ///
    /// - Parameters:
    ///   - loss: nil for the model's own.
    ///   - batchSize: examples taken at once; `nil` for as many as work well in memory.
    ///   - normalizesLogits: whether the loss sees logits of mean 0 and norm 1 (`Network.normalizingLogits`).
    public func objective(
        _ data: Dataset, loss: Loss? = nil, batchNorm: BatchNormMode = .stored, precision: Precision? = nil,
        batchSize: Int? = nil,
        memory: MemoryBudget = MemoryBudget(), normalizesLogits: Bool = false
    ) throws(ObjectiveError) -> NetworkObjective {
        try NetworkObjective(
            network: normalizesLogits ? network.normalizingLogits() : network, statistics: buffers, data: data,
            loss: loss ?? self.loss, batchNorm: batchNorm,
            precision: precision ?? metadata.precision, batchSize: batchSize, memory: memory)
    }
}
