import ArrayFiles
import Autodiff
import Datasets
import Foundation
import Networks
import Objectives
import Tensors
import TestSupport

/// A network with numbers that PyTorch computed in Float64 (Tests/Fixtures/README.md).
public struct Reference {
    public let name: String
    public let network: Network
    public let theta: [Double], buffers: [Double]
    public let data: Dataset
    public let numbers: [String: Any]

    public static let fixtures = Fixtures.folder.path

    public static func mlp() throws -> Reference {
        try Reference("mlp_digits", Network("mlp:64-32-10", inputShape: [64], outputs: 10))
    }

    /// conv(6, 3×3)-BN-ReLU-maxpool2-conv(12, 3×3, no bias)-BN-ReLU-avgpool2-fc32-ReLU-fc10 on 1×8×8.
    public static func cnn() throws -> Reference {
        let architecture = Architecture { b, x in
            var h = b.batchNorm(b.convolution(b.channelsLast(x), "conv1", 6, kernel: 3, padding: 1), "bn1").relu()
            h = b.convolution(b.maxPool(h, 2), "conv2", 12, kernel: 3, padding: 1, bias: false)
            h = b.flatten(b.averagePool(b.batchNorm(h, "bn2").relu(), 2))
            return b.dense(b.dense(h, "fc1", 32).relu(), "fc2", 10)
        }
        return try Reference(
            "cnn_digits", Network(architecture, specification: "cnn", inputShape: [1, 8, 8], outputs: 10))
    }

    public struct Unreadable: Error {
        let what: String
    }

    private init(_ name: String, _ network: Network) throws {
        self.name = name
        self.network = network
        let folder = Self.fixtures + "/" + name
        let weights = try Safetensors.read(folder + "/model.safetensors")
        func values(_ layout: ParameterLayout) throws -> [Double] {
            try layout.tensors.flatMap { tensor in
                guard let array = weights[tensor.name], array.shape == tensor.shape else {
                    throw Unreadable(what: tensor.name)
                }
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
        guard let numbers = try JSONSerialization.jsonObject(with: json) as? [String: Any] else {
            throw Unreadable(what: "reference.json")
        }
        self.numbers = numbers
    }

    public func vector(_ file: String) throws -> [Double] {
        try NPY.read(Self.fixtures + "/\(name)/\(file).npy").doubles
    }
    public func number(_ key: String) -> Double { numbers[key] as? Double ?? .nan }
    public func list(_ key: String) -> [Double] { numbers[key] as? [Double] ?? [] }

    public func objective(
        _ precision: Precision = .double, batchSize: Int? = nil, batchNorm: BatchNormMode = .stored,
        memory: Int = 1 << 30
    ) throws
        -> NetworkObjective
    {
        try NetworkObjective(
            network: network, statistics: buffers, data: data, loss: .crossEntropy(labelSmoothing: 0),
            batchNorm: batchNorm,
            precision: precision, batchSize: batchSize, memory: MemoryBudget(limit: memory))
    }
}

/// Largest difference over the largest number of `b`.
public func relativeError(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let scale = b.reduce(1e-300) { max($0, abs($1)) }
    return zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).isFinite ? abs($1.0 - $1.1) : .infinity) } / scale
}
