import ArrayFiles
import Foundation
import Tensors

extension Checkpoint {
    /// The file's `format`, by which it is told from other safetensors files.
    static let format = "landscape-checkpoint"
    /// The version that this program writes, and the highest that it reads.
    static let version = 1
    static let optimizerPrefix = "optimizer."

    /// Which tensor of the file is what, in order.
    private struct Roles: Codable {
        var parameters: [String]
        var buffers: [String]
        var optimizer: [String]
    }

    /// Reads a checkpoint and verifies both checksums.
    public static func read(_ path: String, limit: Int = FileContent.defaultLimit) throws(FileError) -> Checkpoint {
        try FileContent.parse(path, limit: limit) { (bytes) throws(CheckpointError) in try Checkpoint(bytes) }
    }

    /// Replaces the file at `path`, atomically.
    public func write(to path: String) throws(FileError) {
        let file: Safetensors
        do {
            file = try safetensors()
        } catch {
            throw .malformed(path: path, problem: error)
        }
        try file.write(to: path)
    }

    /// The bytes of the file; equal checkpoints give equal bytes.
    public func encoded() throws(CheckpointError) -> [UInt8] { try safetensors().encoded() }

    public init(_ bytes: [UInt8]) throws(CheckpointError) {
        let file: Safetensors
        do {
            file = try Safetensors(bytes)
        } catch {
            throw .container(error)
        }
        try self.init(file)
    }

    /// The checkpoint that an already parsed safetensors file holds.
    public init(_ file: Safetensors) throws(CheckpointError) {
        var text = file.metadata
        guard text.removeValue(forKey: "format") == Self.format else { throw .notACheckpoint }
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
            try Self.decoded(try take(key), key, type)
        }
        let version = try take("version")
        guard version == String(Self.version) else { throw .unknownVersion(String(version.prefix(40))) }
        guard try take("header_sha256") == Self.headerDigest(file.tensors, file.metadata) else {
            throw .headerChanged
        }
        guard try take("sha256") == file.digest else { throw .tensorsChanged }

        let roles = try decoded("tensors", Roles.self)
        let word = try take("precision")
        guard let precision = Precision(rawValue: word) else {
            throw .badMetadata("precision", "found '\(word.prefix(40))', expected float or double")
        }
        let model = try take("model")
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
        let tool = text.removeValue(forKey: "tool")
        let created = text.removeValue(forKey: "created")
        metadata = CheckpointMetadata(
            model: model, loss: loss, precision: precision, seed: seed, step: step, epoch: epoch, data: data,
            training: training, history: history, tool: tool, created: created, other: text)

        var left = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.array) })
        func tensors(_ names: [String], prefix: String = "") throws(CheckpointError) -> [Tensor] {
            var result: [Tensor] = []
            for name in names {
                guard let array = left.removeValue(forKey: prefix + name) else {
                    throw .tensorMissing(prefix + name, found: file.tensors.map(\.name))
                }
                result.append(Tensor(name: name, array: array))
            }
            return result
        }
        parameters = try tensors(roles.parameters)
        buffers = try tensors(roles.buffers)
        optimizerState = try tensors(roles.optimizer, prefix: Self.optimizerPrefix)
        if let extra = left.keys.min() { throw .unexpectedTensor(extra, model: model) }
        if let tensor = parameters.first(where: { !$0.array.type.isFloatingPoint }) {
            throw .badMetadata("tensors", "parameter '\(tensor.name)' holds integers, expected real numbers")
        }
    }

    /// The safetensors file of this checkpoint.
    public func safetensors() throws(CheckpointError) -> Safetensors {
        var text = metadata.other
        text["format"] = Self.format
        text["version"] = String(Self.version)
        text["model"] = metadata.model
        text["loss"] = metadata.loss
        text["precision"] = metadata.precision.rawValue
        text["seed"] = String(metadata.seed)
        text["step"] = String(metadata.step)
        text["epoch"] = String(metadata.epoch)
        text["data"] = try Self.encoded(metadata.data, "data")
        text["history"] = try Self.encoded(metadata.history, "history")
        text["training"] = try metadata.training.map { (record) throws(CheckpointError) in
            try Self.encoded(record, "training")
        }
        text["tool"] = metadata.tool
        text["created"] = metadata.created
        text["tensors"] = try Self.encoded(
            Roles(
                parameters: parameters.map(\.name), buffers: buffers.map(\.name),
                optimizer: optimizerState.map(\.name)), "tensors")
        let state = optimizerState.map { Tensor(name: Self.optimizerPrefix + $0.name, array: $0.array) }
        do {
            let plain = try Safetensors(tensors: parameters + buffers + state)
            text["sha256"] = plain.digest
            text["header_sha256"] = Self.headerDigest(plain.tensors, text)
            return try Safetensors(tensors: plain.tensors, metadata: text)
        } catch {
            throw .container(error)
        }
    }

    private static let sourceNamesKey = "source_names", sourceAxesKey = "source_filter_axes"

    /// Entries of the metadata that keep how tensors were in the file that they came from, by their names here.
    ///
    /// - Parameters:
    ///   - names: what they were called there, where that differs.
    ///   - filterAxes: the axis there that comes first here, where it is another than the first.
    public static func source(
        names: [String: String], filterAxes: [String: Int] = [:]
    ) throws(CheckpointError) -> [String: String] {
        var entries: [String: String] = [:]
        if !names.isEmpty { entries[sourceNamesKey] = try encoded(names, sourceNamesKey) }
        if !filterAxes.isEmpty { entries[sourceAxesKey] = try encoded(filterAxes, sourceAxesKey) }
        return entries
    }

    /// Parameters and buffers under the names, and with the axes, that they came with, so that the program that wrote them reads them
    /// again.
    public var exchangedTensors: [Tensor] {
        func entry<Value: Decodable>(_ key: String) -> [String: Value] {
            metadata.other[key].flatMap { try? Self.decoded($0, key, [String: Value].self) } ?? [:]
        }
        let own = parameters + buffers, axes: [String: Int] = entry(Self.sourceAxesKey)
        var names: [String: String] = entry(Self.sourceNamesKey)
        if Set(own.map { names[$0.name] ?? $0.name }).count < own.count { names = [:] }
        return own.map { tensor in
            Tensor(
                name: names[tensor.name] ?? tensor.name,
                array: axes[tensor.name].flatMap { tensor.array.movingFirstAxis(to: $0) } ?? tensor.array)
        }
    }

    /// Parameters and buffers alone, as other programs exchange weights. `format: pt` is what PyTorch's readers look for.
    public func weights() throws(FileError) -> Safetensors {
        do {
            return try Safetensors(tensors: exchangedTensors, metadata: ["format": "pt"])
        } catch {
            throw .malformed(path: "the checkpoint", problem: error)
        }
    }

    /// SHA-256 of what the tensors' digest does not cover: names, types, shapes and the other metadata.
    package static func headerDigest(_ tensors: [Tensor], _ metadata: [String: String]) -> String {
        var lines = tensors.map { "\($0.name)\0\($0.array.type.rawValue)\0\($0.array.shape)" }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != "header_sha256" {
            lines.append("\(key)\0\(value)")
        }
        return SHA256.hexadecimal(Array(lines.joined(separator: "\0\0").utf8))
    }

    private static func encoded(_ value: some Encodable, _ key: String) throws(CheckpointError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw .badMetadata(key, "it cannot be written as JSON")
        }
    }

    private static func decoded<Value: Decodable>(
        _ text: String, _ key: String, _ type: Value.Type
    ) throws(CheckpointError) -> Value {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do {
            return try decoder.decode(type, from: Data(text.utf8))
        } catch let error as DecodingError {
            throw .badMetadata(key, Self.reason(error))
        } catch {
            throw .badMetadata(key, "it is no JSON")
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty ? "" : " at " + path.map(\.stringValue).joined(separator: ".")
        }
        return switch error {
        case .keyNotFound(let key, let context): "there is no '\(key.stringValue)'" + place(context.codingPath)
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "a value of the wrong kind" + place(context.codingPath)
        default: "it is no JSON"
        }
    }
}
