import ArgumentParser
import Foundation
import Landscape

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract:
            "Makes a checkpoint of a network trained elsewhere: an ONNX model, or weights and the --model that they are of."
    )

    @Argument(
        help: "An .onnx model, or weights in PyTorch's layout: .safetensors, .npz, or .pt, .pth, .th of torch.save.",
        completion: .file(extensions: ["onnx", "safetensors", "pt", "pth", "th", "npz"]))
    var file: String
    @Option(
        help: "What weights are of: the .onnx file of their graph, or one of \(Architecture.names). Not for .onnx.",
        completion: .file(extensions: ["onnx"]))
    var model: String?
    @Option(help: "\(DataSpecification.forms).") var data: String
    @Option(name: .customShort("o"), help: "Where the checkpoint goes.") var output = "ckpt.bin"
    @Option(help: "cross-entropy, mse, half-mse or bce; by default what suits the data.") var loss: String?
    @Option(help: "relu, gelu, tanh or silu instead of the model's own.") var activation: NetworkOptions.Activation?
    @Option(help: "batch, layer, group or none instead of the model's own.") var norm: NetworkOptions.Normalization?
    @Option(help: "float or double: what the weights are stored in (default float; of a graph as the weights are).")
    var precision: Precision?
    @Option(help: "For an .onnx graph: θ is the tensors of this name or pattern, such as 'layer4.*'; may be repeated.")
    var parameters: [String] = []
    @Option(help: "For an .onnx graph: tensors of this name or pattern are no part of θ; may be repeated.")
    var freeze: [String] = []
    @OptionGroup var standardization: StandardizationOptions
    @OptionGroup var general: GeneralOptions

    func run() throws {
        general.prepare()
        try OutputFile.checkWritable(output)
        let isGraph = file.lowercased().hasSuffix(".onnx")
        if isGraph, model != nil {
            throw UnusableRequest("--model is for weights; \(file) is a whole model")
        }
        if isGraph { return try importGraph(file, weights: nil) }
        guard let model else {
            throw UnusableRequest(
                "--model is missing: \(file) holds weights, so name the model that they are of, or its .onnx file")
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
