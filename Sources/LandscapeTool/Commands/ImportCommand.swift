import ArgumentParser
import Foundation
import Landscape

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        "import", "Makes a checkpoint of an ONNX model, or of PyTorch weights and their --model.",
        remark: "Afterwards, compare the loss of 'landscape evaluate' with PyTorch's.",
        examples: [
            "landscape import model.onnx --data npz:data.npz -o model.bin",
            "landscape import weights.pt --model mlp:2-32-32-3 --data npz:data.npz",
        ])

    @Argument(
        help: "An ONNX model, or weights in PyTorch's layout: .safetensors, .npz, .pt, .pth or .th.",
        completion: .file(extensions: ["onnx", "safetensors", "pt", "pth", "th", "npz"]))
    var file: String
    @Option(
        help: "The network of the weights: an .onnx file, or \(Architecture.names). Not for an ONNX model.",
        completion: .file(extensions: ["onnx"]))
    var model: String?
    @Option(help: "Data to measure on: \(DataSpecification.forms).") var data: String
    @Option(name: .customShort("o"), help: .file("The checkpoint to write.")) var output = "ckpt.bin"
    @Option(help: "cross-entropy, mse, half-mse or bce (default: what suits model and data).") var loss: String?
    @Option(help: .activation) var activation: NetworkOptions.Activation?
    @Option(help: .norm) var norm: NetworkOptions.Normalization?
    @Option(
        help:
            "Precision in which the weights are stored (default: float; for a graph, the precision of its weights)."
    )
    var precision: Precision?
    @Option(
        help:
            "Take the tensors of this name or pattern as θ, such as 'layer4.*'. For .onnx graphs. Repeatable.")
    var parameters: [String] = []
    @Option(help: "Keep the tensors of this name or pattern out of θ. For .onnx graphs. Repeatable.")
    var freeze: [String] = []
    @OptionGroup var standardization: StandardizationOptions
    @OptionGroup var general: GeneralOptions

    func run() throws {
        try ResultKeys.imported.check(general.keys)
        general.prepare()
        try OutputFile.checkWritable(output)
        let isGraph = file.lowercased().hasSuffix(".onnx")
        if isGraph, model != nil {
            throw UnusableRequest("--model is for weights; \(file) is a whole model")
        }
        if isGraph { return try importGraph(file, weights: nil) }
        guard let model else {
            throw UnusableRequest(
                "--model is missing: \(file) holds weights only; name their model, or the .onnx file of their graph")
        }
        if model.lowercased().hasSuffix(".onnx") { return try importGraph(model, weights: file) }
        guard parameters.isEmpty, freeze.isEmpty else {
            throw UnusableRequest("--parameters and --freeze are for .onnx graphs; found --model \(model)")
        }
        let options = NetworkOptions(activation: activation, normalization: norm)
        try run(.weights(file, of: model + options.suffix))
    }

    /// A model that is a graph of operators, with its own weights or those of another file.
    private func importGraph(_ path: String, weights: String?) throws {
        guard activation == nil, norm == nil else {
            throw UnusableRequest("--activation and --norm are for models of this program; \(path) is a graph")
        }
        try run(.graph(path, weights: weights))
    }

    private func run(_ source: ModelImport.Source) throws {
        var settings = ModelImport(source, data: try DataSpecification(data))
        settings.loss = try loss.map { try Loss(specification: $0) }
        settings.standardization = try standardization.choice
        settings.precision = precision
        (settings.parameters, settings.frozen) = (parameters, freeze)
        settings.tool = Software.name
        let imported = try settings.run()
        let checkpoint = imported.checkpoint
        try checkpoint.write(to: output)
        for note in imported.notes { general.remark(note) }
        let result = JSONValue.object([
            ("command", .string("import")), ("checkpoint", .string(output)),
            ("model", .string(checkpoint.metadata.model)),
            ("data", .string(checkpoint.metadata.data.specification)),
            ("loss_function", .string(checkpoint.metadata.loss)),
            ("parameters", .integer(checkpoint.parameterCount)),
            (
                "operators",
                .array(imported.operators.map { .object([("name", .string($0.name)), ("count", .integer($0.count))]) })
            ),
            ("notes", .array(imported.notes.map { .string($0) })),
        ])
        let line =
            "\(output): \(checkpoint.metadata.model), \(checkpoint.parameterCount) parameters from \(file), loss \(checkpoint.metadata.loss)"
        try general.print(result, [line])
    }
}
