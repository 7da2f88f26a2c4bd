import ArrayFiles
import Datasets
import Foundation
import Networks
import Objectives
import Testing

@testable import Training

/// The fixture `mlp_digits`, with numbers of PyTorch in Float64 (Tests/Fixtures/README.md).
struct ReferenceNetwork {
    let network: Network
    let theta: [Double]
    let data: Dataset
    /// `sharpness` of reference.json.
    let sharpness: [String: Any]

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/mlp_digits").path

    init() throws {
        network = try Network("mlp:64-32-10", inputShape: [64], outputs: 10)
        let weights = try Safetensors.read(Self.folder + "/model.safetensors")
        theta = try network.parameters.tensors.flatMap { try #require(weights[$0.name]).doubles }
        let x = try NPY.read(Self.folder + "/eval_x.npy"), y = try NPY.read(Self.folder + "/eval_y.npy")
        data = Dataset(
            name: "mlp_digits", inputs: .floats(x.floats), exampleShape: [64],
            targets: .classes(try y.integers().map { Int32($0) }, count: 10))
        let json = try Data(contentsOf: URL(fileURLWithPath: Self.folder + "/reference.json"))
        let all = try #require(JSONSerialization.jsonObject(with: json) as? [String: Any])
        sharpness = try #require(all["sharpness"] as? [String: Any])
    }

    func number(_ key: String) -> Double { sharpness[key] as? Double ?? .nan }

    func gradients(batchSize: Int, memoryLimit: Int = 1 << 30) throws -> BatchGradient {
        try BatchGradient(
            network: network, data: data, loss: .crossEntropy(labelSmoothing: 0), batchSize: batchSize,
            precision: .double,
            memory: MemoryBudget(limit: memoryLimit))
    }
}
