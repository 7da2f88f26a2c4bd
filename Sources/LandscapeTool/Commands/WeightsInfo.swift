import Foundation
import Landscape

/// What `info` shows of weights that are no checkpoint yet: tensors, what stands beside them, and the configuration of the folder.
struct WeightsInfo {
    let path: String
    let weights: StateDictionary
    let configuration: JSONValue?
    let adapter: JSONValue?

    /// Whether a path is that of a file or an index of weights that this program did not write.
    static func isWeights(_ path: String) -> Bool {
        switch FileKind.of(path) {
        case .pyTorch, .npz: true
        case .json: path.lowercased().hasSuffix(".json")
        case .safetensors:
            if let file = try? SafetensorsFile(path) { !CheckpointSummary.isCheckpoint(file) } else { false }
        default: false
        }
    }

    init(_ path: String) throws {
        self.path = path
        weights = try StateDictionary.read(path)
        let folder = RandomAccessFile.isFolder(path) ? path : FilePath.folder(of: path)
        let place = folder.isEmpty ? "." : folder
        configuration = try StateDictionary.configuration(in: place)
        adapter = try StateDictionary.configuration(in: place, "adapter_config.json")
    }

    func print(_ general: GeneralOptions) throws {
        let tensors = weights.tensors
        let count = tensors.reduce(0) { $0 + $1.array.count }
        let json = JSONValue.object([
            ("command", .string("info")), ("weights", .string(path)), ("parameters", .integer(count)),
            ("key", weights.key.map { .string($0) } ?? .null),
            (
                "tensors",
                .array(
                    tensors.map {
                        .object([
                            ("name", .string($0.name)), ("shape", .array($0.array.shape.map { .integer($0) })),
                            ("type", .string($0.array.type.rawValue)),
                        ])
                    })
            ),
            ("settings", .object(weights.settings.map { ($0.name, .string($0.value)) })),
            ("config", configuration ?? .null), ("adapter_config", adapter ?? .null),
        ])
        var lines = ["\(path): \(tensors.count) tensors of \(count) numbers, no checkpoint yet"]
        if let key = weights.key { lines.append("key         \(key.shown)") }
        for (title, config) in [("config      ", configuration), ("adapter     ", adapter)] {
            if let config { lines.append(title + Self.summary(config)) }
        }
        lines += weights.settings.map { "setting     \($0.name) = \($0.value)" }
        lines += tensors.map {
            let name = $0.name.printable
            return
                "  \(name.padding(toLength: max(36, name.count), withPad: " ", startingAt: 0)) \($0.array.type.rawValue) \($0.array.shape)"
        }
        lines.append(
            "to measure it: landscape import \(path) --model \(configuration == nil && adapter == nil ? "M" : "model.onnx") --data D"
                + (configuration == nil && adapter == nil
                    ? "" : "; the graph comes from torch.onnx.export(…, optimize=False)"))
        try general.print(json, lines)
    }

    /// The kind of model and its sizes: the configuration's text and whole numbers.
    private static func summary(_ config: JSONValue) -> String {
        guard case .object(let members) = config else { return "no object" }
        let first = ["model_type", "architectures", "peft_type", "base_model_name_or_path"]
        func text(_ value: JSONValue) -> String? {
            switch value {
            case .string(let text): text.shown
            case .integer(let number): String(number)
            case .array(let values) where !values.isEmpty:
                values.prefix(8).map { $0.string?.shown ?? $0.text.shown }.joined(separator: "+")
            default: nil
            }
        }
        let named = first.compactMap { key in members.first { $0.key == key } }
        let sizes = members.filter { member in
            !first.contains(member.key)
                && (["torch_dtype", "dtype", "target_modules"].contains(member.key) || (member.value.int ?? 0) > 0)
        }
        return (named + sizes.prefix(24)).compactMap { member in
            text(member.value).map { "\(member.key.shown) \($0)" }
        }.joined(separator: ", ")
    }
}
