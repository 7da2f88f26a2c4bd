import Autodiff
import Datasets
import Networks
import Tensors

@testable import Objectives

/// Small smooth networks with data and a loss: every kind of layer and loss, where derivatives of all orders exist.
struct SmoothModel: CustomStringConvertible, Sendable {
    let description: String
    let network: Network
    let loss: Loss
    var mode = BatchNormMode.stored

    static let all: [SmoothModel] = {
        func named(
            _ model: String, _ shape: [Int], _ activation: NetworkOptions.Activation? = nil,
            _ norm: NetworkOptions.Normalization? = nil
        ) -> Network {
            do {
                return try Network(
                    model, inputShape: shape, outputs: 3,
                    options: NetworkOptions(activation: activation, normalization: norm))
            } catch {
                preconditionFailure("\(error)")
            }
        }
        // Convolution, norm, tanh, average pooling.
        let convolutional = Network(
            Architecture { b, x in
                let h = b.batchNorm(b.convolution(b.channelsLast(x), "conv1", 4, kernel: 3, padding: 1), "bn1").tanh()
                return b.dense(b.flatten(b.averagePool(h, 2)), "fc", 3)
            }, specification: "cnn", inputShape: [2, 4, 6], outputs: 3)
        let grouped = Network(
            Architecture { b, x in
                let h = b.groupNorm(
                    b.convolution(b.channelsLast(x), "conv", 6, kernel: 3, stride: 2, padding: 1, groups: 2), "gn",
                    groups: 3)
                return b.dense(b.globalAveragePool(h.silu()), "fc", 3)
            }, specification: "group", inputShape: [4, 5, 5], outputs: 3)
        let plain = Loss.crossEntropy(labelSmoothing: 0), vit = "vit:patch=2,dim=8,depth=1,heads=2"
        return [
            SmoothModel(
                description: "mlp, tanh, cross-entropy", network: named("mlp:7-6-5-3", [7], .tanh), loss: plain),
            SmoothModel(
                description: "mlp, gelu, label smoothing", network: named("mlp:7-6-3", [7], .gelu),
                loss: .crossEntropy(labelSmoothing: 0.2)),
            SmoothModel(
                description: "mlp, silu, mse", network: named("mlp:7-6-3", [7], .silu), loss: .meanSquaredError),
            SmoothModel(
                description: "mlp, tanh, half mse", network: named("mlp:7-6-3", [7], .tanh), loss: .halfMeanSquaredError
            ),
            SmoothModel(
                description: "mlp, tanh, bce", network: named("mlp:7-6-3", [7], .tanh), loss: .binaryCrossEntropy),
            SmoothModel(description: "cnn, stored statistics", network: convolutional, loss: plain),
            SmoothModel(description: "cnn, batch statistics", network: convolutional, loss: plain, mode: .batch),
            SmoothModel(description: "group norm, silu", network: grouped, loss: plain),
            SmoothModel(
                description: "resnet8, tanh, batch statistics", network: named("resnet8", [1, 4, 4], .tanh),
                loss: plain, mode: .batch),
            SmoothModel(
                description: "resnet8:B, silu, layer norm", network: named("resnet8:B", [1, 4, 4], .silu, .layer),
                loss: plain),
            SmoothModel(description: "vit", network: named(vit, [1, 4, 4]), loss: plain),
            SmoothModel(
                description: "vit, tanh, bce", network: named(vit, [1, 4, 4], .tanh), loss: .binaryCrossEntropy),
        ]
    }()

    /// Nine examples: with three at a time, or all at once where statistics are those of the batch.
    func objective() throws -> NetworkObjective {
        let n = 9, random = RandomNumbers(seed: 21), size = network.inputShape.reduce(1, *)
        let labels = (0..<n).map { Int32($0 % 3) }
        let targets: Dataset.Targets =
            loss.takesClasses
            ? .classes(labels, count: 3) : .values((0..<(n * 3)).map(random.named("targets").uniform(at:)), width: 3)
        let data = Dataset(
            name: "random", inputs: .doubles(random.normals(n * size)), exampleShape: network.inputShape,
            targets: targets)
        // Buffers that are not those of a new network: means near 0, variances in [½, 3/2).
        let buffers = network.buffers.tensors.enumerated().flatMap { i, tensor in
            (0..<tensor.count).map {
                (tensor.name.hasSuffix("var") ? 0.5 : -0.5) + random.named("buffer\(i)").uniform(at: $0)
            }
        }
        return try NetworkObjective(
            network: network, statistics: buffers, data: data, loss: loss, batchNorm: mode, precision: .double,
            batchSize: mode == .batch ? n : 4)
    }

    /// Away from the special values that scales and shifts start from.
    var theta: [Double] {
        let start = network.parameters.initialValues(seed: 3), noise = direction(4)
        return zip(start, noise).map { $0 + 0.1 * $1 }
    }

    func direction(_ seed: UInt64) -> [Double] {
        RandomNumbers(seed: seed).named("direction").normals(network.parameters.count)
    }
}
