import Testing

@testable import Networks

/// Options that a model cannot honour are refused, and those that it can change it.
@Suite struct OfferedOptionsTests {
    /// For every architecture: whether its activation can be chosen, and which norms.
    static let models: [(name: String, shape: [Int], activates: Bool, norms: Set<NetworkOptions.Normalization>)] = [
        ("linear", [64], false, [.none]), ("mlp:64-10", [64], false, [.none]),
        ("mlp:64-8-10", [64], true, [.batch, .layer, .none]), ("mlp:64-8-4-10", [64], true, [.batch, .layer, .none]),
        ("lenet", [1, 8, 8], true, [.none]), ("vgg11", [1, 8, 8], true, [.batch, .layer, .group, .none]),
        ("resnet8", [1, 8, 8], true, [.batch, .layer, .group, .none]),
        ("resnet8:noshort", [1, 8, 8], true, [.batch, .layer, .group, .none]),
        ("resnet18", [1, 8, 8], true, [.batch, .layer, .group, .none]),
        ("wrn-10-1", [1, 8, 8], true, [.batch, .layer, .group, .none]),
        ("vit:dim=8,depth=1,heads=2", [1, 8, 8], true, [.layer]),
        ("transformer:vocab=5,dim=8,depth=1,heads=2", [6], true, [.layer]),
    ]

    private func network(_ name: String, _ shape: [Int], _ options: NetworkOptions) throws -> Network {
        try Network(
            name, inputShape: shape, takesTokens: Network.takesTokens(name), outputs: 10, options: options)
    }

    @Test(arguments: models.indices) func everyOption(_ index: Int) throws {
        let model = Self.models[index]
        for norm in NetworkOptions.Normalization.allCases {
            let options = NetworkOptions(normalization: norm)
            if model.norms.contains(norm) {
                _ = try network(model.name, model.shape, options)
            } else {
                let error = #expect(throws: NetworkError.self) { try network(model.name, model.shape, options) }
                guard case .optionWithoutEffect(_, "norm", norm.rawValue, let expected, _) = error else {
                    Issue.record("\(model.name) \(norm): \(String(describing: error))")
                    continue
                }
                #expect(Set(expected) == Set(model.norms.map(\.rawValue)))
            }
        }
        for activation in NetworkOptions.Activation.allCases {
            let options = NetworkOptions(activation: activation)
            if model.activates {
                _ = try network(model.name, model.shape, options)
            } else {
                #expect(throws: NetworkError.self) { try network(model.name, model.shape, options) }
            }
        }
    }

    /// Norms of a multilayer perceptron stand after every hidden layer, under PyTorch users' names.
    @Test func normsOfPerceptrons() throws {
        for (norm, prefix) in [(NetworkOptions.Normalization.batch, "bn"), (.layer, "ln")] {
            let network = try network("mlp:64-8-4-10", [64], NetworkOptions(normalization: norm))
            let names = network.parameters.tensors.map(\.name)
            #expect(
                names == [
                    "fc1.weight", "fc1.bias", "\(prefix)1.weight", "\(prefix)1.bias", "fc2.weight", "fc2.bias",
                    "\(prefix)2.weight", "\(prefix)2.bias", "fc3.weight", "fc3.bias",
                ])
            #expect(network.buffers.tensors.count == (norm == .batch ? 4 : 0))
            #expect(network.canonicalSpecification == "mlp:64-8-4-10;norm=\(norm.rawValue)")
        }
    }

    /// Checkpoints of earlier programs are named by options that did nothing: they open as what they are.
    @Test func namesOfOldCheckpoints() {
        for (old, tensors, now) in [
            ("mlp:5-8-3;norm=batch", ["fc1.weight", "fc1.bias"], "mlp:5-8-3"),
            ("mlp:5-8-3;activation=tanh;norm=layer", ["fc1.weight"], "mlp:5-8-3;activation=tanh"),
            ("mlp:5-8-3;norm=batch", ["fc1.weight", "bn1.weight"], "mlp:5-8-3;norm=batch"),
            ("mlp:5-8-3;norm=layer", ["fc1.weight", "ln1.weight"], "mlp:5-8-3;norm=layer"),
            ("linear;activation=tanh", ["fc.weight"], "linear"), ("lenet;norm=group", ["conv1.weight"], "lenet"),
            ("vit:dim=8;norm=none", ["pos"], "vit:dim=8"),
            ("resnet20;norm=none", ["conv1.weight"], "resnet20;norm=none"),
            ("no model;at=all", [], "no model;at=all"),
        ] {
            #expect(NetworkOptions.effective(old, tensors: tensors) == now)
        }
    }

    /// Which batches of one example give a norm one value a channel.
    @Test func needsTwoExamples() throws {
        for (name, shape, norm, expected) in [
            ("mlp:64-8-10", [64], NetworkOptions.Normalization?.some(.batch), true), ("mlp:64-8-10", [64], nil, false),
            ("mlp:64-8-10", [64], .layer, false), ("vgg11", [1, 8, 8], nil, true), ("vgg11", [1, 32, 32], nil, false),
            ("resnet8", [1, 8, 8], nil, false), ("resnet8", [1, 4, 4], nil, true), ("linear", [64], nil, false),
        ] {
            let network = try network(name, shape, NetworkOptions(normalization: norm))
            #expect(network.needsTwoExamples == expected, "\(name) \(shape)")
        }
    }
}
