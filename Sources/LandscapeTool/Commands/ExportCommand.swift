import ArgumentParser
import Landscape

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        "export", "Writes the weights and buffers of a checkpoint for PyTorch.",
        remark: "In Python, load them with model.load_state_dict(safetensors.torch.load_file(FILE)).",
        examples: [
            "landscape export model.bin -o weights.safetensors",
            "landscape export -o weights.npz",
        ])

    @Argument(help: "The checkpoint.", completion: .file()) var checkpoint = "ckpt.bin"
    @Option(name: .customShort("o"), help: .file("The file to write: .safetensors or .npz."), completion: .file())
    var output: String
    @OptionGroup var general: GeneralOptions

    func validate() throws {
        guard WeightFormat(path: output) != nil else {
            throw ValidationError("-o \(output): expected a name that ends in \(WeightFormat.endings)")
        }
    }

    func run() throws {
        try ResultKeys.exported.check(general.keys)
        general.prepare("reading")
        try OutputFile.checkWritable(output)
        let file = try Checkpoint.read(checkpoint)
        let tensors = try file.exportWeights(to: output)
        let result = JSONValue.object([
            ("command", .string("export")), ("checkpoint", .string(checkpoint)),
            ("model", .string(file.metadata.model)), ("parameters", .integer(file.parameterCount)),
            ("tensors", .array(tensors.map { .string($0) })), ("files", .array([.string(output)])),
        ])
        let line = "\(output): \(tensors.count) tensors of \(file.metadata.model), \(file.parameterCount) parameters"
        try general.print(result, [line])
    }
}
