import ArrayFiles
import Autodiff
import Datasets
import Foundation
import Networks
import Tensors
import Testing

@testable import Objectives

/// A network with numbers that PyTorch computed in Float64 (Tests/Fixtures/README.md).
struct Reference {
    let name: String
    let network: Network
    let theta: [Double], buffers: [Double]
    let data: Dataset
    let numbers: [String: Any]

    static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures").path

    static func mlp() throws -> Reference {
        try Reference("mlp_digits", Network("mlp:64-32-10", inputShape: [64], outputs: 10))
    }

    /// conv(6, 3×3)-BN-ReLU-maxpool2-conv(12, 3×3, no bias)-BN-ReLU-avgpool2-fc32-ReLU-fc10 on 1×8×8.
    static func cnn() throws -> Reference {
        let architecture = Architecture { b, x in
            var h = b.batchNorm(b.convolution(b.channelsLast(x), "conv1", 6, kernel: 3, padding: 1), "bn1").relu()
            h = b.convolution(b.maxPool(h, 2), "conv2", 12, kernel: 3, padding: 1, bias: false)
            h = b.flatten(b.averagePool(b.batchNorm(h, "bn2").relu(), 2))
            return b.dense(b.dense(h, "fc1", 32).relu(), "fc2", 10)
        }
        return try Reference("cnn_digits", Network(architecture, specification: "cnn", inputShape: [1, 8, 8], outputs: 10))
    }

    private init(_ name: String, _ network: Network) throws {
        self.name = name
        self.network = network
        let folder = Self.fixtures + "/" + name
        let weights = try Safetensors.read(folder + "/model.safetensors")
        func values(_ layout: ParameterLayout) throws -> [Double] {
            try layout.tensors.flatMap { tensor in
                let array = try #require(weights[tensor.name], "\(tensor.name)")
                #expect(array.shape == tensor.shape)
                return array.doubles
            }
        }
        theta = try values(network.parameters)
        buffers = try values(network.buffers)
        let x = try NPY.read(folder + "/eval_x.npy"), y = try NPY.read(folder + "/eval_y.npy")
        data = Dataset(
            name: name, inputs: .floats(x.floats), exampleShape: network.inputShape,
            targets: .classes(try y.integers().map { Int32($0) }, count: 10))
        let json = try Data(contentsOf: URL(fileURLWithPath: folder + "/reference.json"))
        numbers = try #require(JSONSerialization.jsonObject(with: json) as? [String: Any])
    }

    func vector(_ file: String) throws -> [Double] { try NPY.read(Self.fixtures + "/\(name)/\(file).npy").doubles }
    func number(_ key: String) -> Double { numbers[key] as? Double ?? .nan }
    func list(_ key: String) -> [Double] { numbers[key] as? [Double] ?? [] }

    func objective(_ precision: Precision = .double, batchSize: Int? = nil, batchNorm: BatchNormMode = .stored, memory: Int = 1 << 30) throws
        -> NetworkObjective
    {
        try NetworkObjective(
            network: network, bufferValues: buffers, data: data, loss: .crossEntropy(labelSmoothing: 0), batchNorm: batchNorm,
            precision: precision, batchSize: batchSize, memoryLimit: memory)
    }
}

/// Largest difference over the largest number of `b`.
func relativeError(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let scale = b.reduce(1e-300) { max($0, abs($1)) }
    return zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).isFinite ? abs($1.0 - $1.1) : .infinity) } / scale
}
