import ArgumentParser
import Landscape

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a checkpoint's weights and buffers under PyTorch's names and in its layout.",
        discussion: "model.load_state_dict(safetensors.torch.load_file(FILE)) takes them over in Python.")

    @Argument(help: "The checkpoint.", completion: .file()) var checkpoint = "ckpt.bin"
    @Option(name: .customShort("o"), help: "Where to: a name that ends in .safetensors or .npz.") var output: String
    @OptionGroup var general: GeneralOptions

    func validate() throws {
        guard WeightFormat(path: output) != nil else {
            throw ValidationError("-o \(output): expected a name that ends in \(WeightFormat.endings)")
        }
    }

    func run() throws {
        general.prepare()
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
