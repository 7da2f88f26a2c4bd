import Testing

@testable import Networks

/// Names that are no models, and models that do not fit the data: each a typed error with a message of one line.
@Suite struct NetworkErrorTests {
    private func error(_ model: String, _ shape: [Int] = [3, 32, 32], _ outputs: Int = 10, tokens: Bool = false)
        -> NetworkError?
    {
        do {
            _ = try Network(model, inputShape: shape, takesTokens: tokens, outputs: outputs)
            return nil
        } catch {
            let name = model.prefix { $0 != ":" && $0 != "0" }
            #expect(!error.description.contains("\n") && (name.isEmpty || error.description.contains(name)))
            return error
        }
    }

    @Test(arguments: ["", "lent", "RESNET20", "mlpx:3-4", "res", ":", "vit2"]) func unknownModels(_ model: String) {
        guard case .unknownModel(model) = error(model) else {
            Issue.record("\(model) is accepted")
            return
        }
    }

    @Test(arguments: [
        "mlp", "mlp:", "mlp:64", "mlp:0-10", "mlp:64--10", "mlp:64-10-", "mlp:64-x-10", "mlp:-64-10",
        "mlp:64-99999999999999999999-10",
        "mlp:64-9223372036854775807-10", "linear:3", "lenet:5", "vgg11:bn", "resnet", "resnet21", "resnet2",
        "resnet-20", "resnet20000000",
        "resnet99999999999999999999", "resnet20:C", "resnet20:B:A", "vit:patch", "vit:patch=", "vit:patch=0",
        "vit:patch=-4", "vit:patch=x",
        "vit:patches=4", "vit:dim=128,heads=3", "vit:dim=99999999999999999999", "vit:dim=9223372036854775807",
        "vit:depth=65536",
    ]) func invalidOptions(_ model: String) {
        guard case .invalidOption = error(model, [64]) ?? error(model) else {
            Issue.record("\(model) gives \(String(describing: error(model)))")
            return
        }
    }

    @Test(arguments: [
        ("mlp:64-10", [65]), ("mlp:64-10", [3, 32, 32]), ("lenet", [64]), ("lenet", [28, 28]), ("lenet", [1, 5, 7]),
        ("vgg11", [3, 7, 32]),
        ("resnet20", [3072]), ("resnet20", [3, 3, 32]), ("vit:patch=5", [3, 32, 32]), ("vit:patch=64", [3, 32, 32]),
        ("vit", [3, 32, 32, 1]),
        ("linear", [0]), ("linear", [-5]), ("linear", [3, 0, 32]), ("linear", [.max, .max]),
        ("resnet20", [3, 1 << 40, 1 << 40]),
        ("linear", [1 << 32, 1 << 32]),
    ]) func inputsThatDoNotFit(_ model: String, _ shape: [Int]) {
        guard case .inputMismatch(_, _, shape) = error(model, shape) else {
            Issue.record("\(model) on \(shape) gives \(String(describing: error(model, shape)))")
            return
        }
    }

    @Test func outputsThatDoNotFit() {
        #expect(error("mlp:64-10", [64], 9) == .outputMismatch(model: "mlp:64-10", expected: 9, found: 10))
        for outputs in [0, -1, .max, .min] {
            guard case .tooManyOutputs(_, outputs, _) = error("lenet", [1, 28, 28], outputs) else {
                Issue.record("\(outputs) outputs are accepted")
                continue
            }
        }
    }

    @Test func tokensNeedAModelThatTakesThem() {
        guard case .takesNoTokens = error("mlp:16-10", [16], tokens: true) else {
            Issue.record("tokens are accepted")
            return
        }
    }
}
