import ArgumentParser
import Foundation
import Landscape

struct InfoCommand: SharedCommand {
    static let configuration = CommandConfiguration(
        "info",
        "Shows model, data, training and tensors of a checkpoint, and verifies its checksum; or what a file or folder of weights holds; or where a result or picture comes from.",
        examples: [
            "landscape info",
            "landscape info model.bin --mapping",
            "landscape info --mpi",
        ])
    @Argument(help: "The checkpoint; or weights that were not imported yet.", completion: .file()) var checkpoint =
        "ckpt.bin"
    @Flag(help: "List which tensor of the imported file each tensor is, and by what evidence.") var mapping = false
    @Flag(help: "Show which launcher started this process, and which MPI library there is.") var mpi = false
    @OptionGroup var general: GeneralOptions

    /// A team is there to be shown alone.
    var isShared: Bool { mpi }

    func validate() throws {
        if mpi, mapping { throw ValidationError("--mpi and --mapping: expected one of them") }
    }

    /// Where a result comes from, and whether its checkpoints are still the same.
    private func print(_ result: SavedProvenance) throws {
        guard !general.json, general.keys.isEmpty else { return try general.print(result.json, []) }
        try Terminal.standard.print { _ in result.lines.map { PrintedLine($0) } }
    }

    func run() throws {
        if mpi {
            if let threads = general.threads { Threads.count = threads }
            let found = MPIInfo()
            return try general.print(found.json, found.lines)
        }
        if let result = try SavedProvenance.read(checkpoint) { return try print(result) }
        if RandomAccessFile.isFolder(checkpoint) || WeightsInfo.isWeights(checkpoint) {
            return try WeightsInfo(checkpoint).print(general)
        }
        let file = try CheckpointSummary.read(checkpoint)
        let metadata = file.metadata
        let constants = try file.graphConstants
        let matched = try file.mapping
        if general.json || !general.keys.isEmpty {
            func tensors(_ group: [Safetensors.Entry], _ role: String) -> [JSONValue] {
                group.map {
                    .object([
                        ("name", .string($0.name)), ("shape", .array($0.shape.map { .integer($0) })),
                        ("type", .string($0.type.rawValue)),
                        ("role", .string(role)),
                    ])
                }
            }
            try general.print(
                JSONValue.object(
                    [
                        ("command", .string("info")), ("checkpoint", .string(checkpoint)),
                        ("model", .string(metadata.model)),
                        ("data", .string(metadata.data.specification)),
                        ("seed", .integer(Int(truncatingIfNeeded: metadata.seed))),
                        ("precision", .string(metadata.precision.rawValue)), ("loss_function", .string(metadata.loss)),
                        ("parameters", .integer(file.parameterCount)),
                        (
                            "tensors",
                            .array(
                                tensors(file.parameters, "parameter") + tensors(file.buffers, "buffer")
                                    + tensors(file.optimizerState, "optimizer")
                                    + constants.map { name, shape in
                                        .object([
                                            ("name", .string(name)),
                                            ("shape", .array(shape.map { .integer($0) })),
                                            ("type", .string("F64")), ("role", .string("constant")),
                                        ])
                                    })
                        ),
                        (
                            "metadata",
                            .object([
                                ("step", .integer(metadata.step)), ("epoch", .integer(metadata.epoch)),
                                ("tool", metadata.tool.map { .string($0) } ?? .null),
                                ("data", try JSONValue(encoding: metadata.data)),
                                ("training", try metadata.training.map { try JSONValue(encoding: $0) } ?? .null),
                                ("history", try JSONValue(encoding: metadata.history)),
                            ])
                        ),
                    ] + (mapping ? [("mapping", try matched.map { try JSONValue(encoding: $0) } ?? .null)] : [])), [])
            return
        }
        if mapping {
            return try Terminal.standard.print { _ in Self.lines(matched).map { PrintedLine($0) } }
        }
        try Terminal.standard.print(
            line: "\(checkpoint): \(metadata.model), \(file.parameterCount) parameters, checksum verified")
        try Terminal.standard.print(
            line:
                "data        \(metadata.data.specification), \(metadata.data.trainingExamples) training examples of \(Self.shapes(metadata.data))"
        )
        try Terminal.standard.print(
            line: "loss        \(metadata.loss), \(metadata.precision.rawValue), seed \(metadata.seed)")
        if let training = metadata.training {
            let settings = training.settings.filter {
                ["lr", "momentum", "weight-decay", "rho", "batch-size"].contains($0.key)
            }
            let words = settings.sorted { $0.key < $1.key }.map { "\($0.key) \(Format.short($0.value))" }.joined(
                separator: ", ")
            try Terminal.standard.print(
                line: "training    \(training.optimizer), \(words); epoch \(metadata.epoch), step \(metadata.step)")
            if let kind = training.derivation {
                try Terminal.standard.print(
                    line:
                        "weights     \(kind): made of the training's; losses of its epochs are those of its own weights"
                )
            }
        } else {
            try Terminal.standard.print(line: "training    none recorded (imported)")
        }
        if let last = metadata.history.last {
            try Terminal.standard.print(
                line:
                    "last epoch  train loss \(Format.number(last.trainLoss)), test loss \(Format.number(last.testLoss)), test accuracy \(last.testAccuracy.map(Format.percent) ?? "–")"
            )
        }
        for (role, group) in [
            ("parameter", file.parameters), ("buffer", file.buffers), ("optimizer", file.optimizerState),
        ] {
            for tensor in group {
                try Terminal.standard.print(
                    line:
                        "  \(tensor.name.padding(toLength: max(36, tensor.name.count), withPad: " ", startingAt: 0)) \(tensor.type.rawValue) \(tensor.shape)  \(role)"
                )
            }
        }
        if !constants.isEmpty {
            try Terminal.standard.print(
                line: "  \(constants.count) constants of real numbers, no part of θ: \(constants.map(\.name).shown)")
        }
    }

    /// The model's tensors, the file's, shapes in the file and evidence, in columns.
    private static func lines(_ mapping: [TensorMapping]?) -> [String] {
        guard let mapping else {
            return [
                "the checkpoint keeps no mapping: its weights come from no other file, or an earlier version imported it"
            ]
        }
        func padded(_ words: [String]) -> [String] {
            let width = words.map(\.count).max() ?? 0
            return words.map { $0.padding(toLength: max(width, $0.count), withPad: " ", startingAt: 0) }
        }
        let own = padded(mapping.map(\.tensor.printable)), theirs = padded(mapping.map(\.source.printable))
        let shapes = padded(mapping.map { $0.shape.shown + ($0.isTransposed ? " transposed" : "") })
        return mapping.indices.map { "\(own[$0]) ← \(theirs[$0])  \(shapes[$0])  by \(mapping[$0].evidence)" }
    }

    /// The shape of an example, of each of its arrays by name where there are several.
    private static func shapes(_ data: DataRecord) -> String {
        guard let inputs = data.inputs else { return "shape \(data.exampleShape)" }
        return inputs.map { "\($0.name) \($0.shape)" }.joined(separator: ", ")
    }
}
