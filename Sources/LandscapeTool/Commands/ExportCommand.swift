import ArgumentParser
import Landscape

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a checkpoint's weights and buffers under PyTorch's names and in its layout.",
        discussion: "model.load_state_dict(safetensors.torch.load_file(FILE)) takes them over in Python.")

    /// What weights can be written as.
    enum Format: String, CaseIterable { case safetensors, npz }

    @Argument(help: "The checkpoint.", completion: .file()) var checkpoint = "ckpt.bin"
    @Option(name: .customShort("o"), help: "Where to: a name that ends in .safetensors or .npz.") var output: String
    @OptionGroup var general: GeneralOptions

    private var format: Format? {
        Format.allCases.first { output.lowercased().hasSuffix(".\($0.rawValue)") }
    }

    func validate() throws {
        guard format != nil else {
            throw ValidationError("-o \(output): expected a name that ends in .safetensors or .npz")
        }
    }

    func run() throws {
        general.prepare()
        try OutputFile.checkWritable(output)
        let file = try Checkpoint.read(checkpoint)
        let tensors = file.exchangedTensors
        switch format {
        case .safetensors: try file.weights().write(to: output)
        case .npz, nil: try NPZ.write(tensors.map { ($0.name, .array($0.array)) }, to: output)
        }
        let result = JSONValue.object([
            ("command", .string("export")), ("checkpoint", .string(checkpoint)),
            ("model", .string(file.metadata.model)), ("parameters", .integer(file.parameterCount)),
            ("tensors", .array(tensors.map { .string($0.name) })), ("files", .array([.string(output)])),
        ])
        let line = "\(output): \(tensors.count) tensors of \(file.metadata.model), \(file.parameterCount) parameters"
        try general.print(result, [line])
    }
}
