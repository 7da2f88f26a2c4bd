import Autodiff
import GraphEvaluation
import Tensors
import Testing

@testable import Networks

/// Names, shapes and numbers of parameters, and that every architecture builds on every shape that it takes.
@Suite struct ArchitectureTests {
    /// Known counts: LeNet-5 on 28×28 and the CIFAR ResNets of He et al. as akamaster's PyTorch implementation has them.
    @Test(arguments: [
        ("lenet", [1, 28, 28], 10, 61_706), ("resnet20", [3, 32, 32], 10, 269_722),
        ("resnet32", [3, 32, 32], 10, 464_154),
        ("resnet44", [3, 32, 32], 10, 658_586), ("resnet56", [3, 32, 32], 10, 853_018),
        ("resnet110", [3, 32, 32], 10, 1_727_962),
        // Option B has 16·32 + 32·64 weights and two scales and two shifts of each more.
        ("resnet20:B", [3, 32, 32], 10, 269_722 + 512 + 64 + 2048 + 128),
        ("resnet20:noshort", [3, 32, 32], 10, 269_722),
        ("linear", [3, 32, 32], 10, 30_730), ("mlp:64-32-10", [64], 10, 2410), ("mlp:64-32-10", [1, 8, 8], 10, 2410),
        // VGG-11 with batch norm: 9 217 728 weights of convolutions (no biases), 2 · 2752 of norms, 5130 of the dense layer.
        ("vgg11", [3, 32, 32], 10, 9_217_728 + 5504 + 5130),
        // Embedding 48·128 + 128, 64 positions, six blocks of 198 272, a norm of 256, a head of 1290.
        // As PyTorch counts those of torchvision, kuangliu and xternalz.
        ("resnet18", [3, 32, 32], 10, 11_173_962), ("resnet18:imagenet", [3, 32, 32], 10, 11_181_642),
        ("resnet34:imagenet", [3, 224, 224], 1000, 21_797_672), ("wrn-10-2", [3, 32, 32], 10, 303_706),
        ("wrn-16-1", [3, 32, 32], 10, 175_066), ("wrn-28-10", [3, 32, 32], 10, 36_479_194),
        ("vit", [3, 32, 32], 10, 6272 + 8192 + 6 * 198_272 + 256 + 1290),
    ])
    func parameterCounts(_ model: String, _ shape: [Int], _ outputs: Int, _ count: Int) throws {
        #expect(try Network(model, inputShape: shape, outputs: outputs).parameters.count == count)
    }

    /// A table of 50 rows, 12 positions, two blocks of 12 704, a norm, a head of 165; as a PyTorch module of the same names counts.
    @Test func tokens() throws {
        let network = try Network(
            "transformer:vocab=50,dim=32,depth=2,heads=4", inputShape: [12], takesTokens: true, outputs: 5)
        #expect(network.parameters.count == 50 * 32 + 12 * 32 + 2 * 12_704 + 64 + 165 && network.vocabulary == 50)
        #expect(network.parameters.tensors[0].name == "embed.weight")
        #expect(throws: NetworkError.takesTokens(model: "transformer:vocab=5")) {
            try Network("transformer:vocab=5", inputShape: [12], outputs: 5)
        }
        for options in ["", ":vocab=0", ":dim=4", ":vocab=5,dim=6,heads=4", ":vocab=5,depth=x", ":vocab=99999999999"] {
            #expect(throws: NetworkError.self) {
                try Network("transformer" + options, inputShape: [12], takesTokens: true, outputs: 5)
            }
        }
        #expect(throws: NetworkError.self) {
            try Network("transformer:vocab=5", inputShape: [1, 8, 8], takesTokens: true, outputs: 5)
        }
    }

    @Test func resnetNamesAndShapes() throws {
        let network = try Network("resnet20", inputShape: [3, 32, 32], outputs: 10)
        let shapes = Dictionary(uniqueKeysWithValues: network.parameters.tensors.map { ($0.name, $0.shape) })
        #expect(shapes.count == 19 + 2 * 19 + 2)
        for (name, shape) in [
            ("conv1.weight", [16, 3, 3, 3]), ("bn1.weight", [16]), ("bn1.bias", [16]),
            ("layer1.0.conv1.weight", [16, 16, 3, 3]),
            ("layer2.0.conv1.weight", [32, 16, 3, 3]), ("layer2.0.bn2.bias", [32]),
            ("layer3.2.conv2.weight", [64, 64, 3, 3]),
            ("linear.weight", [10, 64]), ("linear.bias", [10]),
        ] { #expect(shapes[name] == shape, "\(name)") }
        let buffers = network.buffers.tensors.map(\.name)
        #expect(
            buffers.count == 2 * 19 && buffers.contains("layer3.0.bn1.running_mean")
                && buffers.contains("bn1.running_var"))
        let projected = try Network("resnet20:B", inputShape: [3, 32, 32], outputs: 10)
        let names = projected.parameters.tensors.map(\.name)
        #expect(names.contains("layer2.0.shortcut.0.weight") && names.contains("layer3.0.shortcut.1.bias"))
        #expect(!names.contains("layer1.0.shortcut.0.weight"))
    }

    /// Tensors follow each other without gaps.
    @Test func layoutsHaveNoGaps() throws {
        let layout = try Network("resnet20:B", inputShape: [3, 32, 32], outputs: 10).parameters
        var next = 0
        for i in layout.tensors.indices {
            #expect(layout.range(i) == next..<(next + layout.tensors[i].shape.reduce(1, *)))
            next = layout.range(i).upperBound
        }
        #expect(next == layout.count)
    }

    /// The whole network, its loss and its gradient can be built and evaluated; logits are finite and differ among examples.
    @Test(arguments: [
        ("linear", [1, 8, 8]), ("linear", [5]), ("mlp:35-3", [1, 5, 7]), ("mlp:64-7-5-3", [64]), ("lenet", [1, 8, 8]),
        ("lenet", [3, 32, 32]),
        ("lenet", [1, 28, 28]), ("lenet", [2, 9, 13]), ("vgg11", [1, 8, 8]), ("vgg11", [3, 9, 17]),
        ("resnet8", [1, 8, 8]),
        ("resnet8", [3, 32, 32]), ("resnet8:B", [1, 28, 28]), ("resnet8:noshort", [2, 5, 7]), ("resnet14", [3, 4, 4]),
        ("vit:patch=2,dim=12,depth=1,heads=3", [1, 8, 8]), ("vit:patch=7,dim=8,depth=2,heads=2", [1, 28, 28]),
        ("vit:patch=1,dim=4,depth=1,heads=1", [1, 5, 7]), ("vit:dim=16,depth=1,heads=2", [3, 32, 32]),
    ])
    func buildsAndRuns(_ model: String, _ shape: [Int]) throws {
        let network = try Network(model, inputShape: shape, outputs: 3)
        for mode in BatchNormMode.allCases {
            let graph = Graph(), n = 3
            let built = network.build(in: graph, batch: n, batchNorm: mode)
            let label = graph.input("label", TensorType([n], .index), .data)
            let loss = Loss.crossEntropy(labelSmoothing: 0).values(built.output, target: label).sum()
            let gradient = graph.gradient(of: loss, at: built.parameters)
            let run = GraphRun(graph, [built.output, loss] + gradient, .float)
            run.bind(built.input, RandomNumbers(seed: 1).normals(built.input.type.count))
            run.bind(label, indices: [0, 2, 1])
            run.bindTensors(built.parameters, network.parameters.initialValues(seed: 2))
            run.bindTensors(built.buffers, network.buffers.initialValues(seed: 2))
            run.run()
            let logits = run.numbers(built.output)
            #expect(logits.allSatisfy { $0.isFinite } && logits[0] != logits[3] && logits[3] != logits[6])
            // From random weights, three classes cost about ln 3 each; far from it, something is wrong with the scale.
            #expect((0.5...40) ~= run.numbers(loss)[0])
            let norms = gradient.map { run.numbers($0).reduce(0) { $0 + $1 * $1 } }
            #expect(norms.allSatisfy { $0.isFinite } && norms.last! > 0 && norms.first! > 0)
        }
    }

    @Test(arguments: NetworkOptions.Activation.allCases, NetworkOptions.Normalization.allCases)
    func options(_ activation: NetworkOptions.Activation, _ normalization: NetworkOptions.Normalization) throws {
        let options = NetworkOptions(activation: activation, normalization: normalization)
        let network = try Network("resnet8", inputShape: [3, 8, 8], outputs: 10, options: options)
        #expect(network.buffers.tensors.isEmpty == (normalization != .batch))
        #expect(network.parameters.tensors.contains { $0.name == "bn1.weight" } == (normalization != .none))
    }

    /// Batch statistics: the mean and the unbiased variance of what a norm sees, recorded for the running averages.
    @Test func recordedStatistics() throws {
        let architecture = Architecture { b, x in b.globalAveragePool(b.batchNorm(b.channelsLast(x), "bn")) }
        let network = Network(architecture, specification: "bn", inputShape: [2, 3, 5], outputs: 2)
        let graph = Graph(), n = 4
        let built = network.build(in: graph, batch: n, batchNorm: .batch)
        let statistics = built.statistics.compactMap { $0 }
        #expect(network.buffers.tensors.map(\.name) == ["bn.running_mean", "bn.running_var"] && statistics.count == 2)
        let run = GraphRun(graph, statistics, .double)
        let x = RandomNumbers(seed: 3).normals(n * 30).map { 2 + 3 * $0 }
        run.bind(built.input, x)
        run.run()
        for channel in 0..<2 {
            let seen = x.indices.filter { $0 / 15 % 2 == channel }.map { x[$0] }
            let mean = seen.reduce(0, +) / Double(seen.count)
            let variance = seen.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(seen.count - 1)
            // Sixty numbers of size 10 in Float64.
            #expect(abs(run.numbers(statistics[0])[channel] - mean) < 1e-13)
            #expect(abs(run.numbers(statistics[1])[channel] - variance) < 1e-12)
        }
    }
}
