import ArgumentParser
import Datasets
import Foundation
import Networks
import Reporting
import Tensors
import Training

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Makes a checkpoint of weights trained elsewhere: a file of them, a --model and --data.")

    @Argument(
        help: "Weights in PyTorch's layout: .safetensors, .npz, or .pt, .pth, .th of torch.save.",
        completion: .file(extensions: ["safetensors", "pt", "pth", "th", "npz"]))
    var file: String
    @Option(help: "\(Architecture.names).") var model: String
    @Option(help: "\(DataSpecification.forms).") var data: String
    @Option(name: .customShort("o"), help: "Where the checkpoint goes.") var output = "ckpt.bin"
    @Option(help: "cross-entropy, mse, half-mse or bce; by default what suits the data.") var loss: String?
    @Option(help: "relu, gelu, tanh or silu instead of the model's own.") var activation: NetworkOptions.Activation?
    @Option(help: "batch, layer, group or none instead of the model's own.") var norm: NetworkOptions.Normalization?
    @Option(help: "float or double: what the weights are stored in.") var precision = Precision.float
    @OptionGroup var standardization: StandardizationOptions
    @OptionGroup var general: GeneralOptions

    func run() throws {
        general.prepare()
        try Analysis.checkWritable(output)
        let options = NetworkOptions(activation: activation, normalization: norm)
        var settings = TrainingConfiguration(model: model + options.suffix, data: try DataSpecification(data))
        settings.loss = try loss.map { try Loss(specification: $0) }
        try standardization.apply(to: &settings)
        settings.precision = precision
        let (checkpoint, notes) = try TrainedModel.importWeights(file, settings, tool: Software.name)
        try checkpoint.write(to: output)
        if !general.quiet { for note in notes { Progress.say(note) } }
        if general.json {
            try StandardOutput.print(
                JSONValue.object([
                    ("command", .string("import")), ("checkpoint", .string(output)),
                    ("model", .string(checkpoint.metadata.model)),
                    ("data", .string(checkpoint.metadata.data.specification)),
                    ("loss_function", .string(checkpoint.metadata.loss)),
                    ("parameters", .integer(checkpoint.parameterCount)), ("operators", .array([])),
                    ("notes", .array(notes.map { .string($0) })),
                ]).text)
        } else {
            try StandardOutput.print(
                "\(output): \(checkpoint.metadata.model), \(checkpoint.parameterCount) parameters from \(file), loss \(checkpoint.metadata.loss)"
            )
        }
    }
}
