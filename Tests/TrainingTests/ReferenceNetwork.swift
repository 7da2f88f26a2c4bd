import Datasets
import Networks
import Objectives
import ReferenceModels
import Testing

@testable import Training

/// The fixture `mlp_digits`, with numbers of PyTorch in Float64 (Tests/Fixtures/README.md).
struct ReferenceNetwork {
    let reference: Reference
    /// `sharpness` of reference.json.
    let sharpness: [String: Any]
    var network: Network { reference.network }
    var theta: [Double] { reference.theta }
    var data: Dataset { reference.data }

    static let folder = Reference.fixtures + "/mlp_digits"

    init() throws {
        reference = try Reference.mlp()
        sharpness = try #require(reference.numbers["sharpness"] as? [String: Any])
    }

    func number(_ key: String) -> Double { sharpness[key] as? Double ?? .nan }

    func gradients(batchSize: Int, memoryLimit: Int = 1 << 30) throws -> BatchGradient {
        try BatchGradient(
            network: network, data: data, loss: .crossEntropy(labelSmoothing: 0), batchSize: batchSize,
            precision: .double,
            memory: MemoryBudget(limit: memoryLimit))
    }
}
