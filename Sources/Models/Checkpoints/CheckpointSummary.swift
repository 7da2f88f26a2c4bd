import ArrayFiles
import Networks
import ONNX
import Tensors

/// What a checkpoint holds, without its numbers: names, shapes and types of its tensors, and its metadata.
public struct CheckpointSummary: Sendable, Equatable {
    /// θ's tensors, in the model's order.
    public let parameters: [Safetensors.Entry]
    /// What the model keeps but does not train.
    public let buffers: [Safetensors.Entry]
    /// As in `Checkpoint`, without the prefix that the names have in the file.
    public let optimizerState: [Safetensors.Entry]
    /// How the tensors came about.
    public let metadata: CheckpointMetadata
    /// What the numbers' checksum is to be.
    private let digest: String

    /// Which tensor of the file is what, in order.
    struct Roles: Codable {
        var parameters: [String]
        var buffers: [String]
        var optimizer: [String]
    }

    /// Names and shapes of an imported graph's constants that are real numbers, by name; empty for other models.
    ///
    /// - Throws: `ONNXError` where the description of the graph is damaged.
    public var graphConstants: [(name: String, shape: [Int])] {
        get throws {
            guard let description = metadata.other[OperatorGraph.metadataKey] else { return [] }
            let constants = try OperatorGraph(encoded: description).constants.filter { $0.value.kind == .real }
            return constants.sorted { $0.key < $1.key }.map { ($0.key, $0.value.shape) }
        }
    }

    /// Which tensor of the file of weights each tensor is; nil where the checkpoint keeps no such list: it was trained here, has a graph's
    /// own weights, or is of an earlier version.
    ///
    /// - Throws: `CheckpointError.badMetadata` where the list is damaged.
    public var mapping: [TensorMapping]? {
        get throws(CheckpointError) {
            guard let text = metadata.other[TensorMapping.metadataKey] else { return nil }
            return try Checkpoint.decoded(text, TensorMapping.metadataKey, [TensorMapping].self)
        }
    }

    /// The number of parameters P.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

    /// Reads a checkpoint's header and verifies both checksums; the numbers are read for theirs, piece by piece, and not kept.
    ///
    /// - Throws: `FileError` where the file cannot be read, is no checkpoint or is damaged.
    public static func read(_ path: String) throws(FileError) -> CheckpointSummary {
        try Checkpoint.naming(path) { () throws(FileError) in
            let file = try SafetensorsFile(path)
            let summary = try FileError.in(path) { () throws(CheckpointError) in
                try CheckpointSummary(file.entries, file.metadata)
            }
            let digest = try file.digest()
            try FileError.in(path) { () throws(CheckpointError) in try summary.verify(digest) }
            return summary
        }
    }

    /// Whether a safetensors file says that it is a checkpoint of this program, intact or not.
    public static func isCheckpoint(_ file: SafetensorsFile) -> Bool { file.metadata["format"] == Checkpoint.format }

    /// - Parameter digest: of the file's numbers.
    /// - Throws: where it is another than the one that was written with them.
    func verify(_ digest: String) throws(CheckpointError) {
        guard digest == self.digest else { throw .tensorsChanged }
    }

    /// What a file's header says; its checksum is verified, that of the numbers is left to `verify`.
    init(_ entries: [Safetensors.Entry], _ header: [String: String]) throws(CheckpointError) {
        var text = header
        guard text.removeValue(forKey: "format") == Checkpoint.format else { throw .notACheckpoint(.safetensors) }
        func take(_ key: String) throws(CheckpointError) -> String {
            guard let value = text.removeValue(forKey: key) else { throw .missingMetadata(key) }
            return value
        }
        func integer<Value: FixedWidthInteger>(_ key: String, _ type: Value.Type) throws(CheckpointError) -> Value {
            let word = try take(key)
            guard let value = Value(word), value >= 0 else {
                throw .badMetadata(key, "found '\(word.prefix(40))', expected a whole number from 0")
            }
            return value
        }
        func decoded<Value: Decodable>(_ key: String, _ type: Value.Type) throws(CheckpointError) -> Value {
            try Checkpoint.decoded(try take(key), key, type)
        }
        let version = try take("version")
        guard version == String(Checkpoint.version) else { throw .unknownVersion(String(version.prefix(40))) }
        guard try take("header_sha256") == Checkpoint.headerDigest(entries, header) else { throw .headerChanged }
        digest = try take("sha256")

        let roles = try decoded("tensors", Roles.self)
        let word = try take("precision")
        guard let precision = Precision(rawValue: word) else {
            throw .badMetadata("precision", "found '\(word.prefix(40))', expected float or double")
        }
        let name = try take("model")
        let loss = try take("loss")
        let seed = try integer("seed", UInt64.self)
        let step = try integer("step", Int.self)
        let epoch = try integer("epoch", Int.self)
        let data = try decoded("data", DataRecord.self)
        if let contradiction = data.contradiction {
            throw .badMetadata("data", "found \(contradiction)")
        }
        let history = try decoded("history", [EpochRecord].self)
        var training: TrainingRecord?
        if text["training"] != nil { training = try decoded("training", TrainingRecord.self) }
        // An imported graph's name is the file's own.
        let model =
            text[OperatorGraph.metadataKey] == nil
            ? NetworkOptions.effective(name, tensors: roles.parameters) : name
        let tool = text.removeValue(forKey: "tool")
        let created = text.removeValue(forKey: "created")
        metadata = CheckpointMetadata(
            model: model, loss: loss, precision: precision, seed: seed, step: step, epoch: epoch, data: data,
            training: training, history: history, tool: tool, created: created, other: text)

        var left = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0) })
        func take(_ names: [String], prefix: String = "") throws(CheckpointError) -> [Safetensors.Entry] {
            var result: [Safetensors.Entry] = []
            for name in names {
                guard let entry = left.removeValue(forKey: prefix + name) else {
                    throw .tensorMissing(prefix + name, found: entries.map(\.name))
                }
                result.append(entry.renamed(name))
            }
            return result
        }
        parameters = try take(roles.parameters)
        buffers = try take(roles.buffers)
        optimizerState = try take(roles.optimizer, prefix: Checkpoint.optimizerPrefix)
        if let extra = left.keys.min() { throw .unexpectedTensor(extra, model: model) }
        if let tensor = parameters.first(where: { !$0.type.isFloatingPoint }) {
            throw .badMetadata("tensors", "parameter '\(tensor.name)' holds integers, expected real numbers")
        }
    }
}
