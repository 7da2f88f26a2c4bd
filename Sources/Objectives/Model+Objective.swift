import Datasets
import Models
import Networks
import Tensors

extension Model {
    /// The training loss (see `loss`) of this network on data, with its own buffers.
    ///
    /// - Parameters:
    ///   - memoryLimit: bytes that the process may take; see `NetworkObjective`.
    ///   - reservedBytes: what the caller takes of it for more than a few vectors.
    ///   - normalizesLogits: whether the loss sees logits of mean 0 and norm 1 (`Network.normalizingLogits`).
    public func objective(
        _ data: Dataset, batchNorm: BatchNormMode = .stored, precision: Precision? = nil, batchSize: Int? = nil,
        memoryLimit: Int? = nil, reservedBytes: Int = 0, normalizesLogits: Bool = false
    ) throws(ObjectiveError) -> NetworkObjective {
        try NetworkObjective(
            network: normalizesLogits ? network.normalizingLogits() : network, bufferValues: buffers, data: data,
            loss: loss, batchNorm: batchNorm,
            precision: precision ?? metadata.precision, batchSize: batchSize, memoryLimit: memoryLimit,
            reservedBytes: reservedBytes)
    }
}
