import ArgumentParser
import Foundation
import Landscape

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        "import", "Makes a checkpoint of an ONNX model, or of PyTorch weights and their --model.",
        remark: "Afterwards, compare the loss of 'landscape evaluate' with PyTorch's.",
        examples: [
            "landscape import model.onnx --data npz:data.npz -o model.bin",
            "landscape import epoch_*.pt --model model.onnx --data npz:data.npz -o run/",
        ])

    @Argument(
        help:
            "An ONNX model, or weights in PyTorch's layout: .safetensors, .npz, .pt, .pth, .th, .ckpt or .bin, an index of shards, or a folder of Hugging Face's.",
        completion: .file(extensions: ["onnx", "safetensors", "pt", "pth", "th", "npz", "ckpt", "bin", "json"]))
    var files: [String]
    @Option(
        help: ArgumentHelp(
            "The network of the weights: an .onnx file, or \(Architecture.names). Not for an ONNX model.",
            valueName: "network"),
        completion: .file(extensions: ["onnx"]))
    var model: String?
    @Option(
        help: ArgumentHelp(
            "A PEFT adapter, its file or folder, whose weights are laid over those of FILE. For an .onnx graph of the adapted model.",
            valueName: "path"),
        completion: .file())
    var adapter: String?
    @Option(
        help: ArgumentHelp(
            "Which number in the names is the step, where -o is a folder: N, among any text (*), such as 'epoch=N-*' (default: the number in which the names differ).",
            valueName: "pattern")
    )
    var step: String?
    @Option(help: ArgumentHelp("Data to measure on: \(DataSpecification.forms).", valueName: "specification")) var data:
        String
    @Option(
        name: .customShort("o"),
        help: .file("The checkpoint to write; or a folder, for the checkpoints of a training."), completion: .file())
    var output = "ckpt.bin"
    @OptionGroup var loss: LossOptions
    @Option(
        help: ArgumentHelp(
            "The array of targets, for data with named arrays (default: labels, targets or y).", valueName: "name"))
    var target: String?
    @Option(
        help: ArgumentHelp(
            "The output of an .onnx graph that the loss is computed of; with --loss output, the one through which alone parameters reach the loss.",
            valueName: "name")
    )
    var prediction: String?
    @Option(
        help: ArgumentHelp(
            "With --loss output: examples of a batch, where the loss is no mean over examples.", valueName: "examples"))
    var batchSize: Int?
    @Option(help: .activation) var activation: NetworkOptions.Activation?
    @Option(help: .norm) var norm: NetworkOptions.Normalization?
    @Option(
        help: ArgumentHelp(
            "Precision in which the weights are stored (default: the precision that they came in, half precision as float).",
            valueName: "type")
    )
    var precision: Precision?
    @Option(
        help: ArgumentHelp(
            "Take the tensors of this name or pattern as θ, such as 'layer4.*'. For .onnx graphs. Repeatable.",
            valueName: "pattern"))
    var parameters: [String] = []
    @Option(
        help: ArgumentHelp(
            "Keep the tensors of this name or pattern out of θ. For .onnx graphs. Repeatable.", valueName: "pattern"))
    var freeze: [String] = []
    @Flag(
        help:
            "Refuse an .onnx graph whose parameters are not the module's: exporters fold layers and merge tensors.")
    var strict = false
    @OptionGroup var standardization: StandardizationOptions
    @OptionGroup var general: GeneralOptions

    /// Whether -o is a folder, for many checkpoints.
    private var isSeries: Bool { output.hasSuffix("/") || RandomAccessFile.isFolder(output) }

    func run() throws {
        try ResultKeys.imported.check(general.keys)
        general.prepare("reading")
        if let batchSize, batchSize < 1 { throw UnusableRequest("--batch-size \(batchSize): expected 1 or more") }
        if isSeries {
            try FilePath.makeFolder(output)
            try OutputFile.checkWritable((output as NSString).appendingPathComponent("checkpoint.bin"))
        } else {
            try OutputFile.checkWritable(output)
            guard files.count == 1 else {
                throw UnusableRequest(
                    "found \(files.count) files and -o \(output), expected a folder for their checkpoints: -o run/")
            }
            if step != nil { throw UnusableRequest("--step is for many checkpoints; expected a folder: -o run/") }
            let checkpoints = ImportSeries.checkpoints(in: files[0])
            guard checkpoints == 0 else {
                throw UnusableRequest(
                    "\(files[0]) holds the weights of \(checkpoints) checkpoint\(checkpoints == 1 ? "" : "s"), and -o \(output) is one file; name one of them, or a folder for all: -o run/"
                )
            }
        }
        let file = files[0]
        let isGraph = Self.isGraph(file)
        if isGraph, model != nil || adapter != nil {
            throw UnusableRequest("--model and --adapter are for weights; \(file) is a whole model")
        }
        if isGraph, isSeries { throw UnusableRequest("\(file) is one model; expected -o with the name of a file") }
        if isGraph { return try importGraph(file, weights: nil) }
        guard let model else {
            try ModelImport.checkImportable(file)
            throw UnusableRequest(
                "--model is missing: \(file) holds weights only; name their model, or the .onnx file of their graph")
        }
        if Self.isGraph(model) { return try importGraph(model, weights: file) }
        guard adapter == nil else {
            throw UnusableRequest("--adapter is for .onnx graphs of the adapted model; found --model \(model)")
        }
        guard parameters.isEmpty, freeze.isEmpty, !strict else {
            throw UnusableRequest("--parameters, --freeze and --strict are for .onnx graphs; found --model \(model)")
        }
        guard prediction == nil, batchSize == nil else {
            throw UnusableRequest("--prediction and --batch-size are for .onnx graphs; found --model \(model)")
        }
        let options = NetworkOptions(activation: activation, normalization: norm)
        try run(.weights(file, of: model + options.suffix))
    }

    /// Whether a path is that of an ONNX model: by its content, and by its name where that tells nothing.
    private static func isGraph(_ path: String) -> Bool {
        switch FileKind.of(path) {
        case .onnx: true
        case nil, .other, .zip, .savedModel, .tensorFlowGraph: path.lowercased().hasSuffix(".onnx")
        default: false
        }
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
        settings.loss = try loss.choice()
        settings.labelSmoothing = loss.labelSmoothing
        (settings.target, settings.prediction, settings.batchSize) = (target, prediction, batchSize)
        settings.standardization = try standardization.choice
        settings.precision = precision
        settings.adapter = adapter
        (settings.parameters, settings.frozen) = (parameters, freeze)
        settings.isStrict = strict
        settings.tool = Software.name
        if isSeries { return try runSeries(settings) }
        let file = files[0]
        let imported = try settings.run()
        let checkpoint = imported.checkpoint
        try OutputFile.write(output) { try checkpoint.write(to: $0) }
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

    /// The checkpoints of a training.
    private func runSeries(_ settings: ModelImport) throws {
        let folder = output.count > 1 && output.hasSuffix("/") ? String(output.dropLast()) : output
        let series = try ImportSeries(files, pattern: step, to: folder)
        for path in series.ignored { general.remark("\(path) is left out: its name has no step like the others") }
        var notes: [String] = [], rows: [JSONValue] = [], lines: [String] = []
        do {
            try series.run(settings, monitor: general.monitor) { member, imported in
                for note in imported?.notes ?? [] where !notes.contains(note) {
                    notes.append(note)
                    general.remark(note)
                }
                rows.append(
                    .object([
                        ("checkpoint", .string(member.output)), ("weights", .string(member.path)),
                        ("step", .integer(member.step)),
                    ]))
                lines.append(
                    "\(member.output): step \(member.step) from \(member.path)\(imported == nil ? ", as it was" : "")")
            }
        } catch is CancellationError {
            throw Interruption(
                advice:
                    "\(rows.count) of \(series.members.count) checkpoints are in \(output); run the command again to go on"
            )
        } catch var interruption as Interruption {
            interruption.advice =
                "\(rows.count) of \(series.members.count) checkpoints are in \(output); run the command again to go on"
            throw interruption
        }
        Terminal.standard.clear()
        let result = JSONValue.object([
            ("command", .string("import")), ("folder", .string(output)), ("checkpoints", .array(rows)),
            ("notes", .array(notes.map { .string($0) })),
        ])
        try general.print(result, lines)
    }
}
